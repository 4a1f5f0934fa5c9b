"""Reading lines of large files."""

import bz2
import functools
import gzip
import hashlib
import lzma
import os
import random
import tempfile
import threading
import tracemalloc

import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines
from staleness.workflow.corpora.lines import TextFile, is_blank, split_words

character = st.characters(exclude_characters="\0\r\n\ufeff", exclude_categories=["Cs"])


@pytest.fixture
def write(tmp_path):
    def write(data):
        path = tmp_path / "a.txt"
        path.write_bytes(data)
        return TextFile(path)

    return write


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", []),
        (b"\n", [""]),
        (b"a\nb", ["a", "b"]),
        (b"a\r\n\r\nb\r\n", ["a", "", "b"]),
        (b"\xef\xbb\xbfa\n", ["a"]),
        ("a\u2028b\x0b\x85\n c \n".encode(), ["a\u2028b\x0b\x85", " c "]),
    ],
)
def test_lines(write, data, expected):
    file = write(data)
    assert (list(file), file.lines) == (expected, len(expected))
    assert list(file) == expected
    assert file.sha256 == hashlib.sha256(data).hexdigest()


@settings(deadline=None)
@given(st.lists(st.text(character)))
def test_what_is_written_is_read(texts):
    with tempfile.NamedTemporaryFile() as file:
        file.write("".join(f"{text}\n" for text in texts).encode())
        file.flush()
        read = TextFile(file.name)
        assert (list(read), read.lines) == (texts, len(texts))


@pytest.mark.parametrize(
    ("data", "line", "said"),
    [
        (b"a\nb\xe9\n", 2, "byte 0xe9 is not UTF-8"),
        (b"\xef\xbb\xbfa\xe9\n", 1, "byte 0xe9 is not UTF-8"),
        (b"a\n" + b"b" * 1001, 2, "a line of more than 1,000 bytes: expected one sentence a line"),
        (b"a\n\xef\xbb\xbfb\n", 2, "a byte order mark (U+FEFF) that does not begin the file"),
        (b"\xef\xbb\xbf\xef\xbb\xbfa\n", 1, "a byte order mark"),
        (b"a\nb \xef\xbb\xbf\n", 2, "a byte order mark"),
        (b"a\n\nb\0\n", 3, "a NUL byte"),
        (b"a\n\nb\rc\n", 3, "a carriage return inside a line: end lines with LF or CRLF"),
        (b"a\r", 1, None),
        (b"a\rb\rc\r", 1, "a carriage return"),
    ],
)
def test_broken_lines(write, monkeypatch, data, line, said):
    monkeypatch.setattr(lines, "LONGEST", 1000)
    file = write(data)
    if said is None:
        assert list(file) == ["a"]
        return
    with pytest.raises(CorpusError) as caught:
        list(file)
    assert (caught.value.path, caught.value.line) == (file.path, line)
    assert said in str(caught.value)


def test_a_line_may_be_as_long_as_is_said(write, monkeypatch):
    monkeypatch.setattr(lines, "LONGEST", 1000)
    assert list(write(b"b" * 999 + b"\na\n")) == ["b" * 999, "a"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ("a".encode("utf-16"), "the byte order mark of UTF-16: convert the file to UTF-8"),
        (b"\xfe\xff\0a", "the byte order mark of UTF-16"),
        ("a".encode("utf-32"), "the byte order mark of UTF-32"),
        (b"PK\x03\x04\0", "is packed by zip: expected text, as it is or packed by gzip"),
        (gzip.compress(gzip.compress(b"a\n", mtime=0), mtime=0), "is packed by gzip inside gzip"),
        (gzip.compress("a".encode("utf-16"), mtime=0), "the byte order mark of UTF-16"),
    ],
)
def test_what_begins_as_no_text_does(write, data, said):
    with pytest.raises(CorpusError, match=said):
        write(data)


# ---- packed files -------------------------------------------------------------------------------

PACK = {
    "gzip": gzip.compress,
    "bzip2": bz2.compress,
    "xz": lzma.compress,
    "zstd": functools.partial(pyarrow.compress, codec="zstd", asbytes=True),
}
by_packer = pytest.mark.parametrize("pack", PACK.values(), ids=PACK)


