"""The workflow killed by -9 at random moments: started again it ends in the same results."""

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress

from . import workflow
from .processes import command_of, descendants
from .trial import OTHERWISE, WELL, Campaign, Outcome

KILLS = 5  # of a chain
STALENESS = "/staleness "  # of a job's command line; that of a shell around it has no folder
LATER = 1.5  # of the work left is done before the last kill of a chain, or more, on average


class Kills(Campaign):
    """Chains of kills, each followed by a start, the last by one that goes on to the end.

    All processes are killed, as where a machine loses power; or Snakemake alone, while its jobs
    go on; or one job.

    Parameters
    ----------
    finished : tuple, optional
        What `workflow.finish` returned; by default of the smoke workflow.
    """

    name = "kills"
    trials = f"chains of {KILLS} kills"
    count = 20

    def __init__(self, finished=None):
        self.finished = finished

    def prepare(self, folder):
        """Let the workflow end undisturbed; see `Campaign.prepare`."""
        if self.finished is None:
            config = workflow.smoke(workflow.mirror_of(folder))
            self.finished = workflow.finish(folder / "undisturbed", config)
        undisturbed, self.config, self.seconds = self.finished
        began = time.monotonic()
        workflow.run([*workflow.command(undisturbed, self.config), "--dry-run"])
        self.start = time.monotonic() - began
        self.expected = workflow.contents(undisturbed)

    def trial(self, choose, folder):
        """Make one chain; see `Campaign.trial`."""
        arguments = workflow.command(folder, self.config)
        done, work = [], max(self.seconds - self.start, 0.0)
        while len(done) < KILLS:
            who = choose.choice(("all", "snakemake", "a job"))
            # A little further each time: the moments lie all over the work, not at its beginning.
            after = self.start / 2 + choose.uniform(0, LATER * work / KILLS)
            if killed(arguments, who, after, choose):
                done.append(f"{who} after {after:.1f} s")
            else:
                shutil.rmtree(folder / "results")
        status, said = workflow.run(arguments)
        what = f"killed: {', '.join(done)}"
        if status:
            return Outcome(OTHERWISE, what, f"the last start ends with {status}: {said[-500:]}")
        fault = self._fault(folder)
        return Outcome(OTHERWISE if fault else WELL, what, fault)

    def _fault(self, folder):
        """Return in what the results are not those of a workflow that was never killed."""
        found = workflow.contents(folder)
        differ = [
            str(path)
            for path in sorted({*found, *self.expected})
            if found.get(path) != self.expected.get(path)
        ]
        if differ:
            return f"{len(differ)} of {len(self.expected)} files differ: {', '.join(differ[:5])}"
        hidden = [str(path) for path in (folder / "results").rglob(".*")]
        if hidden:
            return f"left {', '.join(hidden)}"
        status, said = workflow.run([*workflow.command(folder, self.config), "--dry-run"])
        return (
            ""
            if status == 0 and "Nothing to be done" in said
            else f"something to do: {said[-500:]}"
        )


def killed(arguments, who, after, choose):
    """Start a command and kill it; return whether it was there to be killed.

    Parameters
    ----------
    arguments : list of str
        Of Snakemake.
    who : str
        "all" of its processes, "snakemake" alone or "a job".
    after : float
        Seconds.
    choose : random.Random
        Chooses the job.
    """
    with subprocess.Popen(
        arguments, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(after)
        except subprocess.TimeoutExpired:
            jobs = [pid for pid in descendants(process.pid) if STALENESS in command_of(pid)]
            if who == "all":
                os.killpg(process.pid, signal.SIGKILL)
            elif who == "snakemake" or not jobs:
                process.kill()
            else:
                with suppress(ProcessLookupError):
                    os.kill(choose.choice(jobs), signal.SIGKILL)
                process.wait()
            return True
    return False
