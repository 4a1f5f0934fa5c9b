"""A cluster on a clock of its own: jobs done in this process, in the time that others would take.

What jobs compute is computed for real, when they are submitted; when they end is what a cost model
says of as many workers as there are to be. So a run is a function of its configuration alone.

A job waits for its start-up, which is all that a job takes that does nothing: theta is sent, tasks
are dealt out, a sum comes back. Then each of its mappers takes the first worker that is free,
before those of later jobs do. A reduce has a place of its own and begins when it has all that it
adds up; it takes as long as the update rule's own update, which adds up as much. Then comes the
driver's: it makes the whole of theta anew, as a batch update does.
"""

import heapq
from dataclasses import dataclass
from typing import NamedTuple

from staleness.algorithms.delays import PATTERN
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.counts import Counts
from staleness.algorithms.mapreduce.engine import Engine

MEASURED = "measured"


class Startup(NamedTuple):
    """Seconds that pass before a job's first mapper may begin."""

    job: float
    task: float = 0.0

    @classmethod
    def parse(cls, text):
        """Read "measured" or "20s".

        Raises
        ------
        StalenessError
            If it is neither.
        """
        if text == MEASURED:
            return DASK
        match = PATTERN.fullmatch(text)
        if not match or match[2] != "s":
            raise StalenessError(
                f"job start-up '{text}': expected seconds as in '20s', or '{MEASURED}'"
            )
        return cls(float(match[1]))

    def of(self, tasks):
        """Return the seconds of a job of so many tasks."""
        return self.job + self.task * tasks


DASK = Startup(0.028, 0.0011)
"""Dask with 2 workers on 2 cores, by `python -m benchmarks.mapreduce`: an empty job of 6 + 1 tasks
takes 35 ms, one of 24 + 1 tasks 55 ms."""


@dataclass(frozen=True)
class Job:
    """A job, with what comes of it: a value or an exception, at a time."""

    value: object
    error: Exception | None
    end: float


class Simulated(Engine):
    """Virtual workers.

    Parameters
    ----------
    workers : int
    startup : str
        "measured", or seconds as in "20s"; see `Startup`.
    costs : staleness.algorithms.costs.Costs
        Of the update rule, alone: what mappers and reducers take.
    whole : staleness.algorithms.costs.Costs
        Of the task's batch rule: what the driver's update takes.
    """

    def __init__(self, workers, startup, costs, whole):
        self._free = [0.0] * workers  # when each of them is: a heap
        self._named_startup, self._startup = startup, Startup.parse(startup)
        self._costs = costs
        self._whole = whole
        self._now = 0.0

    def now(self):
        """Return virtual seconds; see `Engine`."""
        return self._now

    def updated(self, counts):
        """Let the time of the driver's update pass; see `Engine`."""
        self._now += _adding(self._whole, counts)
        return self._now

    def place(self, make, *arguments):
        """Return what workers would keep; see `Engine`."""
        return [make(*values) for values in zip(*arguments, strict=True)]

    def broadcast(self, value):
        """Return the value; see `Engine`."""
        return value

    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        """Do a job, and find out when it would have ended; see `Engine`."""
        shares = min(reducers, len(partitions))
        tasks = len(partitions) + shares + (shares > 1)
        ready = self._now + self._startup.of(tasks)
        try:
            parts = [function(partition, *arguments) for partition in partitions]
            mapped = [self._map(part, ready) for part in parts]
            # Each of them as soon as it has its share, and one more when they have ended.
            reduced = [
                self._reduce(reduce, parts[k::shares], max(end for _, end in mapped[k::shares]))
                for k in range(shares)
            ]
            value, end = reduced[0]
            if shares > 1:
                values, ends = zip(*reduced, strict=True)
                value, end = self._reduce(reduce, list(values), max(ends))
        except FloatingPointError as error:
            return Job(None, error, ready)
        if isinstance(value, Counts):
            begins, ends = zip(*mapped, strict=True)
            value = value._replace(mapped=(min(begins), max(ends)))
        return Job(value, None, end)

    def _map(self, part, ready):
        """Give a mapper the next worker that is free; return when it begins and ends."""
        begin = max(ready, heapq.heappop(self._free))
        costs, seconds = self._costs, 0.0
        if isinstance(part, Counts):
            seconds = costs.compute_fixed
            seconds += costs.compute_example * part.examples + costs.compute_work * part.work
        heapq.heappush(self._free, begin + seconds)
        return begin, begin + seconds

    def _reduce(self, reduce, parts, begin):
        """Return what some parts make, and when."""
        value = reduce(parts)
        return value, begin + _adding(self._costs, value)

    def first(self, jobs):
        """Wait for the job that ends first, of several the first submitted; see `Engine`."""
        ends = [job.end for job in jobs]
        first = ends.index(min(ends))
        self._wait(jobs[first])
        return first

    def result(self, job):
        """Wait for a job, and return what came of it; see `Engine`."""
        self._wait(job)
        if job.error is not None:
            raise job.error
        return job.value

    def _wait(self, job):
        self._now = max(self._now, job.end)

    def release(self, *handles):
        """Do nothing: what nobody holds is gone; see `Engine`."""

    def describe(self):
        """Return what it is; see `Engine`."""
        return {
            "name": "simulated",
            "workers": len(self._free),
            "job_startup": self._named_startup,
            "update_fixed": self._whole.update_fixed,
            "update_work": self._whole.update_work,
        }

    def close(self):
        """Do nothing; see `Engine`."""


def _adding(costs, counts):
    """Return the seconds of adding up some `Counts`; nothing else takes any."""
    if not isinstance(counts, Counts):
        return 0.0
    return costs.update_fixed + costs.update_work * counts.work
