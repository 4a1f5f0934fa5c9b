"""The reader of word/tag tokens."""

import hashlib
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.tagged import Tagged


@pytest.fixture
def read(tmp_path):
    def read(text):
        path = tmp_path / "a.txt"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return Tagged().read(path)

    return read


def test_format_is_found():
    assert formats()["tagged"] is Tagged
    assert Tagged.task == "tagging"


def test_example(read):
    text = "\n\tThe/at  1/2/cd\t//sym\n \nnot\u00a0one/x\u2028y ./."
    corpus = read(text.replace("\n", "\r\n"))
    assert corpus.words == ["The", "1/2", "/", "not\u00a0one", "."]
    assert corpus.tags == ["at", "cd", "sym", "x\u2028y", "."]
    assert corpus.offsets.tolist() == [0, 3, 5]
    assert corpus.offsets.dtype == "int64"
    assert corpus.sha256 == (hashlib.sha256(text.replace("\n", "\r\n").encode()).hexdigest(),)


part = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters=" \t\n\r\0\ufeff"), min_size=1
)
tag = part.filter(lambda text: "/" not in text)


@given(st.lists(st.lists(st.tuples(part, tag), min_size=1, max_size=4), min_size=1, max_size=4))
def test_what_is_written_is_read(sentences):
    lines = [" ".join(f"{word}/{tag}" for word, tag in sentence) for sentence in sentences]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.txt"
        # A byte order mark in front, which would be dropped if it were the first word's.
        path.write_text("\ufeff" + "\n".join(lines), encoding="utf-8", newline="")
        corpus = Tagged().read(path)
    tokens = [token for sentence in sentences for token in sentence]
    assert list(zip(corpus.words, corpus.tags, strict=True)) == tokens
    assert np.diff(corpus.offsets).tolist() == list(map(len, sentences))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", None, "no sentences: expected lines of word/tag"),
        (" \n\t\n", None, "no sentences"),
        ("The/at\n\nold man/nn\n", 3, "token 'old', expected word/tag"),
        ("The/at\nman/ is/bez\n", 2, "token 'man/', expected word/tag"),
        ("/at\n", 1, "token '/at', expected word/tag"),
        ("a/b /\n", 1, "token '/', expected word/tag"),
        (b"a/b\n\xe9/b\n", 2, "byte 0xe9 is not UTF-8"),
    ],
)
def test_broken_files(read, text, line, said):
    with pytest.raises(CorpusError) as caught:
        read(text)
    assert caught.value.line == line
    assert said in str(caught.value)
