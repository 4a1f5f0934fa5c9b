"""Asynchronous mini-batch learning without the lock."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


@dataclass(frozen=True)
class LockFree(Schedule):
    """As `asynchronous`, but updates may run into each other: Hogwild! (Niu et al. 2011).

    Two processors that add to one parameter at the same moment may lose one of the two additions.
    """

    name = "lock-free"
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.DELAY, Instruction.UPDATE)
