"""What a person sees while the workflow runs: what is running, how much is done, how long to go.

The Snakefile puts `Progress` in the place of Snakemake's own output as soon as jobs start; dry
runs, `--verbose` and `--printshellcmds` stay as they are, and so does the complete log below
`.snakemake/log`. (A logger plugin would be found only if installed in a folder of its own, which an
editable installation is not.)

How long the rest takes is estimated from the jobs of this very start: each job left is taken to
last as long as the median of the finished ones most like it. On a cluster, where jobs also wait,
as many are taken to end in a minute as until now.
"""

import os
import re
import shutil
import statistics
import time
from dataclasses import dataclass, field
from itertools import accumulate
from logging import WARNING, Handler
from pathlib import Path

from snakemake.logging import ColorizingTextHandler, logger
from snakemake.settings.enums import Quietness
from snakemake_interface_logger_plugins.common import LogEvent

from staleness.workflow.analysis.phrases import duration

RUN = "run"  # the rule whose jobs are counted
CLEAR = "\r\033[K"
# Of Snakemake's remarks while jobs run, what a person has to know.
TOLD = re.compile("Terminating|Will exit|Trying to restart")
# A command's exit status says less than the line about its job, which comes next.
UNTOLD = "CalledProcessError"


@dataclass(frozen=True)
class Job:
    """A job as its wildcards describe it.

    Attributes
    ----------
    rule : str
    wildcards : dict of str to str
    threads : int
    like : tuple
        What the duration of a run depends on, with what matters most first.
    """

    rule: str
    wildcards: dict
    threads: int = 1
    like: tuple = ()

    @property
    def kind(self):
        """What its duration depends on, a tuple with what matters most first."""
        return self.rule, *(self.like if self.rule == RUN else self.wildcards.values())

    def __str__(self):
        """Return it in a few words."""
        if self.rule != RUN:
            return " ".join([self.rule, *self.wildcards.values()])
        slug = self.wildcards["cell"].rpartition("-")[0]  # without its digest
        cell = re.sub(r"\.(?=[A-Za-z])", " ", slug)
        return f"{self.wildcards['task']} {cell}, seed {self.wildcards['seed']}"


@dataclass
class Estimate:
    """How long jobs take, by those that have finished.

    Attributes
    ----------
    durations : dict of tuple to list of float
        Seconds of the finished jobs of each kind, and of what kinds begin with; () is all of them.
    """

    durations: dict = field(default_factory=dict)

    def add(self, kind, seconds):
        """Take in a finished job."""
        for prefix in _prefixes(kind):
            self.durations.setdefault(prefix, []).append(seconds)

    def of(self, kind):
        """Return the seconds of a job, the median of those most like it; None without any."""
        known = [prefix for prefix in _prefixes(kind) if prefix in self.durations]
        return statistics.median(self.durations[known[-1]]) if known else None

    def left(self, jobs, running, cores):
        """Return the seconds until all is done, or None if most jobs are of rules not yet known.

        Parameters
        ----------
        jobs : iterable of Job
            Those that have not finished.
        running : dict of Job to float
            For those that have started, the seconds since then.
        cores : int
        """
        jobs = list(jobs)
        known = sum((job.kind[0],) in self.durations for job in jobs)
        if not jobs or 2 * known < len(jobs):
            return None
        work = 0.0
        for job in jobs:
            rest = max(self.of(job.kind) - running.get(id(job), 0.0), 0.0)
            work += rest * min(job.threads, cores)
        return work / cores


