"""Corpus formats: one file each, found by their class."""

import hashlib
import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from staleness.algorithms.components import discover
from staleness.algorithms.errors import CorpusError


@dataclass(frozen=True)
class LabelledSentences:
    """What a reader for the task `ner` returns: every sentence, one after the other.

    Attributes
    ----------
    columns : dict of str to list of str
        "word" and, where the file has them, "pos" and "chunk": one value a token.
    labels : list of str
        One a token, in BIO.
    offsets : numpy.ndarray of int64, shape [sentences + 1]
        Sentence i has the tokens `offsets[i]:offsets[i + 1]`.
    scheme : str
        What the labels of the file were in: "BIO" or "IOB1".
    documents : int
        How many lines that only open a document were dropped.
    sha256 : str
        Of the bytes of the file.
    """

    columns: dict
    labels: list
    offsets: np.ndarray
    scheme: str
    documents: int
    sha256: str


class Format(ABC):
    """A way to write a corpus down.

    Attributes
    ----------
    name : str
        What the registry, the configuration and `--format` call it.
    task : str
        The task whose corpora it holds.
    """

    name: str
    task: str

    @abstractmethod
    def read(self, path):
        """Read one split of a corpus.

        Parameters
        ----------
        path : path-like
            The file.

        Returns
        -------
        LabelledSentences
            For the task `ner`; another task has its own.

        Raises
        ------
        CorpusError
            If the file is missing or not of this format; it names the line.
        """


def formats():
    """Return the formats found: their names to their classes."""
    return discover(sys.modules[__name__], Format)


def read_text(path):
    """Read a file of UTF-8.

    Parameters
    ----------
    path : path-like
        The file; a byte order mark is dropped, CRLF becomes LF.

    Returns
    -------
    text : str
    sha256 : str
        Of the bytes as they are in the file.

    Raises
    ------
    CorpusError
        If it cannot be opened, or is not UTF-8 with LF or CRLF line ends.
    """
    try:
        data = Path(path).read_bytes()
    except OSError as error:
        message = f"cannot be read ({error.strerror}): give the path of a readable text file"
        raise CorpusError(path, None, message) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        # The codec counts from behind the byte order mark that it skipped.
        line = error.object.count(b"\n", 0, error.start) + 1
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8: convert the file to UTF-8"
        raise CorpusError(path, line, f"{message}, for example with iconv") from error
    text = text.replace("\r\n", "\n")
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        message = "a carriage return inside a line: end lines with LF or CRLF"
        raise CorpusError(path, line, message)
    return text, hashlib.sha256(data).hexdigest()
