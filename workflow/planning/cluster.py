"""What has become of a cluster's jobs: a workflow that cannot learn of it ends, with a line.

Snakemake asks again and again, and waits for ever where nothing is said. So before the first job it
is tried whether SLURM can say it at all; and while jobs run, those that Snakemake's plugin forgets
where its question fails, as when the controller is started anew, are asked for again, for a while.
"""

import re
import subprocess
import time

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from staleness.algorithms.errors import StalenessError, said

SLURM = "slurm"  # as Snakemake calls what submits to it
# Seconds between two questions are 180 at most.
LEAST_AGE = 200
PATIENCE = 900  # seconds
SQUEUE, SACCT = "squeue", "sacct"
# As Snakemake's plugin asks.
QUESTIONS = {
    SQUEUE: [SQUEUE, "--states=all", "--noheader", "--name", "staleness"],
    SACCT: [SACCT, "-X", "--clusters", "all", "--noheader", "--name", "staleness"],
}


def watch(workflow):
    """Let a workflow end where it could not learn, or learns no more, of its jobs.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        About to run its jobs.

    Raises
    ------
    StalenessError
        If SLURM is to run them and will not say what has become of them.
    """
    if workflow.local_exec:
        return
    if workflow.executor_plugin.name == SLURM:
        check(workflow.executor_settings.status_command)
    executor = workflow.scheduler._executor
    if hasattr(executor, "check_active_jobs"):
        keep_asking(executor)


def check(command):
    """Raise an error where SLURM's command, squeue or sacct, will not say what becomes of jobs."""
    faults = {one: fault(one) for one in QUESTIONS}
    if faults.get(command):
        other = SACCT if command == SQUEUE else SQUEUE
        remedy = f"the same holds for {other} ({faults[other]}): see docs/cluster.md"
        if not faults[other]:
            remedy = f"take --slurm-status-command {other}"
        raise StalenessError(
            f"--slurm-status-command {command}: {faults[command]}, so that Snakemake would wait "
            f"for jobs for ever: {remedy}"
        )


def fault(command):
    """Return why a command will not say what becomes of jobs, None where it will."""
    try:
        answer(QUESTIONS[command])
        if command == SACCT:
            return None
        found = re.search(r"^MinJobAge *= *(\d+)", answer(["scontrol", "show", "config"]), re.M)
    except (OSError, subprocess.SubprocessError) as error:
        return f"{command} does not answer ({said(getattr(error, 'stderr', None) or error)})"
    if found and int(found[1]) < LEAST_AGE:
        return f"squeue forgets jobs {found[1]} s after their end (MinJobAge, {LEAST_AGE} needed)"
    return None


def answer(command):
    """Return what a command prints; raises OSError or SubprocessError."""
    return subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=60, stdin=subprocess.DEVNULL
    ).stdout


def keep_asking(executor, patience=PATIENCE, clock=time.monotonic):
    """Let an executor forget no jobs, and give up where nothing is learned of them for long.

    Parameters
    ----------
    executor : snakemake_interface_executor_plugins.executors.remote.RemoteExecutor
        Its `check_active_jobs` must report of each job that it has ended, or yield it.
    patience : float
        Seconds.
    clock : callable, optional
        The seconds of a clock that never goes back.
    """
    reported, since = [], None
    ask = executor.check_active_jobs

    def noting(report):
        def note(job, *arguments, **keywords):
            reported.append(job)
            report(job, *arguments, **keywords)

        return note

    async def check_active_jobs(active_jobs):
        nonlocal since
        reported.clear()
        left = [job async for job in ask(active_jobs)]
        known = {id(job) for job in (*left, *reported)}
        forgotten = [job for job in active_jobs if id(job) not in known]
        if not forgotten:
            since = None
        elif since is None:
            since = clock()
            logger.warning("The cluster does not say what has become of its jobs: asking again.")
        elif clock() > since + patience:
            # Snakemake's own: it tells others with where in the code they come from.
            raise WorkflowError(
                f"for {patience / 60:.0f} min the cluster has not said what has become of "
                f"{len(forgotten)} jobs: end them ('scancel --me'), and start the workflow again "
                "once 'squeue' answers"
            )
        for job in (*left, *forgotten):
            yield job

    for name in ("report_job_success", "report_job_error"):
        setattr(executor, name, noting(getattr(executor, name)))
    executor.check_active_jobs = check_active_jobs
