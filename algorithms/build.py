"""The identity of the code that computes: a digest of its sources.

These are all of the kernels, and of `algorithms` the modules and packages that `run` imports,
directly or through others. What surrounds experiments (`doctor`, `calibrate`, what only writes
files) is not among them.
"""

import hashlib
import re
from functools import cache
from pathlib import Path

from staleness import algorithms, kernels

ROOT = "run"
SUFFIXES = (".py", ".pyx", ".pxd", ".h", ".json")
# Also of Cython's modules, which Python cannot parse.
MODULE = re.compile(r"^\s*(?:from|c?import)\s+staleness\.algorithms\.(\w+)", re.MULTILINE)
MODULES = re.compile(
    r"^\s*from\s+staleness\.algorithms\s+c?import\s+(?:\(([^)]*)\)|(.*))", re.MULTILINE
)


def sources():
    """Return the source files of what computes, a sorted list of (name, Path)."""
    folder = Path(kernels.__file__).parent
    found = _named(folder.rglob("*"), folder)
    folder = Path(algorithms.__file__).parent
    parts, left = set(), {"__init__", ROOT}
    while left:
        parts |= left
        files = [path for part in left for path in _files(folder, part)]
        found += _named(files, folder)
        left = {name for path in files for name in imported(path)} - parts
    return sorted(found)


def imported(path):
    """Return the modules and packages of `algorithms` that a source file imports, a set of str."""
    text = re.sub("#.*", "", path.read_text(encoding="utf-8"))
    listed = [name for names in MODULES.findall(text) for name in "".join(names).split(",")]
    # Without the comment behind them, and what else they may be called.
    return {*MODULE.findall(text), *(name.split()[0] for name in listed if name.strip())}


def _files(folder, part):
    """Return the source files of a module, or of a package and all within it."""
    found = (folder / part).rglob("*") if (folder / part).is_dir() else folder.glob(f"{part}.*")
    return [path for path in found if path.suffix in SUFFIXES]


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
