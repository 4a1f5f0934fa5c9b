"""Curve points: when they are due, and the curve that they make."""

from fractions import Fraction

import numpy as np

from staleness.algorithms.arrays import digest
from staleness.algorithms.configuration import METRICS

# Each curve point is at least this share later than the one before: when something happens is then
# known equally well early and late, and no point is paid for that would tell less.
LEAST_STEP = Fraction(1, 10)


def evaluations(configuration, examples):
    """Return after how many examples curve points are due, ascending, a list.

    `evaluations` of them an epoch, as far as they are `LEAST_STEP` apart, and the last. Batch
    learning has all of them: there each iteration is of interest.
    """
    intervals = configuration.epochs * configuration.evaluations or 1
    due = [configuration.epochs * examples * k // intervals for k in range(1, intervals + 1)]
    if configuration.mini_batch_size is None:
        return due
    kept = [0]
    for point in due[:-1]:
        if point >= kept[-1] * (1 + LEAST_STEP):
            kept.append(point)
    return [*kept[1:], due[-1]]


def curve_of(points):
    """Return the curve of `Result`.

    Parameters
    ----------
    points : list of tuple
        Seconds, updates, examples, epoch, and a dict of metrics.
    """
    rows = [(*facts, *metrics.values()) for *facts, metrics in points]
    metrics = points[-1][-1]
    names = ("time_s", "updates", "examples", "epoch", *metrics)
    types = (np.float64, np.int64, np.int64, *[np.float64] * (len(metrics) + 1))
    columns = zip(names, types, zip(*rows, strict=True), strict=True)
    return {name: np.array(values, dtype=kind) for name, kind, values in columns}


def curve_digest(curve):
    """Return what a curve is known by: the digest of its columns, but metrics that are added.

    Parameters
    ----------
    curve : dict of str to ndarray
    """
    return digest({name: values for name, values in curve.items() if name not in METRICS})
