"""Synchronous mini-batch learning: in step, waiting for the slowest."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Look, Schedule


@dataclass(frozen=True)
class Synchronous(Schedule):
    """Each mini-batch split over the processors, a barrier, one update that all make together.

    Gimpel, Das & Smith (2010), section 4: distributed synchronous online learning. Each processor
    adds its own rows of everybody's statistics. The second barrier keeps everybody from reading
    `theta` before the update is done.
    """

    name = "synchronous"
    updates_of = "single"
    look = Look("#0063a6", (0, (4.2, 1.4)), 1.4)
    rank = 1
    program = (
        Instruction.SHARE,
        Instruction.COMPUTE,
        Instruction.DELAY,
        Instruction.BARRIER,
        Instruction.UPDATE_ALL,
        Instruction.BARRIER,
    )
