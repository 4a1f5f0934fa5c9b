"""Single-processor mini-batch learning: the curve that all others are compared with."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Look, Schedule


@dataclass(frozen=True)
class Single(Schedule):
    """One processor, one mini-batch after another (Gimpel, Das & Smith 2010, section 2)."""

    name = "single"
    look = Look("#1a1a1a", "solid", 1.2)
    rank = 0
    most_processors = 1
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.DELAY, Instruction.UPDATE)
