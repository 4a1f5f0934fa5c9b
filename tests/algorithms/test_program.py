"""Programs: what clocks refuse to run, and a message that says why."""

import pytest

from staleness.algorithms.program import Instruction, check, instructions, operands
from staleness.algorithms.schedules.replicated import Replicated

TAKE, COMPUTE, UPDATE, REPEAT = (
    getattr(Instruction, name) for name in ("TAKE", "COMPUTE", "UPDATE", "REPEAT")
)


SHARE, BARRIER, ALL = Instruction.SHARE, Instruction.BARRIER, Instruction.UPDATE_ALL


def test_instructions_and_operands_are_told_apart():
    program = Replicated(average_every=7).program
    assert instructions(program)[3:6] == [UPDATE, REPEAT, Instruction.BARRIER]
    assert operands(program)[3:6] == [0, 7, 0]
    check(program)


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ((), "a program begins with TAKE, SHARE or DEAL"),
        ((COMPUTE, UPDATE), "a program begins with TAKE, SHARE or DEAL"),
        ((TAKE, COMPUTE, TAKE, COMPUTE), "and has no other of them"),
        ((TAKE, COMPUTE, REPEAT), "REPEAT needs an operand"),
        ((TAKE, (COMPUTE, 2)), "COMPUTE has no operand"),
        ((TAKE, (REPEAT, 2), (REPEAT, 2)), "a program has one REPEAT"),
        ((TAKE, (REPEAT, 0)), "REPEAT needs a whole number of at least 1, not 0"),
        ((SHARE, COMPUTE, ALL, BARRIER), "UPDATE_ALL stands between two barriers"),
        ((SHARE, COMPUTE, BARRIER, ALL), "UPDATE_ALL stands between two barriers"),
        ((TAKE, (REPEAT, 1.5)), r"REPEAT needs a whole number of at least 1, not 1\.5"),
    ],
    ids=str,
)
def test_programs_that_make_no_sense(program, message):
    with pytest.raises(ValueError, match=message):
        check(program)