class Progress(Handler):
    """A line about each finished job; on a terminal one line that changes, and errors above it.

    Parameters
    ----------
    jobs : iterable of Job
        All that are to run.
    cores : int or None
        None on a cluster: nobody knows how many jobs will run at once, nor when one begins.
    stream : file
        Where lines go; a terminal has what is running in one line.
    clock : callable, optional
        The seconds of a clock that never goes back.
    """

    def __init__(self, jobs, cores, stream, clock=time.monotonic):
        super().__init__()
        self.left = [*jobs]
        self.cores = cores
        self.stream = stream
        self.clock = clock
        self.terminal = stream.isatty()
        self.estimate = Estimate()
        self.running = {}  # Snakemake's number of a job to the job and its start
        self.begin = clock()
        self.jobs = len(self.left)
        self.runs = sum(job.rule == RUN for job in self.left)

    def emit(self, record):
        """Take in what Snakemake says; its handlers are called by one thread at a time."""
        event = getattr(record, "event", None)
        if event == LogEvent.JOB_INFO:
            if record.shellcmd:  # `all` only asks for others
                self.start(record)
        elif event == LogEvent.JOB_FINISHED:
            self.finish(record.job_id)
        elif event == LogEvent.JOB_ERROR:
            self.fail(record)
        elif self.matters(record):
            self.line(record.getMessage().strip())
        if self.terminal:
            self.refresh()

    def close(self):
        """Leave no line behind that would change no more, as after Ctrl-C."""
        if self.terminal:
            self.stream.write(CLEAR)
            self.stream.flush()
        super().close()

    @staticmethod
    def matters(record):
        """Return whether a remark of Snakemake's is for people."""
        text = record.getMessage()
        return bool(TOLD.match(text)) or (record.levelno >= WARNING and UNTOLD not in text)

    def start(self, record):
        """Note that a job runs."""
        asked = (record.rule_name, dict(record.wildcards))
        # One that is tried again, or that a checkpoint brought, is not among those planned.
        job = next((job for job in self.left if (job.rule, job.wildcards) == asked), Job(*asked))
        self.running[record.jobid] = job, self.clock()

    def finish(self, number):
        """Note that a job is done, and say so."""
        job, start = self.running.pop(number, (None, 0.0))
        if job is None:
            return
        seconds = self.clock() - start
        self.estimate.add(job.kind, seconds)
        self.left = [other for other in self.left if other is not job]
        if not self.terminal:
            self.line(f"{self.state()} {job}: {duration(seconds)}")
        if not self.left:
            took = duration(self.clock() - self.begin)
            self.line(f"{self.jobs} jobs done in {took}, {self.runs} of them runs.")

    def fail(self, record):
        """Say which job failed, why, and where more is to be read."""
        job, _ = self.running.pop(record.jobid, (Job(record.rule_name, {}), 0.0))
        # The job's own, or where that was not begun that of the cluster.
        log = next(filter(os.path.exists, record.log), None)
        where = f" (log: {log})" if log else ""
        self.line(f"FAILED: {job}: {cause(log) or 'see above'}{where}")

    def state(self):
        """Return how much is done and how long the rest will take."""
        left = sum(job.rule == RUN for job in self.left)
        finished = self.jobs - len(self.left)
        width = len(str(self.runs))
        done = f"{self.runs - left:{width}}/{self.runs} runs"
        if not self.runs:
            done = f"{finished}/{self.jobs} jobs"
        now = self.clock()
        if self.cores is None:
            pace = (now - self.begin) / finished if finished else None
            seconds = pace * len(self.left) if pace and self.left else None
        else:
            started = {id(job): now - start for job, start in self.running.values()}
            seconds = self.estimate.left(self.left, started, self.cores)
        if seconds is not None:
            done += f", {f'about {duration(seconds)}' if seconds >= 10 else 'under 10 s'} left"
        return f"[{done}]"

    def refresh(self):
        """Write the line that changes."""
        jobs = "; ".join(str(job) for job, _ in self.running.values())
        width = shutil.get_terminal_size().columns - 1
        self.stream.write(CLEAR + (f"{self.state()} {jobs}"[:width] if self.left else ""))
        self.stream.flush()

    def line(self, text):
        """Write a line that stays."""
        self.stream.write(f"{CLEAR if self.terminal else ''}{text}\n")
        self.stream.flush()


def show(workflow, like):
    """Let `Progress` say what Snakemake's own output would, from now on.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        About to run its jobs.
    like : callable
        Takes task and cell of a run; returns what its duration depends on.
    """
    told = workflow.output_settings
    quiet = {Quietness.ALL, Quietness.PROGRESS} & set(told.quiet or ())
    if told.verbose or told.printshellcmds or told.debug_dag or quiet:
        return
    cores = workflow.cores if workflow.local_exec else None
    jobs = [
        _planned(job.rule.name, dict(job.wildcards_dict), job.threads, like)
        for job in workflow.dag.needrun_jobs()
        if job.rule.shellcmd
    ]
    for handler in logger.handlers:
        if isinstance(handler, ColorizingTextHandler):
            logger.removeHandler(handler)
            logger.addHandler(Progress(jobs, cores, handler.stream))
            return


def _planned(rule, wildcards, threads, like):
    if rule != RUN:
        return Job(rule, wildcards, threads)
    return Job(rule, wildcards, threads, like(wildcards["task"], wildcards["cell"]))


def cause(log):
    """Return the last line that a log file holds, None if there is none."""
    try:
        lines = Path(log).read_text(encoding="utf-8", errors="replace").split("\n") if log else []
    except OSError:
        return None
    return next((line.strip() for line in reversed(lines) if line.strip()), None)


def _prefixes(kind):
    """Return what a kind begins with, from () to all of it."""
    return list(accumulate(((part,) for part in kind), initial=()))
