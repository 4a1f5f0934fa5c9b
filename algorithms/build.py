"""The identity of the code that computes: a digest of its sources.

These are all of the kernels and of `algorithms`, but for what only says where a job of MapReduce
is done.
"""

import hashlib
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent
SUFFIXES = (".py", ".pyx", ".pxd", ".h", ".json")
# What these send elsewhere, or have computed there, is among the sources.
ELSEWHERE = {f"algorithms/mapreduce/{name}.py" for name in ("agreement", "dask", "pieces", "reach")}


def sources():
    """Return the source files of what computes, a sorted list of (name, Path)."""
    found = []
    for folder in (FOLDER, FOLDER.with_name("kernels")):
        for path in folder.rglob("*"):
            name = f"{folder.name}/{path.relative_to(folder).as_posix()}"
            if path.suffix in SUFFIXES and name not in ELSEWHERE:
                found.append((name, path))
    return sorted(found)


@cache
def source_digest():
    """Return the SHA-256 of the sources' names and contents."""
    digest = hashlib.sha256()
    for name, path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()
