"""What must be there before anything is installed or compiled: `python requirements/toolchain.py`.

Ends with 0, or with one line that says what is missing and how to get it. The Makefile asks with
the user's own Python, which may be too old for anything else here; `setup.py` asks again what
compilers are told.
"""

import os
import re
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile

OLDEST = (3, 11)
# Of setuptools: where compilers, and what they are told, come from.
VARIABLES = (
    "CC",
    "CXX",
    "CFLAGS",
    "CXXFLAGS",
    "CPPFLAGS",
    "LDFLAGS",
    "LDSHARED",
    "LDCXXSHARED",
)
# Options of GCC, Clang and Intel's compiler that change what arithmetic gives.
INEXACT = re.compile(
    r"-Ofast|-fast|-ffast-math|-funsafe-math-optimizations|-fassociative-math|-freciprocal-math"
    r"|-ffinite-math-only|-fno-honor-(nans|infinities)|-fno-signed-zeros|-fapprox-func"
    r"|-fsingle-precision-constant|-fexcess-precision=fast"
    r"|-f?fp-model=(fast|aggressive).*|-fdenormal-fp-math=(?!ieee).*|-ffp-contract=(?!off).*"
    r"|-mfpmath=(?!sse$).*|-mrecip(=(?!none).*)?|-mdaz-ftz|-ftz|-ffp-eval-method=(?!source).*"
)
PROBE = "#include <Python.h>\n#include <vector>\nstd::vector<int> probe(1);\n"


def inexact(options):
    """Return those of some options that change what arithmetic gives, a list of str."""
    return [option for option in options if INEXACT.fullmatch(option)]


def refused(environment):
    """Return a line on the first option in the environment that changes arithmetic, or None."""
    for name in VARIABLES:
        try:
            found = inexact(shlex.split(environment.get(name, "")))
        except ValueError as error:
            return f"{name}={environment[name]!r} cannot be taken apart ({error}): unset it"
        if found:
            return (
                f"{name} has {found[0]}, with which results are no longer the same bits on every "
                f"machine: take it out of {name}"
            )
    return None


def missing():
    """Return a line on the first thing that is missing here, None if nothing is."""
    if sys.version_info < OLDEST:
        found = sys.version.split()[0]
        return f"Python 3.11 or newer is needed, this is {found}: make PYTHON=python3.11 ..."
    for module in ("venv", "ensurepip"):
        try:
            __import__(module)
        except ImportError:
            return needed(f"Python's module {module}", "python3-venv", "python3-libs")
    wrong = refused(os.environ)
    if wrong:
        return wrong
    compiler = shlex.split(os.environ.get("CXX") or sysconfig.get_config_var("CXX") or "g++")
    for name in (
        shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")[0],
        compiler[0],
    ):
        if shutil.which(name) is None:
            return needed(f"a C++ compiler, '{name}'", "g++", "gcc-c++")
    folder = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(folder, "Python.h")):
        return needed(f"Python.h in {folder}", "python3-dev", "python3-devel")
    return unusable(compiler, folder)


def needed(what, debian, fedora):
    """Return the line on something that a package of the system has."""
    return f"{what} is needed: install {debian} (Debian, Ubuntu) or {fedora} (Fedora)"


def unusable(compiler, include):
    """Return a line on why a compiler makes no extension module of Python, None if it does."""
    options = shlex.split(os.environ.get("CXXFLAGS", ""))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROBE)
        command = [*compiler, *options, "-I", include, "-shared", "-fPIC", source]
        try:
            tried = subprocess.run(
                [*command, "-o", os.path.join(folder, "probe.so")],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            return f"the C++ compiler '{compiler[0]}' does not start: {error}"
    if tried.returncode == 0:
        return None
    lines = tried.stdout.decode(errors="replace").splitlines()
    errors = [line for line in lines if "error" in line] or lines or ["it says nothing"]
    return needed(
        f"'{shlex.join([*compiler, *options])}' does not compile ({errors[0].strip()}): set CXX "
        "and CXXFLAGS right, or unset them; a C++ compiler with its library",
        "g++",
        "gcc-c++",
    )


if __name__ == "__main__":
    found = missing()
    sys.exit(found and f"staleness: {found}")
