"""Single-processor mini-batch learning: the curve that all others are compared with."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


@dataclass(frozen=True)
class Single(Schedule):
    """One processor, one mini-batch after another (Gimpel, Das & Smith 2010, section 2)."""

    name = "single"
    most_processors = 1
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.DELAY, Instruction.UPDATE)
