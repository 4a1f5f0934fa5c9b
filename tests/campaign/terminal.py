"""A terminal that is closed, or Ctrl-C, at a random moment: all ends, nothing half-written."""

import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress

from . import workflow
from .material import Material
from .processes import remaining
from .trial import ONE_LINE, OTHERWISE, WELL, Campaign, Outcome
from .whole import half_written

PATIENCE = 60  # seconds until it has to have ended
CTRL_C = b"\x03"
EPOCHS = 400
# Until our command line is there to catch it, what Python says of Ctrl-C is its own: also while it
# imports what it consists of.
BEFORE = re.compile(
    rf'{re.escape(str(workflow.REPOSITORY))}/workflow/cli\.py", line \d+, in <module>'
)
OURS = rf"{re.escape(str(workflow.REPOSITORY))}/(workflow/commands|algorithms|kernels|Snakefile)"
TRACEBACK = re.compile(rf"Traceback.*{OURS}", re.DOTALL)


class Terminal(Campaign):
    """Commands on a terminal of their own, which goes away."""

    name = "terminal"
    trials = "terminals"
    count = 100

    def prepare(self, folder):
        """Make what the commands read; see `Campaign.prepare`."""
        self.material = Material(folder)
        self._seconds = {}

    def seconds(self, name):
        """Return how long a command takes undisturbed."""
        if name not in self._seconds:
            place = self.material.folder / "undisturbed" / name
            place.mkdir(parents=True)
            began = time.monotonic()
            status, said = self._undisturbed(name, place)
            if status:
                raise RuntimeError(f"{name} ends with {status}: {said}")
            self._seconds[name] = time.monotonic() - began
        return self._seconds[name]

    def _commands(self, folder):
        """Return the commands by name, their results in a folder's `results`."""
        material = self.material
        encoded = str(material.encoded["ner"])
        text = {
            split: str(material.texts["ner"] / f"corpus-{split}.txt") for split in ("train", "dev")
        }
        runs = [str(path) for path in material.runs["ner"]]
        staleness = [sys.executable, "-m", "staleness.workflow"]
        learn = ["run", "ner", "--schedule", "asynchronous", "--processors", "2"]
        learn += ["--encoded", encoded, "--epochs", str(EPOCHS)]
        cell = {"task": "ner", "corpus": "mine", "epochs": 1, "clock": "simulated", "cost": "paper"}
        config = {
            "seeds": [0],
            "corpora": {"mine": {"format": "conll", **text}},
            "figures": {"ner-convergence": {"cells": [{**cell, "schedule": "single"}]}},
        }
        made = str(folder / "results")
        return {
            "run": [*staleness, *learn, "--out", f"{made}/run"],
            "run on the wall clock": [
                *(*staleness, *learn, "--clock", "wall", "--oversubscribe", "--out", f"{made}/run"),
            ],
            "report": [*staleness, "report", "--out", f"{made}/report.pdf", "--", *runs],
            "snakemake": workflow.command(folder, config),
        }

    def _undisturbed(self, name, folder):
        arguments = self._commands(folder)[name]
        return workflow.run(arguments, stdin=subprocess.DEVNULL)

    def trial(self, choose, folder):
        """Disturb one command, then let it end; see `Campaign.trial`."""
        name = choose.choice(sorted(self._commands(folder)))
        how = choose.choice(("closed", "Ctrl-C", "Ctrl-C twice", "SIGTERM"))
        after = choose.uniform(0, self.seconds(name))
        said, status, left = disturbed(self._commands(folder)[name], how, after)
        what = f"{name}: {how} after {after:.2f} s"
        fault = ""
        if status is None or left:
            fault = f"does not end: {left}"
        elif has_traceback(said):
            fault = "a traceback"
        # What Snakemake itself keeps below .snakemake is no result.
        fault = fault or half_written(folder / "results")
        if not fault:
            again, words = self._undisturbed(name, folder)
            fault = f"then ends with {again}: {words[-300:]!r}" if again else ""
            fault = fault or half_written(folder / "results")
        if fault:
            return Outcome(OTHERWISE, what, f"{fault} (status {status}, {said[-400:]!r})")
        return Outcome(ONE_LINE if status else WELL, what, f"status {status}: {said[-100:]!r}")


def has_traceback(said):
    """Return whether what a command said holds a traceback that it could have caught."""
    return bool(TRACEBACK.search(said)) and not BEFORE.search(said)


def disturbed(arguments, how, after):
    """Run a command on a terminal, and disturb it.

    Parameters
    ----------
    arguments : list of str
    how : str
        "closed", "Ctrl-C", "Ctrl-C twice" or "SIGTERM".
    after : float
        Seconds.

    Returns
    -------
    said : str
        What it printed.
    status : int or None
        None if it did not end.
    left : list of str
        The commands of processes that were still there when it had ended, or had to be ended.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        try:
            for number in (signal.SIGINT, signal.SIGHUP):
                signal.signal(number, signal.SIG_DFL)
            os.execv(arguments[0], arguments)  # noqa: S606
        finally:
            os._exit(127)
    said = _read(terminal, after)
    if how == "closed":
        os.close(terminal)
    elif how == "SIGTERM":
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)
    else:
        with suppress(OSError):
            os.write(terminal, CTRL_C)
        if how == "Ctrl-C twice":
            said += _read(terminal, 0.2)
            with suppress(OSError):
                os.write(terminal, CTRL_C)
    if how != "closed":
        said += _read(terminal, PATIENCE)
        os.close(terminal)
    status = _status(pid, PATIENCE)
    return said.decode(errors="replace"), status, remaining(pid, 0 if status is None else PATIENCE)


def _read(terminal, seconds):
    """Return what is printed within some seconds, or until all have closed the terminal."""
    said, until = b"", time.monotonic() + seconds
    with suppress(OSError):
        while (left := until - time.monotonic()) > 0:
            if select.select([terminal], [], [], left)[0]:
                said += os.read(terminal, 1 << 16)
    return said


def _status(pid, seconds):
    ended = os.pidfd_open(pid)
    try:
        there = select.select([ended], [], [], seconds)[0]
    finally:
        os.close(ended)
    if not there:
        os.killpg(pid, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    return status if there else None
