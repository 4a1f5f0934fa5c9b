"""Text files, packed or not, too large for memory: read line by line, more than once.

Every reader takes its lines from here, so that all treat alike what cannot be seen. Only LF or CRLF
ends a line, and only blanks and tabs separate: no-break spaces, U+2028, U+0085, zero-width and
control characters are parts of words, since corpora have them there. A byte order mark is dropped
where the file begins; anywhere else it is an error, as are NUL and a carriage return.
"""

import bz2
import codecs
import gzip
import hashlib
import io
import lzma
import os
import re
import zlib
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from staleness.algorithms.errors import CorpusError

CHUNK = 1 << 20
LONGEST = 1 << 24  # bytes of a line; no sentence comes near
MOST_PIPED = 1 << 30  # bytes of a pipe, which are kept in memory
# Text is packed to a tenth or so. What grows more is made to fill memory.
GROWTH = 100
ALWAYS_ALLOWED = 1 << 28  # bytes that any file may grow to

# How files begin.
PACKED = {
    "gzip": rb"\x1f\x8b",
    "bzip2": rb"BZh[1-9](1AY&SY|\x17rE8P\x90)",
    "xz": rb"\xfd7zXZ\x00",
    "zstd": rb"\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18",
}
ENCODINGS = {
    "UTF-32": rb"\xff\xfe\x00\x00|\x00\x00\xfe\xff",
    "UTF-16": rb"\xff\xfe|\xfe\xff",
}
ARCHIVES = {
    "zip": rb"PK\x03\x04",
    "7z": rb"7z\xbc\xaf\x27\x1c",
    "lz4": rb"\x04\x22\x4d\x18",
    "compress": rb"\x1f\x9d",
}
HEAD = 10  # bytes that say which of these it is

FORBIDDEN = {
    "\r": "a carriage return inside a line: end lines with LF or CRLF",
    "\0": "a NUL byte, which no text has: check that this is the right file, and in UTF-8",
    "\ufeff": "a byte order mark (U+FEFF) that does not begin the file, as where files were "
    "joined: remove it",
}


class TextFile:
    """A file of UTF-8; iterating over it yields its lines without their ends (LF or CRLF).

    Parameters
    ----------
    path : path-like
        The file, packed by gzip, bzip2, xz or zstd or not at all. It is read once now, and again
        whenever it is iterated over; a pipe, which can be read only once, is kept in memory.

    Attributes
    ----------
    path : path-like
    lines : int
        How many lines it has.
    sha256 : str
        Of its bytes, as they are in the file.

    Raises
    ------
    CorpusError
        If it cannot be opened or unpacked, or begins as no text does; while iterating, if it is
        not UTF-8, has a line of more than `LONGEST` bytes or one of `FORBIDDEN`, or has changed.
    """

    def __init__(self, path):
        self.path = path
        self._pipe = None
        self.lines, last, size = 0, b"\n", 0
        with self._errors():
            if not Path(path).is_file():
                self._pipe = self._read_pipe()
            with self._open_packed() as file:
                self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
                packed_size = file.tell()
                self._state = self._state_of(file)
        with self._open() as file:
            while chunk := file.read(CHUNK):
                self.lines += chunk.count(b"\n")
                last = chunk[-1:]
                size += len(chunk)
                if size > max(ALWAYS_ALLOWED, GROWTH * packed_size):
                    message = f"unpacks to more than {GROWTH} times its {packed_size:,} bytes, as "
                    raise self._error(f"{message}no text does: unpack it, if it is one")
        self.lines += last != b"\n"

    def __iter__(self):
        return self._decoded(LONGEST)

    def text(self):
        """Return all of it, with LF between lines; they may be of any length."""
        return "\n".join(self._decoded(-1))

    def _decoded(self, longest):
        """Yield the lines."""
        with self._open() as file:
            for number, line in enumerate(iter(partial(file.readline, longest), b""), start=1):
                yield self._decode(line, number)

    def _decode(self, line, number):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            message = f"a line of more than {LONGEST:,} bytes: expected one sentence a line"
            raise self._error(f"{message}; end lines with LF or CRLF", number)
        if number == 1:
            line = line.removeprefix(codecs.BOM_UTF8)
        try:
            text = line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            message = f"byte 0x{line[error.start]:02x} is not UTF-8: convert the file to UTF-8"
            raise self._error(f"{message}, for example with iconv", number) from error
        # Nearly all lines are printable, which is quick to see.
        for character, message in FORBIDDEN.items() if not text.isprintable() else ():
            if character in text:
                raise self._error(message, number)
        return text

    def _read_pipe(self):
        with open(self.path, "rb") as file:
            data = file.read(MOST_PIPED + 1)
        if len(data) > MOST_PIPED:
            message = f"no file, and gives more than {MOST_PIPED:,} bytes: write them to a file"
            raise self._error(f"{message} first")
        return data

    def _open_packed(self):
        return open(self.path, "rb") if self._pipe is None else io.BytesIO(self._pipe)

    @contextmanager
    def _open(self):
        """Give a binary file of what it holds, unpacked; errors, also while reading, name it."""
        with self._errors(), self._open_packed() as packed:
            kind = _which(PACKED, packed.read(HEAD))
            packed.seek(0)
            with _unpacked(packed, kind) as file:
                self._check_head(file.peek(HEAD), kind)
                yield file
                if self._state_of(packed) != self._state:
                    raise self._error("has changed while it was read: start again")

    def _check_head(self, head, kind):
        """Raise an error if text does not begin like this."""
        if encoding := _which(ENCODINGS, head):
            message = f"begins with the byte order mark of {encoding}: convert the file to UTF-8"
            raise self._error(f"{message}, as iconv -f {encoding} -t UTF-8 does")
        if archive := _which(ARCHIVES, head) or (kind and _which(PACKED, head)):
            found = f"is packed by {archive}" + (f" inside {kind}" if kind else "")
            known = ", ".join(PACKED)
            raise self._error(f"{found}: expected text, as it is or packed by {known}; unpack it")

    @contextmanager
    def _errors(self):
        """Turn what goes wrong with the file into a CorpusError."""
        try:
            yield
        except (OSError, EOFError, lzma.LZMAError, zlib.error) as error:
            if getattr(error, "errno", None) is None:
                message = f"cannot be unpacked ({error}): it is damaged, or not all there; get it"
                raise self._error(f"{message} anew") from error
            message = f"cannot be read ({error.strerror}): give the path of a readable text file"
            raise self._error(message) from error

    def _error(self, message, line=None):
        return CorpusError(self.path, line, message)

    def _state_of(self, file):
        """Return what changes when the file is written to or another takes its name."""
        if self._pipe is not None:
            return None
        about = os.fstat(file.fileno())
        return about.st_dev, about.st_ino, about.st_size, about.st_mtime_ns


