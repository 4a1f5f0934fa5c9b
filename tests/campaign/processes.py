"""Processes, as /proc has them."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

PARENT, SESSION = 1, 3  # fields of stat, behind the name


def _field(field):
    """Return the value of a field by process, of those that have not ended."""
    found = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            # The name, in parentheses, may have anything in it.
            after = path.read_text("utf-8", "replace").rpartition(")")[2].split()
            if after[0] != "Z":
                found[int(path.parent.name)] = int(after[field])
    return found


def descendants(pid):
    """Return the numbers of the processes that a process has started, and theirs; sorted."""
    parents = _field(PARENT)
    found, new = set(), {pid}
    while new:
        new = {child for child, parent in parents.items() if parent in new} - found
        found |= new
    return sorted(found)


def of_session(leader):
    """Return the numbers of the processes of a session; sorted."""
    return sorted(pid for pid, session in _field(SESSION).items() if session == leader)


def command_of(pid):
    """Return the arguments of a process, "" if it has ended."""
    with suppress(OSError):
        return (
            Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        )
    return ""


def remaining(leader, seconds):
    """Wait until a session has no process left, end what then is, and return its commands."""
    until = time.monotonic() + seconds
    while (left := of_session(leader)) and time.monotonic() < until:
        time.sleep(0.05)
    commands = [command_of(pid) for pid in left]
    for pid in left:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return [command for command in commands if command]
