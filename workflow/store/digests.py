"""The files that parts of the workflow consist of, and digests of files, for rules to depend on.

Rules take digests as parameters, rather than files as inputs: these would count by their age, which
a fresh clone makes anew, and Snakemake refuses any whose date lies in the future.
"""

import hashlib
import os
from functools import cache
from pathlib import Path

WORKFLOW = Path(__file__).parents[1]
SUFFIXES = (".py", ".toml", ".typ")


def sources(*parts):
    """Return the source files of some folders or files of `workflow/`, a sorted list of str.

    Parameters
    ----------
    *parts : str
        Paths below `workflow/`.
    """
    found = set()
    for part in parts:
        path = WORKFLOW / part
        found.update(path.rglob("*") if path.is_dir() else [path])
    return _relative(path for path in found if path.suffix in SUFFIXES)


def digest_of(*parts):
    """Return a digest of the files that `sources` names, and of their names."""
    sha256 = hashlib.sha256()
    for path in sources(*parts):
        sha256.update(f"{file_digest(path)}  {os.path.relpath(path, WORKFLOW)}\n".encode())
    return sha256.hexdigest()


def sha256_of(path):
    """Return the SHA-256 of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@cache
def file_digest(path):
    """Return what `sha256_of` does, read once; "" where that fails: who reads the file says why."""
    try:
        return sha256_of(path)
    except OSError:
        return ""


def _relative(paths):
    """Return paths as seen from here, so that a moved repository has the same inputs."""
    return sorted(os.path.relpath(path) for path in paths)
