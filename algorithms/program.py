"""The instructions that schedules are written in and clocks carry out.

A schedule is the program that each of its P processors repeats, one turn a mini-batch, until no
mini-batch is left. Both clocks run the same program: one in real threads, one as events.

An instruction with an operand is a pair of the two, as in `(Instruction.REPEAT, 250)`. The first
instruction, and no other, takes a mini-batch. Where none is left, its processor ends; but if REPEAT
has made it begin again, it goes on behind REPEAT.

===========  ===================================================================================
TAKE         claim the next mini-batch of the queue that all processors share, or end
DEAL         take every P-th mini-batch, or end; all take part in the last round
SHARE        take this processor's part of the next mini-batch, split over all of them, or end
COMPUTE      statistics of what was taken, from `theta` as it is when COMPUTE begins
DELAY        pause, if this turn is one that the configured delays fall on
BARRIER      wait until every processor has come here
LOCK         wait, in order of arrival, until the one lock is free, and hold it
UPDATE       apply this processor's statistics as one update
UPDATE_ALL   add this processor's part of the rows of every processor's statistics: one update that
             all make together, between two barriers, which begin and end it
UNLOCK       let the lock go
AVERAGE      on processor 0, give every replica of `theta` their mean; nothing on others
REPEAT n     begin again with the first instruction until this has been done n times, then go on
===========  ===================================================================================
"""

from enum import IntEnum


class Instruction(IntEnum):
    """What a processor does; `clocks/instruction.pxd` has the same numbers."""

    TAKE = 0
    SHARE = 1
    COMPUTE = 2
    DELAY = 3
    BARRIER = 4
    LOCK = 5
    UPDATE = 6
    UPDATE_ALL = 7
    UNLOCK = 8
    DEAL = 9
    AVERAGE = 10
    REPEAT = 11


OBTAINING = {Instruction.TAKE, Instruction.SHARE, Instruction.DEAL}
WITH_OPERAND = {Instruction.REPEAT}


def instructions(program):
    """Return the instructions of a program without their operands, a list."""
    return [step[0] if isinstance(step, tuple) else step for step in program]


def operands(program):
    """Return the operands of a program, a list with 0 for instructions that have none."""
    return [step[1] if isinstance(step, tuple) else 0 for step in program]


def check(program):
    """Raise ValueError unless clocks can run a program."""
    found = instructions(program)
    if [instruction in OBTAINING for instruction in found] != [True] + [False] * (len(found) - 1):
        raise ValueError("a program begins with TAKE, SHARE or DEAL, and has no other of them")
    for step, instruction in zip(program, found, strict=True):
        if isinstance(step, tuple) != (instruction in WITH_OPERAND):
            needs = "needs an" if instruction in WITH_OPERAND else "has no"
            raise ValueError(f"{instruction.name} {needs} operand")
    for place, instruction in enumerate(found):
        around = found[place - 1 : place] + found[place + 1 : place + 2]
        if instruction == Instruction.UPDATE_ALL and around != [Instruction.BARRIER] * 2:
            raise ValueError("UPDATE_ALL stands between two barriers")
    if found.count(Instruction.REPEAT) > 1:
        raise ValueError("a program has one REPEAT")
    if Instruction.REPEAT in found:
        times = operands(program)[found.index(Instruction.REPEAT)]
        if times < 1 or times != int(times):
            raise ValueError(f"REPEAT needs a whole number of at least 1, not {times}")
