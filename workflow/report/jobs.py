"""How long the jobs of the workflow took, from the records that Snakemake keeps of them.

It writes one file for each output, `.snakemake/metadata/<path of the output in base64>`, which
names the job's inputs. So what a report is made of leads to all jobs that it took, and to no
others: those of another configuration may have left their outputs in the same folder.
"""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms.plain_json import read_json

RUN = "run.json"


@dataclass(frozen=True, order=True)
class Job:
    """A job that has finished; start and end in seconds since 1970, and what it was told to do."""

    start: float
    end: float
    rule: str
    command: str = ""

    @property
    def seconds(self):
        """How long it took."""
        return self.end - self.start


def read(folder, cells, others=()):
    """Return the jobs that made what a report is made of.

    Parameters
    ----------
    folder : path-like
        `.snakemake/metadata`.
    cells : list of staleness.workflow.analysis.runs.Cell
        The runs of the report.
    others : iterable of path-like, optional
        What else it is made of: figures, claims, configuration.

    Returns
    -------
    list of Job
        By their start; empty if not every run has a record: then it was not all made here.
    """
    runs = {Path(place) / RUN for cell in cells for place in cell.folders}
    recorded, inputs = {}, {}
    for path in Path(folder).rglob("*"):
        output = _decoded(path.relative_to(folder))
        if output and path.is_file() and output.exists():
            recorded[output], inputs[output] = _job(path)
    if not all(recorded.get(run) for run in runs):
        return []
    needed, left = set(), runs | set(map(Path, others))
    while left:
        needed |= left
        left = {path for output in left for path in inputs.get(output, ())} - needed
    wanted = {_same(recorded[output]) for output in needed if recorded.get(output)}
    found = {}
    for job in filter(None, recorded.values()):
        if _same(job) in wanted:
            # Each output has its own end; the job's is that of the last.
            found.setdefault(_same(job), []).append(job)
    return sorted(map(_last, found.values()))


def elapsed(jobs):
    """Return the seconds in which at least one of some jobs ran."""
    total, until = 0.0, float("-inf")
    for job in sorted(jobs):
        total += max(job.end - max(job.start, until), 0.0)
        until = max(until, job.end)
    return total


def _same(job):
    """Return what the records of one job share."""
    return job.rule, job.command


def _last(jobs):
    return max(jobs, key=lambda job: job.end)


def _decoded(name):
    """Return the output that a file of records is about, or None."""
    # Long names are split over folders, whose names begin with @.
    coded = "".join(part.removeprefix("@") for part in name.parts)
    try:
        return Path(base64.b64decode(coded, altchars=b"-_", validate=True).decode())
    except (binascii.Error, ValueError):
        return None


def _job(path):
    """Return the job of a record and its inputs; None and no inputs if it holds no finished one."""
    try:
        record = read_json(path)
        job = Job(
            float(record["starttime"]),
            float(record["endtime"]),
            str(record["rule"]),
            str(record["shellcmd"]),
        )
        return job, list(map(Path, record["input"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None, []
