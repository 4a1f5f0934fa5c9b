"""Word-aligned Bibles."""

import json
import os

import pytest

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.clear_bible import ClearBible

# Verse 2 is there only in the source, verse 4 only in the target; word 3 of verse 3 of the target
# belongs to verse 1.
SOURCE = """id\taltId\ttext
n40001001001\t-\tA
n40001001002\t-\tB
n40001002001\t-\tC
n40001003001\t-\tD
"""
TARGET = """id\tsource_verse\ttext\texclude
40001001001\t40001001\tThe\t
40001001002\t40001001\ta\t
40001001003\t40001001\t,\ty
40001003001\t\td\t
40001003002\t40001003\t.\ty
40001003003\t40001001\tb\t
40001004001\t40001004\te\t
"""
RECORDS = [
    {"source": ["n40001001001"], "target": ["40001001001", "40001001002"]},
    {"source": ["n40001001001", "n40001001002"], "target": ["40001003003", "40001001002"]},
    {"source": ["n40001003001"], "target": ["40001003001", "40001001001"]},
]
LINKS = json.dumps({"records": RECORDS}, indent=0)


@pytest.fixture
def read(tmp_path):
    def read(source=SOURCE, target=TARGET, links=LINKS):
        paths = [tmp_path / "source.tsv", tmp_path / "target.tsv", tmp_path / "links.json"]
        for path, text in zip(paths, (source, target, links), strict=True):
            path.write_text(text)
        return ClearBible().read(*paths)

    return read


def test_format_is_found():
    assert formats()["clear-bible"] is ClearBible
    assert ClearBible.task == "alignment"


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_verses(read, end):
    pairs = read(SOURCE.replace("\n", end), TARGET.replace("\n", end))
    first, second = pairs
    assert first == (
        2,
        ["A", "B"],
        ["The", "a", ",", "b"],
        [(0, 0, True), (0, 1, True), (0, 3, True), (1, 1, True), (1, 3, True)],
    )
    assert second == (5, ["D"], ["d", "."], [(0, 0, True)])
    assert pairs.counts == {
        "unpaired_source_verses": 1,
        "unpaired_target_verses": 1,
        "links_across_verses": 1,
    }
    assert list(pairs) == [first, second]


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "said"),
    [
        ("source", "id\taltId", "iid\taltId", 1, "columns iid, altId, text: expected id and text"),
        ("source", SOURCE, "", 1, "expected id and text"),
        ("source", "n40001002001\t-\t", "n40001002001\t-", 4, "2 columns, expected 3 as in"),
        ("source", "n40001002001", "n40001001001", 4, "'n40001001001' is there twice"),
        ("source", "n40001002001", "n4000100200", 4, "'n4000100200' is no token id"),
        ("source", "\tB", "\t", 3, "token n40001001002 is '': expected one word"),
        ("target", "\td\t", "\td d\t", 5, "token 40001003001 is 'd d': expected one word"),
        ("links", '"40001003001"', '"40001003009"', 27, "record 3: '40001003009' is no token"),
        ("links", '"n40001003001"', '"40001003009"', 24, "record 3: '40001003009' is no token"),
        ("links", '"n40001003001"', '"40001003001"', None, "record 3: '40001003001' is no token"),
        ("links", '"n40001003001"', "7", None, "record 3 has no lists of token ids"),
        ("links", '"records"', '"record"', None, "record 1 has no lists of token ids: expected"),
        ("links", LINKS, "[]", None, "record 1 has no lists of token ids"),
        ("links", LINKS, '{"records": [[]]}', None, "record 1 has no lists of token ids"),
        ("links", LINKS, '{"records": [{"source": "a"}]}', None, "record 1 has no lists"),
        ("links", LINKS, '{\n"records": [\n', 2, "not JSON"),
    ],
)
def test_broken_files(read, file, old, new, line, said):
    text = {"source": SOURCE, "target": TARGET, "links": LINKS}[file]
    assert old in text
    with pytest.raises(CorpusError) as caught:
        read(**{file: text.replace(old, new)})
    assert os.path.basename(caught.value.path).startswith(file)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.slow
def test_sblgnt_bsb_over_the_network(tmp_path):
    about = ensure("sblgnt-bsb", data=tmp_path).about
    assert about["counts"]["train"] == {
        "pairs": 7_936,
        "source_tokens": 137_712,
        "target_tokens": 201_030,
        "links": 189_473,
        "skipped_empty": 0,
        "skipped_long": 0,
        "unpaired_source_verses": 3,
        "unpaired_target_verses": 4,
        "links_across_verses": 454,
    }
    assert (about["source_words"], about["target_words"]) == (18_618, 6_815)
    assert about["linked_pairs"] == 7_919
