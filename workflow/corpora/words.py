"""Vocabularies: words become numbers by falling frequency."""

from array import array
from collections import defaultdict

import numpy as np


class Vocabulary:
    """Words that are numbered as they come, so that no text is kept."""

    def __init__(self):
        self._first_use = defaultdict()
        self._first_use.default_factory = self._first_use.__len__
        self._numbers = array("i")

    def __len__(self):
        """Return how many tokens have come."""
        return len(self._numbers)

    def add(self, tokens):
        """Add tokens, an iterable of str."""
        self._numbers.extend(map(self._first_use.__getitem__, tokens))

    def by_frequency(self):
        """Return the numbers by falling frequency, ties by first use.

        Frequent words so lie together, in the parameters too.

        Returns
        -------
        ids : numpy.ndarray of int32 [tokens]
        vocabulary : list of str
            By id.
        """
        numbers = np.array(self._numbers, dtype=np.int32)
        # Stable, so that ties stay in the order of first use.
        counts = np.bincount(numbers, minlength=len(self._first_use))
        order = np.argsort(-counts, kind="stable")
        rank = np.empty(len(order), dtype=np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        words = list(self._first_use)
        return rank[numbers], [words[number] for number in order.tolist()]


def by_frequency(tokens):
    """Return the ids and the vocabulary of an iterable of str; see `Vocabulary.by_frequency`."""
    vocabulary = Vocabulary()
    vocabulary.add(tokens)
    return vocabulary.by_frequency()


def printable(word):
    """Escape what would break a line or not show."""
    return word if word.isprintable() else word.encode("unicode_escape").decode("ascii")
