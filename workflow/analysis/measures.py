"""What is measured of runs: medians over seeds, times to target, speed-ups.

Each is defined here, once:

- A median curve says what a run reached after t seconds. Seeds are evaluated after the same numbers
  of examples but not at the same times, so every seed's metric is interpolated linearly on a common
  axis, whose points are the medians of the times at which the seeds were evaluated; median, lowest
  and highest value are taken there. Past a seed's last point its final value holds.
- The target covers 99 % of the way from where learning starts to the best that can be learned, both
  fixed beforehand (`targets`). Where they are not, the best is that of the single processor: the
  median over its seeds of each seed's best, so that no cell is judged by one lucky evaluation. The
  start is then 0 for shares that should be high, 1 for those that should be low, and for a
  log-likelihood the value before any update, again the median over seeds.
- The time to target of a run is when the metric comes to the target for good, its last crossing;
  the first is kept beside it. Between two curve points the metric is taken to be on a line; that of
  batch learning changes with the later one. A run that ends short of the target has none ("not
  reached"), and counts as infinitely late in medians. So are updates to target counted.
- The speed-up of a cell is the median over the seeds it shares with the single processor of the
  ratio of their times to target (all schedules see the same examples in the same order).

Which way is better a task's `Metric` says.
"""

import math
from dataclasses import dataclass

import numpy as np

from staleness.algorithms.components import choose
from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.analysis.runs import AXIS
from staleness.workflow.analysis.targets import Target


@dataclass(frozen=True)
class Spread:
    """Median, lowest and highest of something over seeds: numbers, or arrays along an axis."""

    median: object
    low: object
    high: object

    @classmethod
    def over(cls, values):
        """Return the spread along the first axis of a list of numbers or of arrays."""
        values = np.asarray(values, dtype=float)
        return cls(np.median(values, axis=0), values.min(axis=0), values.max(axis=0))

    def as_dict(self):
        """Return what JSON can hold; numbers that are not finite become None."""
        return {
            name: float(value) if math.isfinite(value) else None
            for name, value in vars(self).items()
        }


def median_curve(cell, metric):
    """Return a metric over time, the seeds together; see the head of this file.

    Parameters
    ----------
    cell : Cell
    metric : str
        A column of the curves.

    Returns
    -------
    time : ndarray [points]
        Seconds.
    values : Spread of ndarray [points]
    """
    time = np.median([curve["time_s"] for curve in cell.curves], axis=0)
    values = [
        np.interp(time, curve["time_s"], values)
        for curve, values in zip(cell.curves, _columns(cell, metric), strict=True)
    ]
    return time, Spread.over(values)


def mini_batch_seconds(cell):
    """Return the seconds from one update of a cell to the next, the mean over seeds."""
    last = [(curve["time_s"][-1], curve["updates"][-1]) for curve in cell.curves]
    return math.fsum(time / updates for time, updates in last) / len(last)


def final(cell, metric):
    """Return the `Spread` of a metric's last value over the seeds."""
    return Spread.over([values[-1] for values in _columns(cell, metric)])


def first_metric(task):
    """Return the name of the metric that figures show first.

    Raises
    ------
    StalenessError
        If there is no such task.
    """
    if task not in TASKS:
        raise StalenessError(f"runs of task '{task}': this version knows {', '.join(TASKS)}")
    return next(iter(TASKS[task].metrics))


def described(cell, metric):
    """Return what a metric of a cell's task is, a `staleness.algorithms.tasks.Metric`.

    Raises
    ------
    StalenessError
        If there is no such task, or it has no such metric.
    """
    task = cell.configuration["task"]
    first_metric(task)
    return choose(f"metric of task {task}", metric, TASKS[task].metrics)


def way(single, metric):
    """Return the `Target` of a cell; see the head of this file.

    Of a cell with some of another's seeds it is that of the other.
    """
    about = described(single, metric)
    if metric in single.targets:
        return single.targets[metric]
    columns = _columns(single.whole or single, metric)
    most = np.max if about.better == "higher" else np.min
    best = float(np.median([most(values) for values in columns]))
    start = about.worst
    if start is None:
        start = float(np.median([values[0] for values in columns]))
    return Target(start, best, fixed=False)


def target(single, metric):
    """Return the level that covers a cell's `share` of the way; see the head of this file."""
    return way(single, metric).level(single.share)


