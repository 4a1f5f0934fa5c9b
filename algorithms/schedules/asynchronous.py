"""Asynchronous mini-batch learning: out of step, nobody idle, updates stale."""

from dataclasses import dataclass

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Look, Schedule


@dataclass(frozen=True)
class Asynchronous(Schedule):
    """Each processor its own mini-batches, `theta` as it finds it, updates under one lock.

    Gimpel, Das & Smith (2010), section 5; Nedic, Bertsekas & Borkar (2001). Algorithm 1 of section
    5.1 computes from a copy of `theta` that each thread makes under the lock, after its update;
    here a processor reads the rows while another may be changing them.
    """

    name = "asynchronous"
    look = Look("#e0701a", "solid", 2.0)
    rank = 2
    program = (
        Instruction.TAKE,
        Instruction.COMPUTE,
        Instruction.DELAY,
        Instruction.LOCK,
        Instruction.UPDATE,
        Instruction.UNLOCK,
    )
