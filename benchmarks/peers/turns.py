"""Two programs by turns on one core, so that what the machine does besides falls on both."""

import os
import statistics
import time
from typing import NamedTuple


def on_one_core():
    """Keep this process, and threads it starts from now on, to one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def take_turns(ours, theirs, rounds):
    """Measure two programs by turns.

    Parameters
    ----------
    ours, theirs : tuple of callable and int
        What to call, and how often in a row.
    rounds : int

    Returns
    -------
    ours, theirs : Measured
    """
    found = [], []
    for _ in range(rounds):
        for (work, times), measured in zip((ours, theirs), found, strict=True):
            measured.append(clock(work, times))
    return tuple(Measured(*map(list, zip(*measured, strict=True))) for measured in found)


def clock(work, times):
    """Call a function so many times; return seconds a call, and CPU time over wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    wall = time.perf_counter() - wall
    return wall / times, (time.process_time() - cpu) / wall


class Measured(NamedTuple):
    """What a program took, round by round: seconds a call, and CPU time over wall time."""

    seconds: list[float]
    shares: list[float]

    def speed(self, work, unit, form=",.0f"):
        """Return how much work a second that is, as text."""
        speeds = spread([work / seconds for seconds in self.seconds], form)
        return f"{speeds} {unit}/s, {self.share()}"

    def time(self):
        """Return the seconds, as text."""
        return f"{spread(self.seconds, '.4f')} s, {self.share()}"

    def share(self):
        """Return CPU time over wall time, as text: well below 1, something else was running."""
        return f"CPU time / wall time {statistics.median(self.shares):.2f}"

    def times_as_fast_as(self, other):
        """Return the ratio of the speeds, as text."""
        ratios = [b / a for a, b in zip(self.seconds, other.seconds, strict=True)]
        return f"ratio, round by round: {spread(ratios, '.1f')}"


def spread(values, form):
    """Return the median of some numbers and, in brackets, the least and the most."""
    middle, least, most = (f(values) for f in (statistics.median, min, max))
    return f"{middle:{form}} ({least:{form}} to {most:{form}})"
