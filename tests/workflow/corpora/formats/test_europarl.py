"""Raw text in two languages, as Europarl has it."""

import hashlib
import os

import pytest

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.europarl import GermanEnglish


@pytest.fixture
def read(tmp_path):
    def read(source, target):
        paths = [tmp_path / "a.de", tmp_path / "a.en"]
        for path, text in zip(paths, (source, target), strict=True):
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return GermanEnglish().read(*paths)

    return read


def test_format_is_found():
    assert formats()["europarl-de-en"] is GermanEnglish
    assert GermanEnglish.task == "alignment"


@pytest.mark.parametrize(
    ("source", "target", "expected"),
    [
        ("Ja, Herr Dr. Fritz!", "Yes.", (["Ja", ",", "Herr", "Dr.", "Fritz", "!"], ["Yes", "."])),
        ("z.B. 3,5 %", "Mr. Fritz's", (["z.B.", "3,5", "%"], ["Mr.", "Fritz", "'s"])),
        ("A & B", "<b> [x]", (["A", "&", "B"], ["<", "b", ">", "[", "x", "]"])),
        ("", "x", ([], ["x"])),
        (" \t\u00a0", "x", ([], ["x"])),
        ('<SPEAKER ID="1" NAME="x">', " <P>", ([], [])),
        ("a\u00a0b\x01c\x0bd", "e\u2028f", (["a", "bc", "d"], ["e", "f"])),
    ],
)
def test_words(read, source, target, expected):
    pairs = read(f"{source}\n", f"{target}\n")
    assert [(line, (s, t), links) for line, s, t, links in pairs] == [(1, expected, [])]


def test_what_it_tells(read):
    pairs = read("ja\nnein\n", "yes\nno\n")
    assert list(pairs) == list(pairs)
    assert [pair.line for pair in pairs] == [1, 2]
    sha256 = [hashlib.sha256(text).hexdigest() for text in (b"ja\nnein\n", b"yes\nno\n")]
    assert pairs.sha256 == tuple(sha256)
    assert [os.path.basename(path) for path in pairs.paths] == ["a.de", "a.en"]
    assert pairs.about["tokenizer"].startswith("sacremoses 0.")


@pytest.mark.parametrize(
    ("source", "target", "line", "said"),
    [
        ("ja\nnein\n", "yes\n", 2, "a.en has only 1 lines where this file has 2"),
        ("ja\n", b"yes\xe9\n", 1, "byte 0xe9 is not UTF-8"),
    ],
)
def test_broken_files(read, source, target, line, said):
    with pytest.raises(CorpusError, match=said) as caught:
        list(read(source, target))
    assert caught.value.line == line
