"""The instructions that clocks branch on are those that schedules are written in."""

import re

from staleness.algorithms.build import FOLDER
from staleness.algorithms.program import Instruction


def test_both_have_the_same_numbers():
    text = (FOLDER / "clocks" / "instruction.pxd").read_text()
    numbers = {name: int(number) for name, number in re.findall(r"(\w+) = (\d+)", text)}
    assert numbers == {one.name: one.value for one in Instruction}
