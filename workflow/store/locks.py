"""Locks of the kernel: of Snakemake's working directory, and of folders that several may make.

A lock of the kernel goes with its process, but some file systems keep it to one machine.
Snakemake's own lock is a file that all machines see, and stays where its process is killed: the
same command typed again would refuse to run. So every Snakemake that reads our Snakefile leaves a
file that says who it is, and holds the kernel's lock of it. Snakemake's is stale only if all who
may have made it have left such files, under this boot of this machine, and none is held any more.
"""

import atexit
import fcntl
import json
import os
import socket
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

from staleness.algorithms.plain_json import read_json
from staleness.workflow.store.files import boot

FOLDER = Path(".snakemake")
OLD = 24 * 3600  # seconds
_held = []  # as long as the process lives


def forget_stale(folder=FOLDER):
    """Say that this Snakemake is here from now on, and remove the locks of those that are not.

    Parameters
    ----------
    folder : path-like, optional
        Snakemake's own, in the working directory.

    Returns
    -------
    list of str
        What there is to be told: that it was unlocked, or by whom it is locked.
    """
    folder = Path(folder)
    # In this order: whoever comes meanwhile has no lock in the list, or is among the others.
    there = list((folder / "locks").glob("*.lock"))
    try:
        own, held = _come(folder / "here")
    except OSError:
        return []  # Snakemake will say what is wrong
    others = [path for path in (folder / "here").glob("*.json") if path != own]
    gone = [path for path in others if _is_gone(path)]
    stale = _made_by(gone, there) if gone == others else []
    _remove(stale)
    left = [path.name for path in there if path not in stale]
    _say(held, left)
    if not left:
        _remove([path for path in others if path in gone or _is_old(path)])
    if stale:
        return ["A Snakemake that is no longer there had locked this folder: unlocked."]
    if not left:
        return []
    return [
        f"This folder is locked, perhaps by {_told(path)}." for path in others if path not in gone
    ]


def _come(folder):
    """Leave an empty file for this process and hold it; return its path and descriptor."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{_here()}{uuid.uuid4().hex}.json"
    held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o666)
    _held.append(held)
    with suppress(OSError):
        fcntl.flock(held, fcntl.LOCK_EX)
    atexit.register(_leave, path, os.getpid())
    return path, held


def _say(held, found):
    """Write who this process is, and which locks it found, which others must have made."""
    now = time.strftime("%Y-%m-%d %H:%M:%S")
    who = {"host": socket.gethostname(), "process": os.getpid(), "since": now, "found": found}
    with suppress(OSError):
        os.write(held, json.dumps(who).encode())


def _said(path):
    """Return what `_say` wrote; nothing of a process that had not come so far."""
    try:
        return read_json(path)
    except (OSError, ValueError):
        return {}


def _made_by(gone, locks):
    """Return the locks that one of those who have gone may have made."""
    found = [said["found"] for said in map(_said, gone) if "found" in said]
    return [lock for lock in locks if any(lock.name not in names for names in found)]


def _leave(path, process):
    if os.getpid() == process:  # not in what was forked off
        _remove([path])


def _here():
    """Return what the names of files of this boot of this machine begin with."""
    return f"{boot() or 'unknown'}-"


def _is_gone(path):
    """Return whether the process that left a file is certainly no longer there."""
    if not boot() or not path.name.startswith(_here()):
        return False
    try:
        held = os.open(path, os.O_RDWR)
    except FileNotFoundError:
        return True  # it has left meanwhile
    except OSError:
        return False
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return True
    except OSError:
        return False  # it is there, or the file system knows no such locks
    finally:
        os.close(held)


def _is_old(path):
    """Return whether a file has been there for so long that its process would have locked."""
    with suppress(OSError):
        return time.time() - path.stat().st_mtime > OLD
    return False


def _told(path):
    """Return in words who left a file."""
    who = {"process": "of unknown number", "host": "unknown", "since": "unknown", **_said(path)}
    return "process {process} on {host}, there since {since}".format(**who)


def _remove(paths):
    for path in paths:
        with suppress(OSError):
            path.unlink()


@contextmanager
def alone(path):
    """Keep others who do the same with a path waiting while the block lasts.

    Where the file system knows no locks, or keeps them to one machine, nobody waits: what is
    written in the block must be whole or not there all the same.

    Parameters
    ----------
    path : path-like
        A file or folder that is to be made; a hidden file beside it is the lock. Neither that nor
        an empty folder is left.
    """
    path = Path(path)
    if path.name in {"", ".."}:
        yield  # no name to be made: whoever tries will say so
        return
    lock = path.with_name(f".{path.name}.lock")
    made = [folder for folder in path.parents if not folder.exists()]
    try:
        held = _locked(lock)
    except OSError:
        yield  # nothing can be made here: whoever tries will say so
        return
    try:
        yield
    finally:
        _remove([lock])
        os.close(held)
        with suppress(OSError):  # as soon as one holds anything
            for folder in made:
                folder.rmdir()


def _locked(path):
    """Return the descriptor of a lock file that nobody else holds."""
    while True:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            # No link: none is ours, and one that leads nowhere would be tried for ever.
            held = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        except FileNotFoundError:
            continue  # who had it before has removed the folder
        with suppress(OSError):
            fcntl.flock(held, fcntl.LOCK_EX)
        with suppress(OSError):
            if os.path.samestat(os.stat(path), os.fstat(held)):
                return held
        os.close(held)  # who had it before has removed it
