"""The reader of CoNLL-U."""

import pytest

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.conllu import Conllu


def token(number, form, upos="_", xpos="_"):
    return "\t".join([number, form, "_", upos, xpos, *["_"] * 5]) + "\n"


EXAMPLE = (
    "# sent_id = 1\n# text = Vámonos al mar\n"
    + token("1-2", "Vámonos")
    + token("1", "Vamos", "VERB", "V")
    + token("2", "nos", "PRON")
    + token("2.1", "nada", "X")
    + token("3", "a el", "_", "P")
    + "\n\n# nothing but comments\n\n"
    + token("1", "#", "SYM")
)


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "a.conllu"
        path.write_text(text, encoding="utf-8")
        return Conllu().read(path)

    return read


def test_format_is_found():
    assert formats()["conllu"] is Conllu
    assert Conllu.task == "tagging"


def test_example(read):
    corpus = read(EXAMPLE)
    assert corpus.words == ["Vamos", "nos", "a el", "#"]
    assert corpus.tags == ["VERB", "PRON", "P", "SYM"]
    assert corpus.offsets.tolist() == [0, 3, 4]
    assert corpus.offsets.dtype == "int64"


def test_without_tags(read):
    assert read(token("1", "a") + token("2", "b")).tags is None


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("# only comments\n", None, "no sentences: expected lines of 10 columns"),
        (token("1", "a", "X") + "2\tb\tX\n", 2, "3 columns, expected 10"),
        ("1 a X\n", 1, "1 column, expected 10"),
        (token("a", "a", "X"), 1, "'a' in the first column, expected a number"),
        (token("0", "a", "X"), 1, "'0' in the first column"),
        (token("1-", "a", "X"), 1, "'1-' in the first column"),
        (token("1", "", "X"), 1, "an empty column"),
        (token("1", "a", ""), 1, "an empty column"),
        (token("1", "a", "X") + "\n" + token("1", "b"), 3, "word 'b' has no tag, but others have"),
    ],
)
def test_broken_files(read, text, line, said):
    with pytest.raises(CorpusError) as caught:
        read(text)
    assert caught.value.line == line
    assert said in str(caught.value)
