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
# What the package g++ brings.
OF_THE_PACKAGE = re.compile(r"(\w+-linux-gnu-)?(gcc|g\+\+|cc|c\+\+)")
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
    for variable in ("CC", "CXX"):
        name = compiler(variable)[0]
        if shutil.which(name) is None:
            return not_there(variable, name)
    folder = sysconfig.get_path("include")
    if not os.path.exists(os.path.join(folder, "Python.h")):
        return needed(f"Python.h in {folder}", "python3-dev", "python3-devel")
    return unusable(compiler("CXX"), folder)


def compiler(variable):
    """Return the command of the C (CC) or C++ compiler (CXX) that setuptools takes, a list."""
    asked = os.environ.get(variable) or sysconfig.get_config_var(variable) or ""
    return shlex.split(asked) or [{"CC": "cc", "CXX": "g++"}[variable]]


def not_there(variable, name):
    """Return the line on a compiler that cannot be found."""
    if OF_THE_PACKAGE.fullmatch(os.path.basename(name)):
        return needed(f"a C++ compiler, '{name}'", "g++", "gcc-c++")
    if os.environ.get(variable):
        return f"{variable} asks for '{name}', which is not there: install it, or unset {variable}"
    return (
        f"'{name}', which this Python was built with, is not there: install it, or set {variable} "
        "to a compiler that is, such as g++"
    )


def needed(what, debian, fedora):
    """Return the line on something that a package of the system has."""
    return f"{what} is needed: install {debian} (Debian, Ubuntu) or {fedora} (Fedora)"


def unusable(command, include):
    """Return a line on why a compiler makes no extension module of Python, None if it does."""
    options = shlex.split(os.environ.get("CXXFLAGS", ""))
    with tempfile.TemporaryDirectory() as folder:
        source = os.path.join(folder, "probe.cpp")
        with open(source, "w", encoding="utf-8") as file:
            file.write(PROBE)
        probe = [*command, *options, "-I", include, "-shared", "-fPIC", source]
        try:
            tried = subprocess.run(
                [*probe, "-o", os.path.join(folder, "probe.so")],
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                check=False,
            )
        except OSError as error:
            return f"the C++ compiler '{command[0]}' does not start: {error}"
    if tried.returncode == 0:
        return None
    lines = tried.stdout.decode(errors="replace").splitlines()
    errors = [line for line in lines if "error" in line] or lines or ["it says nothing"]
    said = f"'{shlex.join([*command, *options])}' does not compile ({errors[0].strip()})"
    if os.environ.get("CXX") or options:
        return f"{said}: set CXX and CXXFLAGS right, or unset them"
    return needed(f"{said}: a C++ compiler with its library", "g++", "gcc-c++")


if __name__ == "__main__":
    found = missing()
    sys.exit(found and f"staleness: {found}")
