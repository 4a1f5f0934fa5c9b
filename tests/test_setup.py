"""The build: whatever surrounds it, arithmetic stays exact, and nothing is compiled twice.

One small module stands for all, in a folder of its own.
"""

import os
import shutil
import subprocess
import sys

import pytest

from .sources import ROOT

pytestmark = pytest.mark.slow

PROJECT = """
[project]
name = "staleness"
version = "0"
[tool.setuptools]
packages = ["staleness.kernels"]
package-dir = {"staleness.kernels" = "kernels"}
"""
# As if Python itself, like that of some distributions, had been built for speed.
FAST_PYTHON = """
import runpy, sys, sysconfig
values = sysconfig.get_config_vars()
values["CFLAGS"] += " -Ofast"
values["LDCXXSHARED"] = "g++ -shared -ffast-math"
"""
EDITABLE = "from setuptools import build_meta; build_meta.build_editable('wheel')"
IN_PLACE = "sys.argv = ['setup.py', 'build_ext', '--inplace']; runpy.run_path('setup.py')"
LOAD = """
from importlib.util import module_from_spec, spec_from_file_location
spec = spec_from_file_location("arithmetic", sys.argv[1])
module = module_from_spec(spec)
spec.loader.exec_module(module)
"""
OURS = {"CC", "CXX", "CFLAGS", "CXXFLAGS", "CPPFLAGS", "LDFLAGS", "STALENESS_MARCH"}


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Return a folder in which `setup.py` finds the one module."""
    folder = tmp_path_factory.mktemp("one-module")
    for name in ("kernels", "algorithms"):
        (folder / name).mkdir()
    shutil.copy(ROOT / "setup.py", folder)
    shutil.copytree(ROOT / "requirements", folder / "requirements")
    shutil.copy(ROOT / "kernels" / "arithmetic.pyx", folder / "kernels")
    (folder / "pyproject.toml").write_text(PROJECT)
    return folder


def python(tree, program, *arguments, **surroundings):
    """Run a program in a folder and return its status and all that it said."""
    clean = {name: value for name, value in os.environ.items() if name not in OURS}
    done = subprocess.run(
        [sys.executable, "-c", f"import runpy, sys; {program}", *arguments],
        cwd=tree,
        env=clean | surroundings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout


def compiled(said):
    """Return how many files were compiled, by the commands that were printed."""
    return sum(" -c " in line for line in said.splitlines())


@pytest.mark.parametrize(
    ("name", "value", "option"),
    [
        ("CXXFLAGS", "-O2 -ffast-math", "-ffast-math"),
        ("LDFLAGS", "-Wl,-O1 -Ofast", "-Ofast"),
    ],
)
def test_options_that_change_arithmetic_are_refused(tree, name, value, option):
    status, said = python(tree, IN_PLACE, **{name: value})
    assert status == 1
    assert compiled(said) == 0
    assert said.splitlines()[-1].startswith(f"staleness: {name} has {option}, ")


def test_a_compiler_that_is_fast_by_itself_is_found_out(tree):
    compiler = tree / "fast"
    compiler.write_text('#!/bin/sh\nexec g++ "$@" -ffp-contract=fast -ffast-math\n')
    compiler.chmod(0o755)
    status, said = python(tree, IN_PLACE, CXX=str(compiler), LDCXXSHARED=f"{compiler} -shared")
    assert status == 1
    last = said.splitlines()[-1]
    assert last.startswith("staleness: compiled code does not compute as IEEE 754 says: ")
    assert compiled(said) == 1, "nothing but what asks"
    assert not list((tree / "kernels").glob("*.so"))


def test_compiled_once_and_exact_by_a_python_that_was_built_for_speed(tree):
    """As pip's editable build does it, and then the workflow's rule `kernels`."""
    status, said = python(tree, f"{FAST_PYTHON}\n{EDITABLE}")
    assert status == 0, said
    assert compiled(said) == 2, said
    (module,) = (tree / "kernels").glob("arithmetic.*.so")
    ask = "print(module.fault(), module.COMPILER, module.COMPILE, module.LINK)"
    status, answer = python(tree, f"{LOAD}\n{ask}", module)
    assert status == 0, answer
    assert answer.startswith("None ")
    assert "-ffp-contract=off" in answer
    assert "fast" not in answer
    gone = module.with_name(module.name.replace("arithmetic", "gone"))
    gone.touch()
    status, said = python(tree, f"{FAST_PYTHON}\n{IN_PLACE}")
    assert status == 0, said
    assert compiled(said) == 0, said
    assert module.is_file()
    assert not gone.exists(), "its source is"
