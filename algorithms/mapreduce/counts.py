"""Statistics on their way from mappers to the driver: sums over examples, by row of parameters."""

import time
from typing import NamedTuple

import numpy as np

WINDOW = 2**18  # sums that are added up at a time: in float64 they fit into a core's cache


class Counts(NamedTuple):
    """Rows of sums; a row that is not there is 0.

    Attributes
    ----------
    rows : ndarray of int32 [n]
        Ascending.
    values : ndarray of float32 [n, width]
    objective : float
        Of the examples, where the model has one.
    examples, work : int
        How many, and what they cost.
    mapped : tuple of two floats
        Seconds since the epoch at which the first mapper began and the last one ended.
    moved : int
        Bytes of rows and values that have been handed on to make this, its own among them.
    """

    rows: np.ndarray
    values: np.ndarray
    objective: float = 0.0
    examples: int = 0
    work: int = 0
    mapped: tuple[float, float] = (0.0, 0.0)
    moved: int = 0

    @classmethod
    def of(cls, rows, values, began, **facts):
        """Return those rows of a float array [n, width] that are not 0 everywhere.

        Parameters
        ----------
        rows : ndarray of int [n]
        values : ndarray [n, width]
        began : float
            Seconds since the epoch when the mapper did.
        **facts
            objective, examples, work.
        """
        there = np.flatnonzero((values != 0).any(axis=1))
        counts = cls(rows[there].astype(np.int32), values[there].astype(np.float32), **facts)
        return counts._replace(mapped=(began, time.time()), moved=counts.nbytes)

    @property
    def nbytes(self):
        """Bytes of its arrays."""
        return self.rows.nbytes + self.values.nbytes

    def dense(self, rows):
        """Return the sums of all rows, float64 [rows, width]."""
        everything = np.zeros((rows, self.values.shape[1]))
        everything[self.rows] = self.values
        return everything


def add(parts):
    """Return the sum of some `Counts`, added up in float64 in their order."""
    rows, values = zip(*_sums(parts), strict=True)
    counts = Counts(
        np.concatenate(rows),
        np.concatenate(values),
        sum(part.objective for part in parts),
        sum(part.examples for part in parts),
        sum(part.work for part in parts),
        (min(part.mapped[0] for part in parts), max(part.mapped[1] for part in parts)),
    )
    return counts._replace(moved=sum(part.moved for part in parts) + counts.nbytes)


def _sums(parts):
    """Yield rows and values of the sum of some `Counts`, of windows that fit into the cache."""
    width = parts[0].values.shape[1]
    size = max(WINDOW // width, 1)
    end = max((int(part.rows[-1]) + 1 for part in parts if len(part.rows)), default=1)
    begins = range(0, end, size)
    places = [np.searchsorted(part.rows, [*begins, end]).tolist() for part in parts]
    total, there = np.zeros((size, width)), np.zeros(size, dtype=bool)
    for window, begin in enumerate(begins):
        total[:], there[:] = 0.0, False
        for part, place in zip(parts, places, strict=True):
            own = slice(place[window], place[window + 1])
            rows = part.rows[own] - begin
            total[rows] += part.values[own]
            there[rows] = True
        rows = np.flatnonzero(there)
        yield (rows + begin).astype(np.int32), total[rows].astype(np.float32)


def add_tallies(parts):
    """Return the sum of some dicts of numbers and arrays, by name."""
    return {name: sum(part[name] for part in parts) for name in parts[0]}


def merge(parts):
    """Return what stands in some sorted arrays, each value once, sorted.

    Window by window of values, so that beside parts and result there is never another copy of all.
    """
    longest = max(parts, key=len)
    places = [np.searchsorted(part, longest[:: WINDOW // len(parts) or 1]) for part in parts]
    places = [
        [0, *place[1:].tolist(), len(part)] for part, place in zip(parts, places, strict=True)
    ]
    windows = (
        [part[slice(*place[k : k + 2])] for part, place in zip(parts, places, strict=True)]
        for k in range(len(places[0]) - 1)
    )
    return np.concatenate([_distinct(np.sort(np.concatenate(window))) for window in windows])


def _distinct(values):
    """Return what stands in a sorted array, each value once: faster than numpy, which hashes."""
    return values[np.diff(values, prepend=values[:1] - 1) != 0]
