"""Gold links in the Pharaoh format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.lines import TextFile
from staleness.workflow.corpora.pairs import read_links

SOURCE, TARGET = ["a", "b", "c"], ["x", "y"]


@pytest.fixture
def file(tmp_path):
    (tmp_path / "links").write_text("")
    return TextFile(tmp_path / "links")


@pytest.mark.parametrize(
    ("text", "links"),
    [
        ("", []),
        (" \t", []),
        ("0-0 2-1", [(0, 0, True), (2, 1, True)]),
        ("2-1 0-0", [(0, 0, True), (2, 1, True)]),
        ("0?0 1p1", [(0, 0, False), (1, 1, False)]),
        ("0-0 0-0", [(0, 0, True)]),
        ("0?0 0-0 0p0", [(0, 0, True)]),
        ("02-01", [(2, 1, True)]),
    ],
)
def test_links(file, text, links):
    assert read_links(file, 7, text, SOURCE, TARGET) == links


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("0-0 1:1", "'1:1' is no link, expected SOURCE-TARGET, or SOURCE?TARGET if possible"),
        ("0-", "'0-' is no link"),
        ("-1-0", "'-1-0' is no link"),
        ("0-0-0", "'0-0-0' is no link"),
        ("0P0", "'0P0' is no link"),
        ("\u0661-0", "is no link"),
        ("9999999999-0", "is no link"),
        ("3-0", "link 3-0 to word 3 of the source sentence, which has 3: expected positions"),
        ("0-2", "link 0-2 to word 2 of the target sentence, which has 2"),
        ("2?2", "link 2?2 to word 2 of the target sentence"),
    ],
)
def test_broken_links(file, text, said):
    with pytest.raises(CorpusError) as caught:
        read_links(file, 7, text, SOURCE, TARGET)
    assert str(caught.value).startswith(f"{file.path}:7: ")
    assert said in str(caught.value)


links = st.dictionaries(st.tuples(st.integers(0, 2), st.integers(0, 1)), st.booleans())


@given(links, st.sampled_from("?p"), st.randoms())
def test_what_is_written_is_read(expected, possible, random):
    written = [f"{s}{'-' if sure else possible}{t}" for (s, t), sure in expected.items()]
    random.shuffle(written)
    found = read_links(None, 1, " ".join(written), SOURCE, TARGET)
    assert found == sorted(found)
    assert {(s, t): sure for s, t, sure in found} == expected
