"""Asynchronous mini-batch learning without the lock."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Look, Schedule


@dataclass(frozen=True)
class LockFree(Schedule):
    """As `asynchronous`, but updates may run into each other: Hogwild! (Niu et al. 2011).

    Two processors that add to one parameter at the same moment may lose one of the two additions.
    """

    name = "lock-free"
    look = Look("#aa4499", (0, (6, 1.4, 1.2, 1.4)), 1.6)
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.DELAY, Instruction.UPDATE)
