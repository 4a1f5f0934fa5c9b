"""MapReduce whose workers vanish at random moments: the same theta, or one line; never a hang."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress

from .child import COMPLAINT
from .material import Material
from .processes import command_of, descendants, remaining
from .trial import ONE_LINE, OTHERWISE, WELL, Campaign, Outcome

PATIENCE = 120  # seconds until it has to have ended
EPOCHS = 60
WORKERS = 2
# No error yet: new workers mostly come.
WAITING = re.compile(r"^no worker is left: waiting .+\n", re.MULTILINE)
# Whom `staleness run` starts by itself; beside them is one that only tidies up.
SPAWNED = "multiprocessing.spawn"


class Workers(Campaign):
    """Jobs of batch EM, whose workers are killed by -9."""

    name = "workers"
    trials = "runs whose workers vanish"
    count = 40

    def prepare(self, folder):
        """Learn undisturbed once; see `Campaign.prepare`."""
        self.material = Material(folder)
        began = time.monotonic()
        status, out, errors, left = self._learn(())
        if status or left:
            raise RuntimeError(errors)
        self.seconds = time.monotonic() - began
        self.theta = json.loads(out)["theta_sha256"]

    def trial(self, choose, folder):
        """Kill workers once or more often; see `Campaign.trial`."""
        who = choose.choice(("one", "one", "all"))
        times = choose.choice((1, 1, 2, 5))
        moments = sorted(choose.uniform(0, self.seconds) for _ in range(times))
        killings = [(moment, who, choose.random()) for moment in moments]
        status, out, errors, left = self._learn(killings)
        what = f"{who} killed after {', '.join(f'{moment:.2f}' for moment in moments)} s"
        said = errors[-500:]
        if status is None or left:
            return Outcome(OTHERWISE, what, f"does not end ({left}): {said!r}")
        if COMPLAINT.search(errors):
            return Outcome(OTHERWISE, what, f"a traceback: {said!r}")
        if status:
            return Outcome(ONE_LINE if is_one_line(errors) else OTHERWISE, what, said)
        theta = json.loads(out)["theta_sha256"]
        return Outcome(WELL if theta == self.theta else OTHERWISE, what, f"theta {theta}")

    def _learn(self, killings):
        """Run it, with killings: the second, whom, and which of several as a share of them."""
        arguments = [
            *(sys.executable, "-m", "staleness.workflow", "run", "tagging", "--update", "em"),
            *("--schedule", "mapreduce-batch", "--clock", "wall", "--oversubscribe", "--json"),
            *("--processors", str(WORKERS), "--mappers", "4", "--epochs", str(EPOCHS)),
            *("--evaluations", "1", "--encoded", str(self.material.encoded["tagging"])),
        ]
        pipe = subprocess.PIPE
        with subprocess.Popen(
            arguments, stdout=pipe, stderr=pipe, text=True, start_new_session=True
        ) as process:
            began = time.monotonic()
            for moment, who, which in killings:
                with suppress(subprocess.TimeoutExpired):
                    process.wait(max(began + moment - time.monotonic(), 0))
                _kill(process.pid, who, which)
            try:
                out, errors = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, errors = process.communicate()
                return None, out, errors, remaining(process.pid, 0)
        return process.returncode, out, errors, remaining(process.pid, PATIENCE)


def is_one_line(errors):
    """Return whether a command ended in one line, whatever it had told before it went on."""
    return WAITING.sub("", errors).count("\n") == 1


def _kill(pid, who, which):
    workers = [child for child in descendants(pid) if SPAWNED in command_of(child)]
    if who == "one" and workers:
        workers = [workers[int(which * len(workers))]]
    for worker in workers:
        with suppress(ProcessLookupError):
            os.kill(worker, signal.SIGKILL)
