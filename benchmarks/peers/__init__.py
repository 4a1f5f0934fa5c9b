"""The kernels beside what one would otherwise use: one `Peer` a comparison, found by its class.

`benchmarks.compare` measures them all. A new one is a new file here; what several of a file share
is a class beside them that is no `Peer`.
"""

import os
import time
from abc import ABC, abstractmethod
from importlib.metadata import packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import ClassVar, NamedTuple

from staleness.algorithms.arrays import load
from staleness.workflow.corpora.encode import ensure

OURS = "staleness"


class Pass(NamedTuple):
    """What one pass of a program took, and what it found.

    Attributes
    ----------
    seconds : float
        Of the wall clock; preparations and judging are not in it.
    busy : float
        CPU time over wall time: the threads that were really at work.
    amount : int
        Units of work in those seconds.
    found : dict of str to float
        How good the result is, by what is measured.
    """

    seconds: float
    busy: float
    amount: int
    found: dict


class Peer(ABC):
    """The same work by a peer and by ours, each measured in processes of its own.

    Attributes
    ----------
    name : str
        The work.
    program : str
        What the peer is called.
    library : str
        The package of the peer, as it is installed and imported.
    unit : str
        Of the work.
    threads : tuple of int
        Of ours and of the peer; they have as many cores.
    values : int
        That a process measures, after one that is dropped; fewer of what takes long.
    differs : str
        What is not the same on both sides, as sentences; empty where nothing is.
    tolerance : dict of str to float
        How far what both have found may differ, relative to the peer's, by what is measured.

    Parameters
    ----------
    data : path-like
        The folder of corpora; those that are missing are fetched.
    python : str
        The interpreter for what does not run in this one.
    """

    name: ClassVar[str]
    program: ClassVar[str]
    library: ClassVar[str]
    unit: ClassVar[str] = "tokens"
    threads: ClassVar[tuple[int, int]] = (1, 1)
    values: ClassVar[int] = 2
    differs: ClassVar[str] = ""
    tolerance: ClassVar[dict[str, float]] = {}

    def __init__(self, data, python):
        self.data, self.python = Path(data), python

    def missing(self):
        """Return why it cannot be compared with here; None if it can."""
        if find_spec(self.library) is None:
            return f"{self.library} is not installed: 'make compare' installs it"
        return None

    def version(self):
        """Return the version of the peer."""
        return version(packages_distributions()[self.library][0])

    @abstractmethod
    def ours(self):
        """Do the work with ours; return a `Pass`."""

    @abstractmethod
    def theirs(self):
        """Do the work with the peer; return a `Pass`."""

    def corpus(self, name, **options):
        """Return an encoded corpus; `options` are those of its encoder."""
        return load(ensure(name, data=self.data, options=options).folder)


def on_one_core():
    """Keep this process, and threads it starts from now on, to one core."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})


def clock(work, times=1):
    """Call a function so many times; return seconds a call, and CPU time over wall time."""
    cpu, wall = time.process_time(), time.perf_counter()
    for _ in range(times):
        work()
    wall = time.perf_counter() - wall
    return wall / times, (time.process_time() - cpu) / wall


def spread(values, form):
    """Return the median of some numbers and, in brackets, the least and the most."""
    middle, least, most = (f(values) for f in (median, min, max))
    return f"{middle:{form}} ({least:{form}} to {most:{form}})"
