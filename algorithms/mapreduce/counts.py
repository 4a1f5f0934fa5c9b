"""Statistics on their way from mappers to the driver: sums over examples, by row of parameters."""

import time
from typing import NamedTuple

import numpy as np

SORTING = 16  # times as long as looking at a row takes to sort one in
WINDOW = 2**18  # sums that are added up at a time: in float64 they fit into a core's cache


class Counts(NamedTuple):
    """Rows of sums; a row that is not there is 0.

    Attributes
    ----------
    rows : ndarray of int32 [n] or None
        Ascending. None of a job's only mapper (`Theta.for_one`): the driver knows them; values are
        of those that theta was sent of, zeros too.
    values : ndarray of float32 [n, width]
    objective : float
        Of the examples, where the model has one.
    examples, work : int
        How many, and what they cost.
    mapped : tuple of two floats
        Seconds since the epoch at which the first mapper began and the last one ended.
    ahead : ndarray of int32 or None
        Rows that the same mappers will have to do with next.
    moved : int
        Bytes of arrays that have been handed on to make this, its own among them.
    """

    rows: np.ndarray | None
    values: np.ndarray
    objective: float = 0.0
    examples: int = 0
    work: int = 0
    mapped: tuple[float, float] = (0.0, 0.0)
    ahead: np.ndarray | None = None
    moved: int = 0

    @classmethod
    def of(cls, rows, values, began, **facts):
        """Return those rows of a float array [n, width] that are not 0 everywhere.

        Parameters
        ----------
        rows : ndarray of int [n] or None
            None to name none, and to leave none away.
        values : ndarray [n, width]
        began : float
            Seconds since the epoch when the mapper did.
        **facts
            objective, examples, work, ahead.
        """
        if rows is not None:
            there = np.flatnonzero((values != 0).any(axis=1))
            rows, values = rows[there].astype(np.int32, copy=False), values[there]
        counts = cls(rows, values.astype(np.float32, copy=False), **facts)
        return counts._replace(mapped=(began, time.time()), moved=counts.nbytes)

    @property
    def nbytes(self):
        """Bytes of its arrays."""
        arrays = (self.rows, self.values, self.ahead)
        return sum(values.nbytes for values in arrays if values is not None)

    def dense(self, rows):
        """Return the sums of all rows, float64 [rows, width]."""
        everything = np.zeros((rows, self.values.shape[1]))
        everything[self.rows] = self.values
        return everything


def add(parts):
    """Return the sum of some `Counts`, added up in float64 in their order."""
    if len(parts) == 1:
        return parts[0]._replace(moved=parts[0].moved + parts[0].nbytes)
    rows, values = _sum(parts)
    counts = Counts(
        rows,
        values,
        sum(part.objective for part in parts),
        sum(part.examples for part in parts),
        sum(part.work for part in parts),
        (min(part.mapped[0] for part in parts), max(part.mapped[1] for part in parts)),
        None if parts[0].ahead is None else union([part.ahead for part in parts]),
    )
    return counts._replace(moved=sum(part.moved for part in parts) + counts.nbytes)


def _sum(parts):
    """Return rows and values of the sum of some `Counts`."""
    rows, values = [part.rows for part in parts], [part.values for part in parts]
    if not _few(rows):
        windows = zip(*_sums(rows, values), strict=True)
        return tuple(np.concatenate(window) for window in windows)
    # Numbered without those that nobody has.
    everyone = merge(rows)
    numbers = [np.searchsorted(everyone, own) for own in rows]
    return everyone, np.concatenate([sums for _, sums in _sums(numbers, values)])


def _few(parts):
    """Return whether it costs more to look at all rows than to sort those in some arrays."""
    return SORTING * sum(len(part) for part in parts) < _end(parts)


def _end(parts):
    """Return the number above all in some ascending arrays, at least 1."""
    return max((int(part[-1]) + 1 for part in parts if len(part)), default=1)


def _sums(parts, values):
    """Yield rows and sums of the values that some rows have, of windows that fit into the cache."""
    width = values[0].shape[1]
    size = max(WINDOW // width, 1)
    end = _end(parts)
    begins = range(0, end, size)
    places = [np.searchsorted(part, [*begins, end]).tolist() for part in parts]
    total, there = np.zeros((size, width)), np.zeros(size, dtype=bool)
    for window, begin in enumerate(begins):
        total[:], there[:] = 0.0, False
        for part, held, place in zip(parts, values, places, strict=True):
            own = slice(place[window], place[window + 1])
            rows = part[own] - begin
            total[rows] += held[own]
            there[rows] = True
        rows = np.flatnonzero(there)
        yield (rows + begin).astype(np.int32), total[rows].astype(np.float32)


def union(parts):
    """Return the rows that stand in some arrays of them, int32, each once, ascending."""
    if _few(parts):
        return merge(parts)
    there = np.zeros(_end(parts), dtype=bool)
    for part in parts:
        there[part] = True
    return np.flatnonzero(there).astype(np.int32)


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
