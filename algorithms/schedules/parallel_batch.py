"""Batch learning on several processors: their statistics summed, one update."""

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


class ParallelBatch(Schedule):
    """The corpus split over the processors, statistics summed in their order, one update.

    Gimpel, Das & Smith (2010), section 3; as on MapReduce (Chu et al. 2006).
    """

    name = "parallel-batch"
    batch = True
    program = (
        Instruction.SHARE,
        Instruction.CALC,
        Instruction.DELAY,
        Instruction.BARRIER,
        Instruction.UPDATE_ALL,
        Instruction.BARRIER,
    )
