"""Schedules: who computes what when. One file each, found by its class.

A `Schedule` is a program of processors that share memory, a `JobSchedule` one of MapReduce jobs.
Both are frozen dataclasses: their fields are the schedule's own parameters, which it checks.
"""

import math
from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.components import Configurable, check_number, parameter
from staleness.algorithms.program import Instruction, instructions


@dataclass(frozen=True)
class Look:
    """How figures draw the curve of a schedule.

    Curves differ in lightness and in dashes as well as in hue, so that they can be told apart in
    greyscale and by the colour-blind.

    Attributes
    ----------
    colour : str
        "#rrggbb".
    dashes : str or tuple
        "solid", or an offset and lengths of strokes and gaps, as matplotlib has them.
    width : float
        Points.
    """

    colour: str
    dashes: object = "solid"
    width: float = 1.6


class AnySchedule(Configurable):
    """What schedules of both kinds have.

    Attributes
    ----------
    name : str
        What it is called on the command line and in figures.
    most_processors : float
        More than these make no sense.
    batch : bool
        Whether a mini-batch is the whole corpus.
    updates_of : str or None
        The schedule of one processor that makes the same updates at other times, if there is one.
    replicas : bool
        Whether each processor has a copy of `theta` of its own.
    look : Look or None
        How figures draw it; None for one that is chosen by its name.
    rank : int
        Its place in figures and tables, from the lowest; schedules of one rank go by their names.
    """

    kind = "schedule"
    noun = "parameter"
    most_processors: ClassVar[float] = math.inf
    batch: ClassVar[bool] = False
    updates_of: ClassVar[str | None] = None
    replicas: ClassVar[bool] = False
    look: ClassVar[Look | None] = None
    rank: ClassVar[int] = 5

    @classmethod
    def skip(cls, processors):
        """Return why it makes no sense with that many processors, or None."""
        if processors > cls.most_processors:
            return f"schedule '{cls.name}' has {cls.most_processors} processor, not {processors}"
        return None


class Schedule(AnySchedule):
    """A schedule, for P processors and mini-batches of m examples.

    Attributes
    ----------
    program : tuple
        What each processor repeats, one turn a mini-batch: instructions, and pairs of one and its
        operand (see `algorithms/program.py`). A property, where it depends on a parameter.
    """

    program: ClassVar[tuple]

    @classmethod
    def shares_theta(cls):
        """Return whether processors keep writing what others are about to read.

        Replicas are not shared, and batch learning writes once an epoch.
        """
        return cls.most_processors > 1 and not cls.replicas and not cls.batch

    def has(self, instruction):
        """Return whether an instruction is in the program."""
        return instruction in instructions(self.program)

    def updates_overlap(self):
        """Return whether several processors may update the same `theta` at the same time."""
        return self.shares_theta() and not self.splits() and not self.has(Instruction.LOCK)

    def splits(self):
        """Return whether each mini-batch is split over the processors."""
        return self.has(Instruction.SHARE)

    def stale(self):
        """Return whether others may update between an update's reading of `theta` and itself."""
        return self.most_processors > 1 and not self.splits()


@dataclass(frozen=True)
class JobSchedule(AnySchedule):
    """A schedule of MapReduce jobs, one a mini-batch, each with one update at the driver.

    Attributes
    ----------
    mappers : int
        Tasks that a job's examples are split over, unless told otherwise.
    reducers : int
        Tasks that add up what mappers leave; with more than one, one more adds up theirs.
    jobs_in_flight : int
        Jobs that are under way at once.
    """

    mappers: int = parameter(1, "tasks that a job's examples are split over")
    reducers: int = parameter(
        1, "tasks that add up what mappers leave; with more than one, in a tree"
    )
    jobs_in_flight: int = parameter(1, "jobs under way at once")

    def __post_init__(self):
        for name, value in asdict(self).items():
            check_number(name, value)

    @classmethod
    def shares_theta(cls):
        """Return that workers write nothing that others read."""
        return False

    def stale(self):
        """Return whether others may update between an update's reading of `theta` and itself."""
        return self.jobs_in_flight > 1

    def splits(self):
        """Return that a trace has one row for each mini-batch, whoever computes it."""
        return False
