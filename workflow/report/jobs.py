"""How long the jobs of the workflow took, from the records that Snakemake keeps of them.

It writes one file for each output, `.snakemake/metadata/<path of the output in base64>`; those of
runs that are not in the report, and of what has been deleted, are left out.
"""

import base64
import binascii
import json
from dataclasses import dataclass
from pathlib import Path

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


def read(folder, cells, results):
    """Return the jobs that made what a report is made of.

    Parameters
    ----------
    folder : path-like
        `.snakemake/metadata`.
    cells : list of staleness.workflow.figures.runs.Cell
        The runs of the report.
    results : path-like
        The folder of all that is made.

    Returns
    -------
    list of Job
        By their start; empty if not every run has a record: then it was not all made here.
    """
    runs = {Path(place) / RUN for cell in cells for place in cell.folders}
    recorded = {}
    for path in Path(folder).rglob("*"):
        output = _decoded(path.relative_to(folder))
        if output and path.is_file() and output.is_relative_to(results) and output.exists():
            recorded[output] = _job(path)
    found = {}
    for output, job in recorded.items():
        if job is not None and (job.rule != "run" or output in runs):
            # Each output has its own end; the job's is that of the last.
            found.setdefault((job.rule, job.command), []).append(job)
    whole = all(recorded.get(run) for run in runs)
    return sorted(map(_last, found.values())) if whole else []


def elapsed(jobs):
    """Return the seconds in which at least one of some jobs ran."""
    total, until = 0.0, float("-inf")
    for job in sorted(jobs):
        total += max(job.end - max(job.start, until), 0.0)
        until = max(until, job.end)
    return total


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
    """Return the job of a record, or None if it holds no finished one."""
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        return Job(
            float(record["starttime"]),
            float(record["endtime"]),
            str(record["rule"]),
            str(record["shellcmd"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None
