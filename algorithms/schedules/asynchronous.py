"""Asynchronous mini-batch learning: out of step, nobody idle, updates stale."""

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


class Asynchronous(Schedule):
    """Each processor its own mini-batches, `theta` as it finds it, updates under one lock.

    Gimpel, Das & Smith (2010), section 3; Nedic, Bertsekas & Borkar (2001).
    """

    name = "asynchronous"
    program = (
        Instruction.TAKE,
        Instruction.CALC,
        Instruction.DELAY,
        Instruction.LOCK,
        Instruction.UPDATE,
        Instruction.UNLOCK,
    )
