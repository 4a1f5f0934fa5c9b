"""The command line in a child of this process: no second of starting an interpreter each time."""

import os
import re
import resource
import select
import signal
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path

from staleness.workflow import cli

from .trial import ONE_LINE, OTHERWISE, WELL

SECONDS = 20
LONGEST = 4000  # characters that a line may have
GRACE = 5  # seconds until it has to have ended after Ctrl-C
MEMORY = 2 << 30  # bytes more than the parent has
COMPLAINT = re.compile(r"Traceback|\w(Error|Warning): |core dumped")
# How far `calibrate` and `validate` are, and what `verify` answers where it is not yes.
PROGRESS = re.compile(r"^.+, round \d+ of \d+: .+\n", re.MULTILINE)
ANSWER = re.compile(r"\d+ of \d+ identical\n\Z")
# Nothing is looked for on the network.
NOWHERE = "http://127.0.0.1:9"
OFFLINE = {
    "PIP_INDEX_URL": NOWHERE,
    "PIP_RETRIES": "0",
    "NPM_CONFIG_REGISTRY": NOWHERE,
    **dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), NOWHERE),
}


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes
    ----------
    status : int
        Of its exit, or less than 0 for the signal that ended it.
    out, errors : str
        What it printed.
    late : bool
        Whether it had to be ended by Ctrl-C, or by SIGKILL where that did not help.
    """

    status: int
    out: str
    errors: str
    late: bool = False

    def verdict(self, names=()):
        """Return how that is to be counted, and why.

        Parameters
        ----------
        names : iterable of str, optional
            One of them has to be in the line, such as that of the broken file.
        """
        if self.status == 1 and not self.errors and ANSWER.search(self.out):
            return WELL, self.out
        errors = PROGRESS.sub("", self.errors)
        lines = errors.splitlines()
        fault = None
        if self.late:
            fault = f"does not end: {errors[-300:]!r}"
        elif self.status < 0:
            fault = f"ended by {signal.Signals(-self.status).name}"
        elif COMPLAINT.search(errors):
            fault = f"{lines[-1]!r} (status {self.status})"
        elif self.status and (len(lines) != 1 or not errors.endswith("\n")):
            fault = f"{len(lines)} lines (status {self.status}): {errors[-300:]!r}"
        elif len(errors) > LONGEST:
            fault = f"{len(errors)} characters: {errors[:200]!r}"
        elif self.status and names and not any(name in lines[0] for name in names):
            fault = f"names no file: {lines[0]!r}"
        if fault:
            return OTHERWISE, fault
        return (ONE_LINE, lines[0]) if self.status else (WELL, self.out)


def call(arguments, folder, seconds=SECONDS):
    """Call the command line in a folder.

    Parameters
    ----------
    arguments : list of str
    folder : path-like
        Where it works and leaves what it prints.
    seconds : float, optional
        What it has until Ctrl-C.

    Returns
    -------
    Ended
    """
    folder = Path(folder)
    printed = [folder / name for name in (".out", ".errors")]
    pid = os.fork()
    if pid == 0:
        _become(arguments, folder, printed)
    try:
        status, late = _wait(pid, seconds)
        out, errors = (path.read_text("utf-8", "replace") for path in printed)
    finally:
        for path in printed:
            path.unlink(missing_ok=True)
    return Ended(status, out, errors, late)


def _become(arguments, folder, printed):
    """Be the command, and end with it; nothing of the parent's is cleaned up."""
    status = 70
    try:
        os.setsid()
        streams = [os.open(os.devnull, os.O_RDONLY)]
        streams += [os.open(path, os.O_CREAT | os.O_WRONLY | os.O_APPEND) for path in printed]
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
        # Those of the parent may be something else, as under pytest.
        sys.stdout = open(1, "w", encoding="utf-8", errors="strict")  # noqa: SIM115
        sys.stderr = open(2, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _limit_memory()
        os.environ.update(OFFLINE)
        os.chdir(folder)
        try:
            status = cli.main(arguments)
        except SystemExit as end:
            status = end.code or 0
        except BaseException:
            traceback.print_exc()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status if isinstance(status, int) else 70)


def _limit_memory():
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (has + MEMORY, has + MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _wait(pid, seconds):
    """Return the exit status of a child, and whether it had to be told to end."""
    late = False
    ended = os.pidfd_open(pid)
    try:
        for patience, number in ((seconds, signal.SIGINT), (GRACE, signal.SIGKILL)):
            if select.select([ended], [], [], patience)[0]:
                break
            late = True
            os.kill(pid, number)
    finally:
        os.close(ended)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), late