def time_to_target(time, values, level, better="higher", *, first=False, steps=False):
    """Return when a metric comes to a level.

    Parameters
    ----------
    time, values : ndarray [points]
    level : float
    better : str
        "higher" or "lower": which way it goes.
    first : bool
        When it does so for the first time, not for good.
    steps : bool
        Whether it changes at the points alone, not on a line between them.

    Returns
    -------
    float or None
        None if it does not, or its last value is short of the level.
    """
    sign = 1 if better == "higher" else -1
    above = sign * (np.asarray(values, dtype=float) - level)
    short = np.flatnonzero(above < 0)
    if first:
        past = np.flatnonzero(above >= 0)
        place = past[0] if len(past) else len(above)
    else:
        place = short[-1] + 1 if len(short) else 0
    if place == len(above):
        return None
    if place == 0 or steps:
        return float(time[place])
    before, after = above[place - 1], above[place]
    share = -before / (after - before) if math.isfinite(before) else 1.0
    return float(time[place - 1] + share * (time[place] - time[place - 1]))


def times_to_target(cell, metric, level, axis="time_s", *, first=False):
    """Return the `time_to_target` of each seed, a list of float or None.

    `axis` names what is counted instead of seconds, such as "updates".
    """
    better = described(cell, metric).better
    return [
        time_to_target(curve[axis], values, level, better, first=first, steps=cell.batch)
        for curve, values in zip(cell.curves, _columns(cell, metric), strict=True)
    ]


def median_time_to_target(cell, metric, level, axis="time_s"):
    """Return the median over seeds of the `time_to_target`; None if it is infinitely late."""
    return Spread.over(lateness(times_to_target(cell, metric, level, axis))).as_dict()["median"]


def speed_ups(cell, single, metric, level):
    """Return how many times sooner than the single processor a cell reaches a level, seed by seed.

    Parameters
    ----------
    cell, single : Cell
    metric : str
    level : float

    Returns
    -------
    ndarray
        Of each seed that both have; 0 where only the single
        processor reached the level, infinite where only the cell did, NaN where neither.
    """
    ratios = []
    times = (times_to_target(one, metric, level) for one in runs.paired(cell, single))
    for mine, its in zip(*times, strict=True):
        if mine is None:
            ratios.append(math.nan if its is None else 0.0)
        else:
            ratios.append(math.inf if its is None else _ratio(its, mine))
    return np.array(ratios)


def speed_up(cell, single, metric, level):
    """Return the `Spread` of `speed_ups` over the seeds in which one of the two got there.

    NaN where there is no such seed.
    """
    ratios = speed_ups(cell, single, metric, level)
    ratios = ratios[~np.isnan(ratios)]
    return Spread.over(ratios) if len(ratios) else Spread(math.nan, math.nan, math.nan)


def line(x, y):
    """Return the line of least squares through some points, and how well it fits.

    Parameters
    ----------
    x, y : sequence of float

    Returns
    -------
    slope, intercept, r_squared : float
        NaN if a point is missing or infinite, or all x are the same; the last also if all y are.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if not np.isfinite([*x, *y]).all() or len(x) == 0 or np.ptp(x) == 0:
        return math.nan, math.nan, math.nan
    centred, rise = x - x.mean(), y - y.mean()
    slope = float(centred @ rise / (centred @ centred))
    fit = slope * centred
    total = float(rise @ rise)
    r_squared = float(fit @ fit) / total if total else math.nan
    return slope, float(y.mean() - slope * x.mean()), r_squared


def updates_to_target(cell, metric, level):
    """Return the `Spread` over seeds of the updates made until a level is reached.

    Infinite for seeds that do not reach it.
    """
    return Spread.over(lateness(times_to_target(cell, metric, level, "updates")))


def lateness(times):
    """Return times to target with infinity for None, a list."""
    return [math.inf if time is None else time for time in times]


def _columns(cell, metric):
    for curve in cell.curves:
        if metric not in curve:
            valid = ", ".join(name for name in curve if name not in AXIS)
            raise StalenessError(
                f"runs of {cell.label} have no metric '{metric}': choose one of {valid}"
            )
    return [curve[metric] for curve in cell.curves]


def _ratio(numerator, denominator):
    return numerator / denominator if denominator else (math.inf if numerator else 1.0)