def _which(patterns, head):
    """Return the first name whose pattern the head of a file matches, or None."""
    return next((name for name, pattern in patterns.items() if re.match(pattern, head)), None)


def _unpacked(packed, kind):
    """Return a buffered file of what another holds, packed as one of `PACKED` or None."""
    if kind is None:
        raw = packed
    elif kind == "gzip":
        raw = gzip.GzipFile(fileobj=packed)
    elif kind == "zstd":
        # Only here, since importing it takes longer than reading most files.
        import pyarrow  # noqa: PLC0415

        raw = pyarrow.CompressedInputStream(packed, kind)
    else:
        raw = _Members(packed, {"bzip2": bz2.BZ2Decompressor, "xz": _xz}[kind])
    return io.BufferedReader(raw, CHUNK)


class _Members(io.RawIOBase):
    """One or more packed members; `bz2.open` and `lzma.open` take whatever follows the last."""

    def __init__(self, packed, decompressor):
        self._packed, self._decompressor = packed, decompressor
        self._member = decompressor()

    def readable(self):
        """Return true, as BufferedReader asks."""
        return True

    def readinto(self, buffer):
        """Fill a part of the buffer and return how much, 0 at the end."""
        unpacked = b""
        while not unpacked:
            data = b""
            if self._member.eof:
                data = self._member.unused_data or self._packed.read(CHUNK)
                if not data:
                    return 0
                self._member = self._decompressor()
            elif self._member.needs_input:
                data = self._packed.read(CHUNK)
                if not data:
                    raise EOFError("it ends too early")
            unpacked = self._member.decompress(data, len(buffer))
        buffer[: len(unpacked)] = unpacked
        return len(unpacked)


def _xz():
    return lzma.LZMADecompressor(lzma.FORMAT_XZ)


def split_words(text):
    """Return the words of a line, which blanks and tabs separate."""
    # Only these: str.split() would also break at no-break spaces inside words.
    words = text.replace("\t", " ").split(" ")
    return [word for word in words if word] if "" in words else words


def is_blank(text):
    """Return whether a line has no words."""
    return not text.strip(" \t")
