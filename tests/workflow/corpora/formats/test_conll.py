"""The reader of CoNLL columns."""

import os
import string
import tempfile
import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.conll import Conll

EXAMPLE = """-DOCSTART- -X- -X- O

EU NNP B-NP B-ORG
rejects VBZ B-VP O

Peter NNP B-NP B-PER
Blackburn NNP I-NP I-PER
"""


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "a.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Conll().read(path)

    return read


def one_label_a_line(*labels):
    return "".join(f"w {label}\n" if label else "\n" for label in labels)


def test_format_is_found():
    assert formats()["conll"] is Conll
    assert Conll.task == "ner"


def test_example(read):
    corpus = read(EXAMPLE)
    assert corpus.columns == {
        "word": ["EU", "rejects", "Peter", "Blackburn"],
        "pos": ["NNP", "VBZ", "NNP", "NNP"],
        "chunk": ["B-NP", "B-VP", "B-NP", "I-NP"],
    }
    assert corpus.labels == ["B-ORG", "O", "B-PER", "I-PER"]
    assert corpus.offsets.dtype == np.int64
    assert corpus.offsets.tolist() == [0, 2, 4]
    assert (corpus.scheme, corpus.documents) == ("BIO", 1)


@pytest.mark.parametrize(
    ("line", "columns"),
    [
        ("w O", ["word"]),
        ("w NN O", ["word", "pos"]),
        ("w NN B-NP O", ["word", "pos", "chunk"]),
        ("w NN B-NP 7 more O", ["word", "pos", "chunk"]),
    ],
)
def test_columns_by_their_number(read, line, columns):
    corpus = read(line)
    assert list(corpus.columns) == columns
    assert corpus.labels == ["O"]


@pytest.mark.parametrize(
    "text",
    [
        EXAMPLE.replace("\n", "\r\n"),
        "\ufeff" + EXAMPLE,
        EXAMPLE.replace(" ", "\t"),
        EXAMPLE.replace(" ", " \t "),
        EXAMPLE.replace("\n", " \t\n"),
        EXAMPLE.replace("\n\n", "\n \n\t\n\n"),
        "\n\n" + EXAMPLE + "\n\n\n",
        EXAMPLE.rstrip("\n"),
        EXAMPLE.replace("-DOCSTART- -X- -X- O\n\n", "-DOCSTART-\n"),
        EXAMPLE.replace("\nPeter", "-DOCSTART-\nPeter").replace("-DOCSTART- -X- -X- O", ""),
    ],
)
def test_the_same_corpus_written_otherwise(read, text):
    expected, corpus = read(EXAMPLE), read(text)
    assert corpus.columns == expected.columns
    assert corpus.labels == expected.labels
    assert corpus.offsets.tolist() == expected.offsets.tolist()
    assert corpus.documents == 1


@pytest.mark.parametrize(
    "odd", ["\u00a0", "\u3000", "\u2028", "\u0085", "\x0b", "\x0c", "\x1c", "|"]
)
def test_only_blank_and_tab_separate(read, odd):
    corpus = read(f"a{odd}b O\n{odd} O\n")
    assert corpus.columns["word"] == [f"a{odd}b", odd]


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("w NN O\nw O\n", 2, "2 columns, expected 3, as in line 1"),
        ("w O\n\n\nw\n", 4, "1 column, expected 2, as in line 1"),
        ("w O\nw NN O\n", 2, "3 columns, expected 2"),
        ("-DOCSTART- -X- O\n\nw\n", 3, "1 column, expected at least 2"),
        ("a\u00a0O\n", 1, "1 column, expected at least 2"),
        ("", None, "no sentences"),
        ("\n \n", None, "no sentences"),
        ("-DOCSTART- O\n\n", None, "no sentences"),
        (b"a O\nb\xe9 O\n", 2, "0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa O\nb\xe9 O\n", 2, "0xe9 is not UTF-8"),
        ("a O\rb O\n", 1, "carriage return"),
        ("a O\n\nb S-PER\n", 3, "label 'S-PER', expected O, B-TYPE or I-TYPE"),
        ("a B-\n", 1, "label 'B-'"),
        ("a OO\n", 1, "label 'OO'"),
        ("a b-PER\n", 1, "label 'b-PER'"),
    ],
)
def test_broken_files(read, tmp_path, text, line, said):
    with pytest.raises(CorpusError) as caught:
        read(text)
    assert caught.value.line == line
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(tmp_path / "a.txt"))
    assert "\n" not in str(caught.value)


