"""That compiled code computes as IEEE 754 says is found out, not believed."""

import os
import subprocess
import sys

import pytest

from staleness.kernels import arithmetic

FUNCTIONS = {
    "_multiply": ((2.0**-126, 0.5), 0.0, "denormal numbers"),
    "_multiply_doubles": ((2.0**-1022, 0.5), 0.0, "denormal numbers"),
    "_multiply_and_add": ((1.0, 1.0, 1.0), 2.0**-46, "rounded once"),
    "_multiply_and_add_doubles": ((1.0, 1.0, 1.0), 2.0**-104, "rounded once"),
    "_sum_beyond": ((2.0**24, 1.0), 64.0, "another order"),
    "_wrong_quotients": ((3.0,), 1, "quotients"),
    "_wrong_roots": ((), 1, "square roots"),
    "_is_itself": ((1.0,), True, "NaN"),
    "_add_zero": ((-0.0,), -0.0, "no sign"),
    "_add": ((1.0, 0.0), 1 + 2.0**-23, "rounded to the nearest"),
    "_tenth": ((), 0.10000000149011612, "constants"),
}


def test_this_build_is_exact_and_says_what_made_it():
    assert arithmetic.fault() is None
    assert arithmetic.COMPILER != arithmetic.COMPILE != "unknown"
    assert "-ffp-contract=off" in arithmetic.COMPILE


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_fact_counts(name, monkeypatch):
    arguments, wrong, said = FUNCTIONS[name]
    getattr(arithmetic, name)(*arguments)
    monkeypatch.setattr(arithmetic, name, lambda *_: wrong)
    assert said in arithmetic.fault()
    assert "run 'make clean env' (" in arithmetic.fault()  # 'make env' finds nothing to do


# As a library does that was linked with -ffast-math: bits 15 and 6 of x86's MXCSR, in this thread.
FLUSH = """
import ctypes, mmap
code = bytes.fromhex("0fae5c24fc814c24fc408000000fae5424fcc3")
page = mmap.mmap(-1, mmap.PAGESIZE, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(code)
ctypes.CFUNCTYPE(None)(ctypes.addressof(ctypes.c_char.from_buffer(page)))()
"""


@pytest.mark.processor("x86_64")
def test_another_library_that_switches_denormals_off_is_noticed():
    program = f"{FLUSH}\nfrom staleness.workflow.cli import main\nmain(['stamp'])"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stdout == ""
    assert done.stderr.startswith(
        "staleness: compiled code does not compute as IEEE 754 says: denormal numbers are taken "
    )
    assert done.stderr.count("\n") == 1


def test_a_level_that_is_none_is_one_line():
    done = subprocess.run(
        [sys.executable, "-m", "staleness.workflow", "run", "ner", "--schedule", "single"],
        env=os.environ | {"STALENESS_LEVEL": "new"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr == (
        "staleness: STALENESS_LEVEL='new': it is a level of x86-64, 1 to 4, or not set\n"
    )
