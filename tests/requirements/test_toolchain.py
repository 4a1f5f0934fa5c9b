"""What must be there before anything is installed."""

import os
import re
import runpy
import subprocess
import sys

import pytest

from staleness.workflow.environment import PIP_KEPT

from ..sources import ROOT

PROGRAM = ROOT / "requirements" / "toolchain.py"
TOOLCHAIN = runpy.run_path(str(PROGRAM))


def ask(**surroundings):
    """Return the exit status of the program and what it says."""
    clean = {name: v for name, v in os.environ.items() if name not in TOOLCHAIN["VARIABLES"]}
    done = subprocess.run(
        [sys.executable, PROGRAM],
        env=clean | surroundings,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def test_this_machine_has_all():
    assert ask() == (0, "")


@pytest.mark.parametrize(
    ("surroundings", "said"),
    [
        ({"PATH": "/nonexistent"}, r"a C\+\+ compiler, '.*' is needed: install g\+\+ \(Debian"),
        ({"CXX": "no-such-compiler -g"}, "CXX asks for 'no-such-.*: install it, or unset CXX\n$"),
        ({"CC": "/nowhere/clang"}, "CC asks for '/nowhere/clang', .*: install it, or unset CC\n$"),
        ({"CXX": "/nowhere/g++"}, r"'/nowhere/g\+\+' is needed.* or gcc-c\+\+ \(Fedora\)"),
        ({"CXXFLAGS": "-no-such-option"}, r"\(.*-no-such-option.*\): set CXX .* or unset them\n$"),
        ({"CC": "'"}, r"CC=\"'\" cannot be taken apart"),
        ({"CFLAGS": "-g -Ofast"}, "CFLAGS has -Ofast"),
        ({"CXX": "g++ -mrecip"}, "CXX has -mrecip"),
        ({"CPPFLAGS": "-DX -ffinite-math-only"}, "CPPFLAGS has -ffinite-math-only"),
    ],
)
def test_what_is_missing_or_wrong_is_one_line(surroundings, said):
    status, line = ask(**surroundings)
    assert status == 1
    assert line.startswith("staleness: ")
    assert re.search(said, line)
    assert line.count("\n") == 1


def test_python_without_its_headers(monkeypatch, tmp_path):
    monkeypatch.setattr("sysconfig.get_path", lambda name: str(tmp_path))
    for name in TOOLCHAIN["VARIABLES"]:
        monkeypatch.delenv(name, raising=False)
    line = TOOLCHAIN["missing"]()
    assert line.startswith(f"Python.h in {tmp_path} is needed: install python3-dev (Debian")
    assert "python3-devel (Fedora)" in line


def test_the_compiler_that_python_was_built_with_may_be_another(monkeypatch):
    for name in TOOLCHAIN["VARIABLES"]:
        monkeypatch.delenv(name, raising=False)
    for name, said in (
        ("x86_64-linux-gnu-gcc", "install g++ (Debian, Ubuntu) or gcc-c++ (Fedora)"),
        ("icpx", "install it, or set CXX to a compiler that is, such as g++"),
        ("x86_64-conda-linux-gnu-c++", "install it, or set CXX"),
    ):
        assert said in TOOLCHAIN["not_there"]("CXX", name)


@pytest.mark.parametrize("blank", ["", " "])
def test_a_blank_names_no_compiler(monkeypatch, blank):
    monkeypatch.setattr("sysconfig.get_config_var", lambda name: None)
    monkeypatch.setenv("CXX", blank)
    assert TOOLCHAIN["compiler"]("CXX") == ["g++"]


def test_old_python_is_refused_first(monkeypatch):
    monkeypatch.setattr(sys, "version_info", (3, 9, 2))
    assert TOOLCHAIN["missing"]().startswith("Python 3.11 or newer is needed")


@pytest.mark.parametrize(
    "harmless",
    [
        "-O2 -g -pipe -Wall -march=native -fno-math-errno -fno-trapping-math -DFAST",
        "-fsanitize=thread -fno-omit-frame-pointer -flto -ffp-contract=off -mfpmath=sse",
        "-fstack-protector-strong -Wformat -Werror=format-security -ffile-prefix-map=/build=.",
    ],
)
def test_harmless_options_pass(harmless):
    assert TOOLCHAIN["inexact"](harmless.split()) == []


@pytest.mark.parametrize(
    "harmful",
    [
        *("-ffast-math", "-Ofast", "-ffp-contract=fast", "-fp-model=fast", "-ffp-model=fast"),
        *("-mfpmath=387", "-mrecip=all", "-fassociative-math", "-fdenormal-fp-math=positive-zero"),
    ],
)
def test_harmful_options_are_known(harmful):
    assert TOOLCHAIN["inexact"](["-O2", harmful]) == [harmful]


def test_make_lets_through_only_where_packages_come_from(tmp_path):
    """pip must not install elsewhere, nor Python read what is not of the environment."""
    (tmp_path / "show.mk").write_text("include Makefile\nshow:\n\t@env\n")
    surroundings = {
        **{"PIP_USER": "1", "PIP_TARGET": "x", "PIP_REQUIRE_HASHES": "1", "PIP_NO_INDEX": "0"},
        **{"PYTHONPATH": "x", "PYTHONHOME": "x", "PYTHONUSERBASE": "x", "PYTHONWARNINGS": "error"},
        "PYTHONHASHSEED": "1",
    }
    done = subprocess.run(
        ["make", "-C", ROOT, "--no-print-directory", "-f", tmp_path / "show.mk", "show"],
        env=os.environ | surroundings,
        capture_output=True,
        text=True,
        check=True,
    )
    shown = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    assert shown["PIP_USER"] == "0"
    assert shown["PIP_NO_INDEX"] == "0"
    assert shown["PYTHONHASHSEED"] == "1"
    gone = surroundings.keys() - {"PIP_USER", "PIP_NO_INDEX", "PYTHONHASHSEED"}
    assert not gone & shown.keys()
    makefile = (ROOT / "Makefile").read_text().replace("\\\n", "")
    assert set(re.search(r"^KEPT := (.*)$", makefile, re.MULTILINE)[1].split()) == PIP_KEPT
