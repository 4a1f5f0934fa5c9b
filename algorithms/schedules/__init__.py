"""Schedules: who computes what when. One file each, found by its class.

A `Schedule` is a program of processors that share memory, a `JobSchedule` one of MapReduce jobs.
"""

import math

from staleness.algorithms.program import Instruction


class Schedule:
    """A schedule, for P processors and mini-batches of m examples.

    Attributes
    ----------
    name : str
        What it is called on the command line and in figures.
    program : tuple of Instruction
        What each processor repeats, one turn a mini-batch (see `algorithms/program.pyx`).
    most_processors : float
        More than these make no sense.
    batch : bool
        Whether a mini-batch is the whole corpus.
    replicas : bool
        Whether each processor has a copy of `theta` of its own.
    """

    name: str
    program: tuple[Instruction, ...]
    most_processors: float = math.inf
    batch: bool = False
    replicas: bool = False

    @classmethod
    def skip(cls, processors):
        """Return why it makes no sense with that many processors, or None."""
        if processors > cls.most_processors:
            return f"schedule '{cls.name}' has {cls.most_processors} processor, not {processors}"
        return None

    @classmethod
    def instructions(cls, average_every):
        """Return the program; `average_every` counts where replicas are averaged."""
        return cls.program

    @classmethod
    def shares_theta(cls):
        """Return whether processors keep writing what others are about to read.

        Replicas are not shared, and batch learning writes once an epoch.
        """
        return cls.most_processors > 1 and not cls.replicas and not cls.batch

    @classmethod
    def updates_overlap(cls):
        """Return whether several processors may update the same `theta` at the same time."""
        return cls.shares_theta() and not cls.splits() and Instruction.LOCK not in cls.program

    @classmethod
    def splits(cls):
        """Return whether each mini-batch is split over the processors."""
        return Instruction.SHARE in cls.program


class JobSchedule:
    """A schedule of MapReduce jobs, one a mini-batch, each with one update at the driver.

    Attributes
    ----------
    name : str
        What it is called on the command line and in figures.
    batch : bool
        Whether a mini-batch is the whole corpus.
    mappers : int
        Tasks that a job's examples are split over, unless told otherwise.
    reducers : int
        Tasks that add up what mappers leave; with more than one, one more adds up theirs.
    jobs_in_flight : int
        Jobs that are under way at once.
    """

    name: str
    most_processors: float = math.inf
    batch: bool = False
    replicas: bool = False
    mappers: int
    reducers: int
    jobs_in_flight: int

    @classmethod
    def skip(cls, processors):
        """Return why it makes no sense with that many workers, or None."""
        return None

    @classmethod
    def shares_theta(cls):
        """Return that workers write nothing that others read."""
        return False

    @classmethod
    def splits(cls):
        """Return that a trace has one row for each mini-batch, whoever computes it."""
        return False
