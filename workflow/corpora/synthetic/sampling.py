"""Drawing many random things at once, the same on every machine.

Only uniform random numbers are drawn, and only sums, products, quotients and comparisons of doubles
made of them: these are rounded in one way everywhere, which logarithms and powers are not.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np


@dataclass(frozen=True)
class Sequences:
    """Sequences of different lengths, one after the other.

    Attributes
    ----------
    lengths : numpy.ndarray of int64 [sequences]
    values : numpy.ndarray [sum of the lengths, ...]
    """

    lengths: np.ndarray
    values: np.ndarray

    def first(self, count):
        """Return the first `count` of them."""
        lengths = self.lengths[:count]
        return Sequences(lengths, self.values[: lengths.sum()])


class Distributions:
    """Probability distributions over the same outcomes, to draw from.

    Parameters
    ----------
    weights : array_like, shape [distributions, outcomes] or [outcomes]
        Proportional to the probabilities.

    Attributes
    ----------
    probabilities : numpy.ndarray of float64, shape [distributions, outcomes]
    """

    def __init__(self, weights):
        sums = np.cumsum(np.atleast_2d(np.asarray(weights, dtype=np.float64)), axis=1)
        cumulative = sums / sums[:, -1:]
        self.probabilities = np.diff(cumulative, axis=1, prepend=0.0)
        self._outcomes = cumulative.shape[1]
        # Distribution d has its outcomes between d and d + 1: one search finds any of them.
        self._edges = (cumulative + np.arange(len(cumulative))[:, None]).ravel()

    def draw(self, random, which):
        """Draw an outcome from each of some distributions.

        Parameters
        ----------
        random : numpy.random.Generator
        which : numpy.ndarray of int, or int
            The distributions; a number draws as often from the first.

        Returns
        -------
        numpy.ndarray of int32
        """
        which = np.zeros(which, dtype=np.int64) if np.isscalar(which) else which
        found = np.searchsorted(self._edges, which + random.random(len(which)), side="right")
        found -= which * self._outcomes
        # A sum may have been rounded to the edge.
        return np.clip(found, 0, self._outcomes - 1, out=found).astype(np.int32)


def uneven(random, shape, squarings=3):
    """Return weights of which most are small: uniform numbers, squared again and again."""
    weights = random.random(shape)
    for _ in range(squarings):
        weights *= weights
    return weights


def zipf(size):
    """Return weights of a lexicon, 1 / (rank + 2.7) with ranks from 0 (Mandelbrot 1953)."""
    return 1 / (np.arange(size) + 2.7)


def negative_binomial(mean, shape, longest):
    """Return weights of the lengths 0, 1, ..., longest: one more than a negative binomial number.

    Parameters
    ----------
    mean : float
        Of the lengths, were there no longest.
    shape : float
        The variance is that of a Poisson distribution and the square of its mean over the shape.
    longest : int
    """
    failure = (mean - 1) / (mean - 1 + shape)
    k = np.arange(longest - 1)
    ratios = failure * (k + shape) / (k + 1)
    return np.concatenate([[0.0, 1.0], np.cumprod(ratios)])


def poisson(means, longest):
    """Return weights of the lengths 1, ..., longest, and 0 of none: a row a mean."""
    ratios = np.asarray(means, dtype=np.float64)[:, None] / np.arange(2, longest + 1)
    begin = np.broadcast_to([0.0, 1.0], (len(ratios), 2))
    return np.concatenate([begin, np.cumprod(ratios, axis=1)], axis=1)


def markov_chains(random, initial, transitions, lengths):
    """Draw a Markov chain for each sequence.

    Parameters
    ----------
    random : numpy.random.Generator
    initial, transitions : Distributions
        Of the first state, and of the next given a state.
    lengths : numpy.ndarray of int64
        At least 1 each.

    Returns
    -------
    numpy.ndarray of int32 [sum of the lengths]
    """
    # The longest first: those that go on are then always the first so many.
    order = np.argsort(-lengths, kind="stable")
    begins = (np.cumsum(lengths) - lengths)[order]
    going_on = np.searchsorted(-lengths[order], -np.arange(1, lengths.max()), side="left")
    states = np.empty(lengths.sum(), dtype=np.int32)
    here = initial.draw(random, len(lengths))
    states[begins] = here
    for position, count in enumerate(going_on, start=1):
        here = transitions.draw(random, here[:count])
        states[begins[:count] + position] = here
    return states


class Numbering:
    """Gives words numbers by falling frequency, ties by first use, as the encoders do.

    Parameters
    ----------
    size : int
        How many words the model has.

    Attributes
    ----------
    tokens : int
        How many were added.
    """

    def __init__(self, size):
        self.tokens = 0
        self._counts = np.zeros(size, dtype=np.int64)
        self._first_use = np.full(size, -1)

    def add(self, words):
        """Count the next tokens, the words as the model numbers them."""
        first = np.full(len(self._counts), -1)
        # Of several values for one place the last stays: here, that of the first token.
        first[words[::-1]] = np.arange(self.tokens + len(words), self.tokens, -1) - 1
        self._first_use = np.where(self._counts == 0, first, self._first_use)
        self._counts += np.bincount(words, minlength=len(self._counts))
        self.tokens += len(words)

    @cached_property
    def used(self):
        """The model's words that were used, in the order of their new numbers."""
        order = np.lexsort((self._first_use, -self._counts))
        return order[: np.count_nonzero(self._counts)]

    @cached_property
    def numbers(self):
        """The new number of each of the model's words, int32; -1 if it was not used."""
        numbers = np.full(len(self._counts), -1, dtype=np.int32)
        numbers[self.used] = np.arange(len(self.used), dtype=np.int32)
        return numbers


class Offsets:
    """Turns lengths, given part after part, into offsets."""

    def __init__(self):
        self._begin = np.zeros(1, dtype=np.int64)
        self._end = 0

    def __call__(self, lengths):
        """Return where the next sequences end; the first time, with a 0 before."""
        offsets = np.concatenate([self._begin, self._end + np.cumsum(lengths)])
        self._begin, self._end = self._begin[:0], offsets[-1]
        return offsets
