"""The files that parts of the workflow consist of: inputs of the rules that run them."""

import os
from pathlib import Path

from staleness.algorithms import build

WORKFLOW = Path(__file__).parent
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


def computing_sources():
    """Return the source files of `kernels` and `algorithms`, a sorted list of str."""
    return _relative(path for _, path in build.sources())


def _relative(paths):
    """Return paths as seen from here, so that a moved repository has the same inputs."""
    return sorted(os.path.relpath(path) for path in paths)
