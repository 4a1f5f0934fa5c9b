"""Vocabularies: words become numbers by falling frequency."""

import numpy as np


def by_frequency(tokens):
    """Give words numbers by falling frequency, ties by first use.

    Frequent words so lie together, in the parameters too.

    Parameters
    ----------
    tokens : iterable of str

    Returns
    -------
    ids : numpy.ndarray of int32 [tokens]
    vocabulary : list of str
        By id.
    """
    tokens = list(tokens)
    vocabulary = list(dict.fromkeys(tokens))
    first_use = {word: number for number, word in enumerate(vocabulary)}
    numbers = np.fromiter(map(first_use.__getitem__, tokens), np.int32, len(tokens))
    # Stable, so that ties stay in the order of first use.
    order = np.argsort(-np.bincount(numbers, minlength=len(vocabulary)), kind="stable")
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    return rank[numbers], [vocabulary[index] for index in order]


def printable(word):
    """Escape what would break a line or not show."""
    return word if word.isprintable() else word.encode("unicode_escape").decode("ascii")