def test_missing_file_and_folder(tmp_path):
    for path, said in [(tmp_path / "no", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(CorpusError, match=said) as caught:
            Conll().read(path)
        assert caught.value.line is None


def test_a_pipe_can_be_read(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=(EXAMPLE,))
    writer.start()
    assert len(Conll().read(path).labels) == 4
    writer.join()


@pytest.mark.parametrize(
    ("labels", "scheme", "bio"),
    [
        (["O", "B-X", "I-X", "O"], "BIO", ["O", "B-X", "I-X", "O"]),
        (["O", "I-X", "I-X", "O"], "IOB1", ["O", "B-X", "I-X", "O"]),
        (["I-X", "B-X", "I-X"], "IOB1", ["B-X", "B-X", "I-X"]),
        (["I-X", "I-Y"], "IOB1", ["B-X", "B-Y"]),
        (["I-X", None, "I-X"], "IOB1", ["B-X", "B-X"]),
        (["B-X", "B-X"], "BIO", ["B-X", "B-X"]),
        (["O", None, "O"], "BIO", ["O", "O"]),
        (["B-X-Y", "I-X-Y"], "BIO", ["B-X-Y", "I-X-Y"]),
    ],
)
def test_schemes(read, labels, scheme, bio):
    corpus = read(one_label_a_line(*labels))
    assert (corpus.scheme, corpus.labels) == (scheme, bio)


@pytest.mark.parametrize(
    ("labels", "line", "said"),
    [
        (["B-X", "O", "I-X"], 3, "I-X begins an entity, which BIO does with B, and at line 1 B-X"),
        (["I-X", "O", "O", "B-X"], 4, "B-X follows no entity of its type, .*, and at line 1 I-X"),
        (["I-X", None, "B-X"], 3, "and at line 1 I-X"),
        (["I-X", "B-Y"], 2, "and at line 1 I-X"),
    ],
)
def test_neither_scheme(read, labels, line, said):
    with pytest.raises(CorpusError, match=said) as caught:
        read(one_label_a_line(*labels))
    assert caught.value.line == line


# Words of anything but what separates; surrogates cannot be written as UTF-8.
words = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\r\n\0\ufeff"),
    min_size=1,
    max_size=5,
).filter(lambda word: word != "-DOCSTART-")
entities = st.lists(st.tuples(st.sampled_from(["", "X", "Y"]), st.integers(1, 3)), min_size=1)
corpora = st.lists(entities, min_size=1, max_size=6)


def bio(sentence):
    """Spell out segments (type or none, length) in BIO."""
    labels = []
    for kind, length in sentence:
        labels += [f"B-{kind}", *[f"I-{kind}"] * (length - 1)] if kind else ["O"] * length
    return labels


def iob1(sentence):
    """Spell them out in IOB1: B- only behind an entity of the same type."""
    labels, before = [], ""
    for kind, length in sentence:
        first = f"B-{kind}" if kind == before else f"I-{kind}"
        labels += [first, *[f"I-{kind}"] * (length - 1)] if kind else ["O"] * length
        before = kind
    return labels


def written(text):
    with tempfile.NamedTemporaryFile() as file:
        file.write(text.encode())
        file.flush()
        return Conll().read(file.name)


@settings(deadline=None)
@given(corpora, st.sampled_from([bio, iob1]), st.data())
def test_what_is_written_is_read(sentences, spell, data):
    separators = st.text(" \t", min_size=1, max_size=2)
    ends = data.draw(st.sampled_from(["\n", "\r\n"]))
    text, expected_words = "", []
    for sentence in sentences:
        for label in spell(sentence):
            expected_words.append(data.draw(words))
            text += expected_words[-1] + data.draw(separators) + label + ends
        text += ends * data.draw(st.integers(1, 2))
    corpus = written(text)
    assert corpus.columns == {"word": expected_words}
    assert corpus.labels == [label for sentence in sentences for label in bio(sentence)]
    assert np.diff(corpus.offsets).tolist() == [len(bio(sentence)) for sentence in sentences]


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["O", "B-X", "I-X", "B-Y", "I-Y"]), min_size=1)))
def test_the_scheme_is_the_one_that_the_labels_allow(sentences):
    pairs = [pair for labels in sentences for pair in zip(["O", *labels], labels, strict=False)]
    inside = [before != "O" and before[1:] == label[1:] for before, label in pairs]
    allows_bio = all(yes for yes, (_, label) in zip(inside, pairs, strict=True) if label[0] == "I")
    allows_iob1 = all(yes for yes, (_, label) in zip(inside, pairs, strict=True) if label[0] == "B")
    text = "\n".join(one_label_a_line(*labels) for labels in sentences)
    if not sentences or not (allows_bio or allows_iob1):
        with pytest.raises(CorpusError):
            written(text)
    else:
        assert written(text).scheme == ("BIO" if allows_bio else "IOB1")


@settings(deadline=None)
@given(st.binary(max_size=60) | st.text(string.printable, max_size=60).map(str.encode))
def test_any_bytes_are_read_or_refused(data):
    with tempfile.NamedTemporaryFile() as file:
        file.write(data)
        file.flush()
        try:
            corpus = Conll().read(file.name)
        except CorpusError:
            return
        assert corpus.offsets[-1] == len(corpus.labels) == len(corpus.columns["word"])
