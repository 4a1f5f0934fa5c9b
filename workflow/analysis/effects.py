"""What claims measure: medians over seeds, built on the definitions of `measures`."""

import itertools
import math

import numpy as np

from staleness.workflow.analysis import measures
from staleness.workflow.analysis.phrases import MINUS, number

TIMES = "times as fast"


def level(cell):
    """Return the target of the first metric of a cell's task, as that cell sets it."""
    return measures.target(cell, measures.first_metric(cell.configuration["task"]))


def faster(cell, other, target):
    """Return how many times sooner than another a cell reaches the target.

    Parameters
    ----------
    cell, other : staleness.workflow.analysis.runs.Cell
    target : float
        Of the first metric of their task.

    Returns
    -------
    float
        The median over seeds of the ratio of times to target, with runs that end short of it
        infinitely late. Where neither of a pair gets there, nothing is known of its ratio: NaN if
        the median depends on it.
    """
    metric = measures.first_metric(cell.configuration["task"])
    ratios = measures.speed_ups(cell, other, metric, target)
    low, high = (float(np.median(np.where(np.isnan(ratios), at, ratios))) for at in (0, math.inf))
    return low if low == high else math.nan


def gain(cell, other, metric):
    """Return how much better a metric of a cell ends than that of another.

    Parameters
    ----------
    cell, other : staleness.workflow.analysis.runs.Cell
        With the same seeds.
    metric : str

    Returns
    -------
    float
        The median over seeds of the difference after as many passes as both made, positive if the
        cell is better. NaN where they have no such point.
    """
    better = measures.described(cell, metric).better
    pairs = zip(*(_columns(one, metric) for one in (cell, other)), strict=True)
    differences = []
    for (own, mine), (theirs, its) in pairs:
        last = min(own[-1], theirs[-1])
        places = [np.flatnonzero(np.isclose(epoch, last)) for epoch in (own, theirs)]
        if not all(map(len, places)):
            return math.nan
        difference = float(mine[places[0][-1]] - its[places[1][-1]])
        differences.append(difference if better == "higher" else -difference)
    return float(np.median(differences))


def stated(value):
    """Return an effect for people: a number of three digits, "∞", or "?" if it does not exist."""
    if math.isnan(value):
        return "?"
    text = number(value) if math.isfinite(value) else f"{'-' * (value < 0)}\N{INFINITY}"
    return text.replace("-", MINUS)


def quotient(a, b):
    """Return a / b of numbers that are not negative, infinite ones among them, or NaN."""
    if b == 0 or (math.isinf(a) and math.isinf(b)):
        return math.inf if a > 0 and b == 0 else math.nan
    return a / b


def break_even(x, y):
    """Return where y first comes from below 1 to 1, by linear interpolation; NaN if nowhere.

    Parameters
    ----------
    x, y : sequence of float
        By rising x.
    """
    for (before, low), (after, high) in itertools.pairwise(zip(x, y, strict=True)):
        if low < 1 <= high < math.inf:
            return before + (1 - low) / (high - low) * (after - before)
    return math.nan


def _columns(cell, metric):
    return [(curve["epoch"], curve[metric]) for curve in cell.curves]
