"""Snakemake's lock of a working directory, after a Snakemake that was killed.

Snakemake's lock is a file, and stays where its process is killed: the same command typed again
would refuse to run. A lock of the kernel goes with its process. Every Snakemake that reads our
Snakefile holds one, shared with others; where it can be had alone, no other is there, and files
that lock are stale.
"""

import fcntl
import os
from contextlib import suppress
from pathlib import Path

FOLDER = Path(".snakemake")
_held = []  # as long as the process lives


def forget_stale(folder=FOLDER):
    """Hold the kernel's lock from now on, and remove Snakemake's if nobody else holds it.

    Parameters
    ----------
    folder : path-like, optional
        Snakemake's own, in the working directory.

    Returns
    -------
    bool
        Whether there was a lock to remove.
    """
    folder = Path(folder)
    try:
        folder.mkdir(exist_ok=True)
        held = os.open(folder / "alive", os.O_RDWR | os.O_CREAT, 0o666)
    except OSError:
        return False  # Snakemake will say what is wrong
    _held.append(held)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        stale = list((folder / "locks").glob("*.lock"))
        for path in stale:
            path.unlink()
    except OSError:
        stale = []  # another is there, or the file system knows no such locks
    with suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_SH)
    return bool(stale)
