"""Corpus formats: one file each, found by their class."""

import sys
from abc import ABC, abstractmethod
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from staleness.algorithms.components import discover
from staleness.algorithms.errors import StalenessError


@dataclass(frozen=True)
class LabelledSentences:
    """What a reader for the task `ner` returns: every sentence, one after the other.

    Attributes
    ----------
    path : path-like
        The file.
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
    sha256 : tuple of str
        See `Format.read`.
    """

    path: object
    columns: dict
    labels: list
    offsets: np.ndarray
    scheme: str
    documents: int
    sha256: tuple

    def first(self, sentences):
        """Return the first sentences, all of them if there are no more or the number is None."""
        if sentences is None or sentences >= len(self.offsets) - 1:
            return self
        offsets = self.offsets[: sentences + 1]
        columns = {name: values[: offsets[-1]] for name, values in self.columns.items()}
        labels = self.labels[: offsets[-1]]
        return replace(self, columns=columns, labels=labels, offsets=offsets)


@dataclass(frozen=True)
class TaggedSentences:
    """What a reader for the task `tagging` returns: every sentence, one after the other.

    Attributes
    ----------
    words : list of str
        One a token.
    tags : list of str or None
        One a token; None if the file has none.
    offsets : numpy.ndarray of int64, shape [sentences + 1]
        Sentence i has the tokens `offsets[i]:offsets[i + 1]`.
    sha256 : tuple of str
        See `Format.read`.
    """

    words: list
    tags: list | None
    offsets: np.ndarray
    sha256: tuple


class Format(ABC):
    """A way to write a corpus down.

    Attributes
    ----------
    name : str
        What the registry, the configuration and `--format` call it.
    task : str
        The task whose corpora it holds.
    parts : tuple of str
        The files that a split consists of; "" is the one that is called as the split itself.
    optional : tuple of str
        Those of the parts that may be missing.
    modules : tuple of module
        What decides about the text read besides its own module.
    header : str
        Lines that a file begins with.
    example : str
        Lines that may follow, with {} for a word: what the contract of formats is tried on.
    """

    name: ClassVar[str]
    task: ClassVar[str]
    parts: ClassVar[tuple[str, ...]] = ("",)
    optional: ClassVar[tuple[str, ...]] = ()
    modules: ClassVar[tuple] = ()
    header: ClassVar[str] = ""
    example: ClassVar[str]

    @abstractmethod
    def read(self, *paths):
        """Read one split of a corpus.

        Parameters
        ----------
        *paths : path-like or None
            The files, one for each of `parts`; None for an optional one that is not there.

        Returns
        -------
        object
            What the task's encoder takes: LabelledSentences for `ner`, TaggedSentences for
            `tagging`. Its attribute `sha256` is a tuple: that of the bytes of each file, None for
            one that is not there.

        Raises
        ------
        CorpusError
            If a file is missing or not of this format; it names the line.
        """


def file_key(split, part):
    """Return what the registry calls a part of a split: "train", "train-source"."""
    return f"{split}-{part}" if part else split


def missing_files(files, format, encoder):
    """Return which files are not there but must be, a list by `file_key`; see `check_files`."""
    missing = []
    for split in encoder.splits:
        keys = {file_key(split, part): part in format.optional for part in format.parts}
        if split in encoder.needed or any(key in files for key in keys):
            missing += [key for key, optional in keys.items() if not optional and key not in files]
    return missing


def check_files(files, format, encoder):
    """Raise an error unless files make a corpus.

    Parameters
    ----------
    files : collection of str
        What there is, by `file_key`.
    format : type
        The `Format` of the files.
    encoder : type
        The `Encoder` of the format's task.

    Raises
    ------
    StalenessError
        If files are missing, or there is one that the format or the encoder does not know.
    """
    known = [file_key(split, part) for split in encoder.splits for part in format.parts]
    given = f"files given: {', '.join(files) or 'none'}; format {format.name}"
    missing = missing_files(files, format, encoder)
    if missing:
        raise StalenessError(f"{given} also needs {', '.join(missing)}")
    if not set(files) <= set(known):
        raise StalenessError(f"{given} knows only {', '.join(known)}")


def formats():
    """Return the formats found: their names to their classes."""
    return discover(sys.modules[__name__], Format)
