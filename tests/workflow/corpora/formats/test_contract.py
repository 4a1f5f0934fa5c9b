"""What every format holds to: what is not seen in a file means the same in all of them."""

import gzip

import pytest

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.formats.clear_bible import ClearBible

ODD = ["\u00a0", "\u2028", "\u0085", "\u200b", "\u200d", "\x0b", "\x0c", "\x1c", "\x7f"]

every_format = pytest.mark.parametrize("name", formats())


@pytest.fixture
def read(tmp_path):
    """Return a function that reads bytes as the first file of a format, and all that is in it."""

    def read(name, data):
        kind = formats()[name]
        paths = [tmp_path / f"{part or 'train'}.txt" for part in kind.parts]
        paths = [path for path, part in zip(paths, kind.parts, strict=True) if part != "links"]
        for path in paths:
            path.write_bytes(data)
        if kind is ClearBible:
            paths.append(tmp_path / "links.json")
            paths[-1].write_text('{"records": []}')
        corpus = kind().read(*paths)
        if kind.task == "alignment":
            return [word for pair in corpus for word in pair.source]
        return corpus.columns["word"] if kind.task == "ner" else corpus.words

    return read


def text(name, word, line_end="\n"):
    return (formats()[name].header + formats()[name].example.format(word)).replace(
        "\n", line_end
    ) + line_end


@every_format
def test_a_byte_order_mark_begins_the_file_or_is_an_error(read, name):
    data = text(name, "w").encode()
    words = read(name, data)
    assert "w" in words
    assert read(name, b"\xef\xbb\xbf" + data) == words
    for joined in (data + b"\xef\xbb\xbf" + data, text(name, "w\ufeff").encode()):
        with pytest.raises(CorpusError, match=r"\.txt:\d: a byte order mark \(U\+FEFF\) that does"):
            read(name, joined)


@every_format
@pytest.mark.parametrize(("odd", "said"), [("\0", "a NUL byte"), ("\r", "a carriage return")])
def test_what_no_line_has(read, name, odd, said):
    with pytest.raises(CorpusError, match=rf"\.txt:\d: {said}"):
        read(name, text(name, f"a{odd}b").encode())


@every_format
@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_other_encodings(read, name, encoding):
    with pytest.raises(CorpusError, match=f"{encoding.upper()}: convert the file to UTF-8"):
        read(name, text(name, "w").encode(encoding))


@every_format
@pytest.mark.parametrize("odd", ODD)
def test_what_is_not_seen_is_part_of_a_word(read, name, odd):
    if name != "europarl-de-en":  # raw text, which a tokeniser takes apart
        assert f"a{odd}b" in read(name, text(name, f"a{odd}b").encode())


@every_format
def test_packed_or_not(read, name):
    data = text(name, "w").encode()
    assert read(name, gzip.compress(data)) == read(name, data)
    assert read(name, text(name, "w", "\r\n").encode()) == read(name, data)
    assert read(name, data.removesuffix(b"\n")) == read(name, data)
