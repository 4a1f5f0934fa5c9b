"""Batch learning on one processor."""

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


class SingleBatch(Schedule):
    """One processor, one update a pass over the corpus (Gimpel, Das & Smith 2010, section 2)."""

    name = "single-batch"
    most_processors = 1
    batch = True
    program = (Instruction.TAKE, Instruction.CALC, Instruction.DELAY, Instruction.UPDATE)
