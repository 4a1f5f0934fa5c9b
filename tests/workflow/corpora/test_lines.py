"""Reading lines of large files."""

import hashlib
import os
import tempfile
import threading
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines
from staleness.workflow.corpora.lines import TextFile, split_words


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
@given(st.lists(st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]))))
def test_what_is_written_is_read(texts):
    texts = [text.removeprefix("\ufeff") for text in texts]
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
        (b"a\n" + b"b" * (lines.LONGEST + 1), 2, "a line of more than 1,048,576 bytes"),
    ],
)
def test_broken_files(write, data, line, said):
    file = write(data)
    with pytest.raises(CorpusError) as caught:
        list(file)
    assert (caught.value.path, caught.value.line) == (file.path, line)
    assert said in str(caught.value)


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


def test_a_large_file_is_not_kept_in_memory(tmp_path):
    path = tmp_path / "a.txt"
    with open(path, "wb") as file:
        for _ in range(16):
            file.write(b"0123456789\n" * 100_000)
    tracemalloc.start()
    try:
        file = TextFile(path)
        assert sum(1 for _ in file) == file.lines == 1_600_000
        assert tracemalloc.get_traced_memory()[1] < 4_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("odd", ["\u00a0", "\u3000", "\u2028", "\u0085", "\x0b", "\x0c", "\x1c"])
def test_only_blanks_and_tabs_separate_words(write, odd):
    assert split_words(write(b""), 1, f" \ta{odd}b  {odd}\tc ") == [f"a{odd}b", odd, "c"]


def test_a_carriage_return_inside_a_line(write):
    file = write(b"a\rb\n")
    with pytest.raises(CorpusError, match="carriage return") as caught:
        split_words(file, 1, next(iter(file)))
    assert caught.value.line == 1
