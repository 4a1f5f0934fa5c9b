"""Text files too large for memory: read line by line, more than once."""

import codecs
import hashlib
import io
from pathlib import Path

from staleness.algorithms.errors import CorpusError

CHUNK = 1 << 20
LONGEST = 1 << 20  # bytes of a line; no sentence comes near


class TextFile:
    """A file of UTF-8; iterating over it yields its lines without their ends (LF or CRLF).

    Parameters
    ----------
    path : path-like
        The file. It is read once now, and again whenever it is iterated over; a pipe, which can be
        read only once, is kept in memory.

    Attributes
    ----------
    path : path-like
    lines : int
        How many lines it has.
    sha256 : str
        Of its bytes.

    Raises
    ------
    CorpusError
        If it cannot be opened; while iterating, if it is not UTF-8 or has a line of more than
        `LONGEST` bytes.
    """

    def __init__(self, path):
        self.path = path
        self._pipe = None
        sha256 = hashlib.sha256()
        self.lines, last = 0, b"\n"
        try:
            if not Path(path).is_file():
                self._pipe = Path(path).read_bytes()
            with self._open() as file:
                while chunk := file.read(CHUNK):
                    sha256.update(chunk)
                    self.lines += chunk.count(b"\n")
                    last = chunk[-1:]
        except OSError as error:
            message = f"cannot be read ({error.strerror}): give the path of a readable text file"
            raise CorpusError(path, None, message) from error
        self.lines += last != b"\n"
        self.sha256 = sha256.hexdigest()

    def __iter__(self):
        with self._open() as file:
            read = iter(lambda: file.readline(LONGEST), b"")
            for number, line in enumerate(read, start=1):
                yield self._decode(line.removeprefix(codecs.BOM_UTF8), number)

    def _open(self):
        return open(self.path, "rb") if self._pipe is None else io.BytesIO(self._pipe)

    def _decode(self, line, number):
        if len(line) == LONGEST and not line.endswith(b"\n"):
            message = f"a line of more than {LONGEST:,} bytes: expected one sentence a line"
            raise CorpusError(self.path, number, f"{message}; end lines with LF or CRLF")
        try:
            return line.decode("utf-8").removesuffix("\n").removesuffix("\r")
        except UnicodeDecodeError as error:
            message = f"byte 0x{line[error.start]:02x} is not UTF-8: convert the file to UTF-8"
            raise CorpusError(self.path, number, f"{message}, for example with iconv") from error


def split_words(file, number, text):
    """Return the words of a line, which blanks and tabs separate.

    Parameters
    ----------
    file : TextFile
    number : int
        Of the line, for the error.
    text : str

    Raises
    ------
    CorpusError
        If there is a carriage return inside the line.
    """
    if "\r" in text:
        message = "a carriage return inside a line: end lines with LF or CRLF"
        raise CorpusError(file.path, number, message)
    # Only these separate: str.split() would also break at no-break spaces inside words.
    return [word for word in text.replace("\t", " ").split(" ") if word]
