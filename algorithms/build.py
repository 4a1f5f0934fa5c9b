"""The identity of the code that computes: a digest of its sources.

These are all of the kernels, and of `algorithms` the modules that `run` imports, directly or
through others; a package that is imported itself, since `discover` finds what is in it, is all of
its modules. What surrounds experiments (`doctor`, `calibrate`, what only writes files) is not
among them, nor is what only says where a computation is done.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from staleness import algorithms, kernels

ROOT = "run.py"
SUFFIXES = (".py", ".pyx", ".pxd", ".h", ".json")
# Where jobs of MapReduce are done; what they compute is named in what is sent there.
ELSEWHERE = {"mapreduce/dask.py"}
# Also of Cython's modules, which Python cannot parse.
MODULE = re.compile(r"^\s*c?import\s+staleness\.algorithms\.([\w.]+)", re.MULTILINE)
MODULES = re.compile(
    r"^\s*from\s+staleness\.algorithms([\w.]*)\s+c?import\s+(?:\(([^)]*)\)|(.*))", re.MULTILINE
)


def sources():
    """Return the source files of what computes, a sorted list of (name, Path)."""
    folder = Path(kernels.__file__).parent
    found = _named(folder.rglob("*"), folder)
    folder = Path(algorithms.__file__).parent
    files, left = set(), {folder / "__init__.py", folder / ROOT}
    apart = {folder / name for name in ELSEWHERE}
    while left:
        files |= left
        patterns = set().union(*map(imported, left))
        left = {path for one in patterns for path in folder.glob(one)} - files - apart
        left = {path for path in left if path.suffix in SUFFIXES}
    return sorted(found + _named(files, folder))


def imported(path):
    """Return patterns of the files in `algorithms` that a source file imports, a set of str."""
    text = re.sub("#.*", "", path.read_text(encoding="utf-8"))
    found = set()
    for name in MODULE.findall(text):
        found |= _whole(name.replace(".", "/"))
    for package, *listed in MODULES.findall(text):
        inside = package.removeprefix(".").replace(".", "/")
        if inside:
            found |= _itself(inside)
        # Without what else they may be called.
        names = [name.split()[0] for name in "".join(listed).split(",") if name.strip()]
        found |= set().union(*(_whole(f"{inside}/{name}".lstrip("/")) for name in names))
    return found


def _itself(name):
    """Return patterns of a module, or of a package without its modules, and of what it is in."""
    parts = name.split("/")
    packages = ("/".join(parts[: k + 1]) for k in range(len(parts)))
    return {f"{name}.*", *(f"{package}/__init__.*" for package in packages)}


def _whole(name):
    """Return patterns of a module, or of a package and all within it, and of what it is in."""
    return {*_itself(name), f"{name}/**/*"}


def _named(paths, folder):
    """Return source files with their names, as seen from above their package's folder."""
    return [
        (f"{folder.name}/{path.relative_to(folder).as_posix()}", path)
        for path in paths
        if path.suffix in SUFFIXES
    ]


@cache
def source_digest():
    """Return the SHA-256 of the sources' names and contents."""
    digest = hashlib.sha256()
    for name, path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()
