"""The identity of the code that computes: a digest of its sources."""

import hashlib
from functools import cache
from pathlib import Path

from staleness import algorithms, kernels

SUFFIXES = (".py", ".pyx", ".pxd", ".h", ".json")


def sources():
    """Return the source files of `kernels` and `algorithms`, a sorted list of (name, Path)."""
    found = []
    for package in (kernels, algorithms):
        root = Path(package.__file__).parent
        name = package.__name__.rpartition(".")[2]
        found += [
            (f"{name}/{path.relative_to(root).as_posix()}", path)
            for path in root.rglob("*")
            if path.suffix in SUFFIXES
        ]
    return sorted(found)


@cache
def source_digest():
    """Return the SHA-256 of the sources' names and contents."""
    digest = hashlib.sha256()
    for name, path in sources():
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{content}  {name}\n".encode())
    return digest.hexdigest()
