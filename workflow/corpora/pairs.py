"""Sentence pairs: what the readers for the task `alignment` have in common."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.lines import split_words

LINK = re.compile(r"([0-9]{1,9})([-?p])([0-9]{1,9})", re.ASCII)
SURE = "-"


class Pair(NamedTuple):
    """One sentence pair.

    Attributes
    ----------
    line : int
        Where it stands in its files, from 1.
    source, target : list of str
        The words; either may be empty.
    links : list of (int, int, bool)
        Gold links: position in the source, position in the target, whether it is sure; sorted,
        none twice.
    """

    line: int
    source: list
    target: list
    links: list


@dataclass(frozen=True)
class SentencePairs:
    """What a reader for the task `alignment` returns; iterating over it reads the pairs.

    Attributes
    ----------
    read : callable
        Returns an iterator of `Pair`, from the first on. Raises CorpusError on the way.
    paths : tuple of path-like
        The files of the source and of the target sentences, for errors.
    sha256 : tuple of str or None
        See `Format.read`.
    counts : dict of str to int
        What the reader has left out, for corpus.json.
    about : dict
        What else the reader has to say in corpus.json.
    """

    read: Callable[[], Iterator[Pair]]
    paths: tuple
    sha256: tuple
    counts: dict = field(default_factory=dict)
    about: dict = field(default_factory=dict)

    def __iter__(self):
        return self.read()


def check_same_length(file, other):
    """Raise an error unless two files have the same number of lines.

    Parameters
    ----------
    file, other : TextFile

    Raises
    ------
    CorpusError
    """
    if file.lines != other.lines:
        shorter, longer = sorted((file, other), key=lambda each: each.lines)
        message = (
            f"{longer.path} goes on here, but {shorter.path} has only {shorter.lines:,} lines "
            f"where this file has {longer.lines:,}: line n of one belongs to line n of the other; "
            "find where they part"
        )
        raise CorpusError(longer.path, shorter.lines + 1, message)


def read_links(file, number, text, source, target):
    """Read gold links in the Pharaoh format: `0-0 1-2`, with `?` or `p` in possible ones.

    Positions count from 0, the source's first. A link that is there twice counts once, and is sure
    if it is once sure (Och & Ney 2003: the sure links are among the possible ones).

    Parameters
    ----------
    file : TextFile
    number : int
        Of the line, for errors.
    text : str
        The line.
    source, target : list of str
        The sentences.

    Returns
    -------
    list of (int, int, bool)
        As in `Pair`.

    Raises
    ------
    CorpusError
        If something is no link, or outside the sentences.
    """
    links = {}
    for word in split_words(text):
        match = LINK.fullmatch(word)
        if match is None:
            message = f"{word!r} is no link, expected SOURCE-TARGET, or SOURCE?TARGET if possible"
            raise CorpusError(file.path, number, f"{message}, such as 0-0 1-2 1?3")
        link = int(match[1]), int(match[3])
        for side, position, words in zip(("source", "target"), link, (source, target), strict=True):
            if position >= len(words):
                message = (
                    f"link {word} to word {position} of the {side} sentence, which has "
                    f"{len(words)}: expected positions from 0, the source's first"
                )
                raise CorpusError(file.path, number, f"{message}; mend the link")
        links[link] = links.get(link, False) or match[2] == SURE
    return sorted((*link, sure) for link, sure in links.items())