@by_packer
def test_packed_files(write, monkeypatch, pack):
    monkeypatch.setattr(lines, "CHUNK", 1000)
    texts = ["\u2028é", "", *map(str, range(10_000))]
    text = "\n".join(texts)
    for data in (text, "\ufeff" + text, text.replace("\n", "\r\n")):
        packed = pack(data.encode())
        file = write(packed)
        assert (list(file), file.lines) == (texts, len(texts))
        assert file.text() == text
        # Of the file as it is: who wants to check it has no other.
        assert file.sha256 == hashlib.sha256(packed).hexdigest()


@by_packer
def test_packed_files_of_several_members(write, pack):
    assert list(write(pack(b"a\nb") + pack(b"c\n") + pack(b"") + pack(b"d"))) == ["a", "bc", "d"]
    assert list(write(pack(b""))) == []


@by_packer
@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data[: len(data) // 2],
        lambda data: data + b"more",
        lambda data: data + data[:12],
        lambda data: data[:20] + b"\xff\0\xff\0" + data[24:],
    ],
    ids=["no end", "half", "more behind", "another begun", "changed"],
)
def test_damaged_packed_files(request, write, pack, damage):
    if "changed-zstd" in request.node.name:
        return  # as it is packed here it has no check sum
    with pytest.raises(CorpusError, match=r"a\.txt: cannot be unpacked \(.*get it anew"):
        write(damage(pack(random.Random(1).randbytes(1000))))


@by_packer
def test_a_packed_file_made_to_fill_memory(write, monkeypatch, pack):
    monkeypatch.setattr(lines, "ALWAYS_ALLOWED", 1 << 22)
    packed = pack(b"a O\n" * (1 << 17)) * 64
    tracemalloc.start()
    try:
        with pytest.raises(CorpusError, match="unpacks to more than 100 times its"):
            write(packed)
        assert tracemalloc.get_traced_memory()[1] < 16_000_000
    finally:
        tracemalloc.stop()


def test_a_file_that_changes_while_it_is_read(write):
    file = write(b"a\nb\n")
    rows = iter(file)
    next(rows)
    file.path.write_bytes(b"a\nb\nc\n")
    with pytest.raises(CorpusError, match="has changed while it was read"):
        list(rows)
    file.path.unlink()
    with pytest.raises(CorpusError, match="No such file"):
        list(file)


def test_missing_file_and_folder(tmp_path):
    for path, said in [(tmp_path / "no", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(CorpusError, match=said):
            TextFile(path)


def test_a_pipe_can_be_read_twice(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_text, args=("a\nb\n",))
    writer.start()
    file = TextFile(path)
    writer.join()
    assert (list(file), list(file), file.lines) == (["a", "b"], ["a", "b"], 2)


def test_what_is_no_file_and_has_no_end(monkeypatch):
    monkeypatch.setattr(lines, "MOST_PIPED", 1000)
    with pytest.raises(CorpusError, match="gives more than 1,000 bytes: write them to a file"):
        TextFile("/dev/zero")
    assert list(TextFile("/dev/null")) == []


def test_a_large_file_is_not_kept_in_memory(tmp_path):
    path = tmp_path / "a.txt"
    with open(path, "wb") as file:
        for _ in range(6):
            file.write(b"0123456789\n" * 100_000)
    tracemalloc.start()
    try:
        file = TextFile(path)
        assert sum(1 for _ in file) == file.lines == 600_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("odd", ["\u00a0", "\u3000", "\u2028", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_only_blanks_and_tabs_separate_words(odd):
    assert split_words(f" \ta{odd}b  {odd}\tc ") == [f"a{odd}b", odd, "c"]
    assert not is_blank(odd)
    assert is_blank(" \t")


def test_a_change_that_leaves_the_size_is_noticed(write):
    file = write(b"a\n")
    file.path.write_bytes(b"b\n")
    os.utime(file.path, ns=(0, 0))
    with pytest.raises(CorpusError, match="has changed while it was read"):
        list(file)
