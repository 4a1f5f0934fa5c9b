"""Learning on copies of the parameters that are averaged now and then."""

from dataclasses import dataclass

from staleness.algorithms.components import check_number, parameter
from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Look, Schedule


@dataclass(frozen=True)
class Replicated(Schedule):
    """Each processor its own copy of `theta`, all averaged every so many mini-batches.

    Iterative parameter mixing (McDonald, Hall & Mann 2010); several copies of the parameters are
    among what Gimpel, Das & Smith (2010) leave open. Mini-batches are dealt out in turn.
    """

    name = "replicated"
    look = Look("#56b4e9", (0, (1.2, 2.4)), 1.6)
    replicas = True

    average_every: int = parameter(250, "mini-batches between averages")

    def __post_init__(self):
        check_number("average_every", self.average_every)

    @property
    def program(self):
        """The instructions; see `Schedule`."""
        return (
            Instruction.DEAL,
            Instruction.COMPUTE,
            Instruction.DELAY,
            Instruction.UPDATE,
            (Instruction.REPEAT, self.average_every),
            Instruction.BARRIER,
            Instruction.AVERAGE,
            Instruction.BARRIER,
        )
