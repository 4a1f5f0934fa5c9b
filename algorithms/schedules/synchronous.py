"""Synchronous mini-batch learning: in step, waiting for the slowest."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


@dataclass(frozen=True)
class Synchronous(Schedule):
    """Each mini-batch split over the processors, a barrier, one update.

    Gimpel, Das & Smith (2010), section 4: distributed synchronous online learning. The second
    barrier keeps everybody from reading `theta` before the update is done.
    """

    name = "synchronous"
    program = (
        Instruction.SHARE,
        Instruction.COMPUTE,
        Instruction.DELAY,
        Instruction.BARRIER,
        Instruction.UPDATE_ALL,
        Instruction.BARRIER,
    )
