"""The Brown Corpus's tags."""

import pytest

from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.brown import Brown, base_tag


@pytest.mark.parametrize(
    ("tag", "base"),
    [
        ("nn", "NN"),
        ("NP-TL", "NP"),
        ("nn-tl-hl", "NN"),
        ("ppss+bev", "PPSS"),
        ("wdt+ber+pp", "WDT"),
        ("fw-in+at-tl", "IN"),
        ("fw-*-tl", "*"),
        ("*", "*"),
        ("*-hl", "*"),
        ("dod*", "DOD"),
        ("md*-hl", "MD"),
        ("wrb+dod*", "WRB"),
        ("pp$$", "PP$$"),
        ("nns$-tl-hl", "NNS$"),
        ("--", "--"),
        ("---hl", "--"),
        (".-hl", "."),
        ("''", "''"),
    ],
)
def test_base_tags(tag, base):
    assert base_tag(tag) == base
    assert base_tag(base) == base


def test_the_reader_reduces_tags(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("\n\tFulton/np-tl isn't/bez* 1/2/cd-tl ./.\n\n")
    corpus = formats()["brown"]().read(path)
    assert corpus.words == ["Fulton", "isn't", "1/2", "."]
    assert corpus.tags == ["NP", "BEZ", "CD", "."]
    assert (Brown.task, Brown.name) == ("tagging", "brown")
