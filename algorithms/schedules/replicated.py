"""Learning on copies of the parameters that are averaged now and then."""

from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


class Replicated(Schedule):
    """Each processor its own copy of `theta`, all averaged every so many mini-batches.

    Iterative parameter mixing (McDonald, Hall & Mann 2010); several copies of the parameters are
    among what Gimpel, Das & Smith (2010) leave open. Mini-batches are dealt out in turn.
    """

    name = "replicated"
    replicas = True
    program = (
        Instruction.DEAL,
        Instruction.CALC,
        Instruction.DELAY,
        Instruction.UPDATE,
        Instruction.BARRIER,
        Instruction.AVERAGE,
        Instruction.BARRIER,
    )

    @classmethod
    def instructions(cls, average_every):
        """Return the program with the average after `average_every` mini-batches of each."""
        merge = cls.program.index(Instruction.BARRIER)
        return cls.program[:merge] * average_every + cls.program[merge:]
