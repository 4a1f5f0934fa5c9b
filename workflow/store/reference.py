"""Runs beside the committed reference, which tells whether a reproduction is one.

A reference holds, for each run on the simulated clock, the digests of its curve and its parameters,
and a few points of the curve, by which to tell how far off another curve is. On the wall clock, or
with a calibration of one's own machine, no run is like another: these have no place in it.
"""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.curve import curve_digest
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.workflow.store import record
from staleness.workflow.store.files import whole_file

FORMAT = 2
POINTS = 10
DIGITS = 6
DIGESTS = ("curve", "theta")


@dataclass(frozen=True)
class Comparison:
    """What `compare` found.

    Attributes
    ----------
    identical : list of str
        Names of runs, as "<task>/<cell>/seed-<s>".
    different : dict of str to str
        Runs that are not, and in what.
    missing, new : list of str
        Runs that only the reference has, or only the results have.
    causes : list of str
        What the differences may come from.
    """

    identical: list
    different: dict
    missing: list
    new: list
    causes: list

    @property
    def holds(self):
        """Whether all that the reference has was found, and found identical."""
        return bool(self.identical) and not self.different and not self.missing


def find(results):
    """Return the folders of all runs below a folder of results, a sorted list of Path."""
    return sorted(path.parent for path in Path(results).glob("runs/*/*/seed-*/run.json"))


def describe(folders):
    """Return what a reference says of runs.

    Parameters
    ----------
    folders : iterable of path-like
        What `staleness run --out` wrote, each as "<task>/<cell>/seed-<s>".

    Returns
    -------
    dict
        format, build (the digest of the sources), skipped (how many runs no reference can hold),
        corpora (digest to name), and runs: by name, the corpus (its digest), the digests of curve
        and theta, and points, some rows of time and the task's first metric.

    Raises
    ------
    StalenessError
        If a folder is no run, or the runs are of several builds.
    """
    runs, corpora, builds, skipped = {}, {}, set(), 0
    for folder in map(Path, folders):
        about = record.read_about(folder)
        try:
            configuration = about["configuration"]
            if configuration["clock"] != "simulated" or configuration["calibration"]:
                skipped += 1
                continue
            builds.add(about["versions"]["sources"])
            curve = record.read_curve(folder)
            metric = next(iter(TASKS[configuration["task"]].metrics))
            corpus = about["corpus"]["digest"]
            corpora[corpus] = about["corpus"]["corpus"]
            runs["/".join(folder.parts[-3:])] = {
                "corpus": corpus,
                "curve": curve_digest(curve),
                "theta": about["theta_sha256"],
                "points": _thinned(curve["time_s"], curve[metric]),
            }
        except (KeyError, TypeError) as error:
            message = f"not a run ({error!r}): make it with 'staleness run'"
            raise StalenessError(f"{folder}: {message}") from error
    if len(builds) > 1:
        raise StalenessError(
            f"the runs are of {len(builds)} builds: run the workflow again, to the end"
        )
    build = builds.pop() if builds else None
    head = {"format": FORMAT, "build": build, "skipped": skipped, "corpora": corpora}
    return {**head, "runs": runs}


def compare(found, reference):
    """Compare what `describe` says of runs with a reference.

    Parameters
    ----------
    found, reference : dict

    Returns
    -------
    Comparison
    """
    ours, theirs = found["runs"], reference["runs"]
    common = [name for name in theirs if name in ours]
    different = {
        name: _difference(ours[name], theirs[name])
        for name in common
        if any(ours[name][kind] != theirs[name][kind] for kind in DIGESTS)
    }
    return Comparison(
        identical=[name for name in common if name not in different],
        different=different,
        missing=[name for name in theirs if name not in ours],
        new=[name for name in ours if name not in theirs],
        causes=_causes(found, reference, different),
    )


def read(path):
    """Return a reference.

    Raises
    ------
    StalenessError
        If there is none, or it is of another format.
    """
    try:
        reference = read_json(path)
        if reference["format"] != FORMAT:
            raise ValueError(f"its format is {reference['format']}, not {FORMAT}")
        if not isinstance(reference["build"], str) or not isinstance(reference["skipped"], int):
            raise TypeError("'build' or 'skipped' is of another type")
        if not isinstance(reference["corpora"], dict):
            raise TypeError("'corpora' is of another type")
        for run in reference["runs"].values():
            np.array(run["points"], dtype=np.float64).reshape(-1, 2)
            if not all(isinstance(run[kind], str) for kind in ("corpus", *DIGESTS)):
                raise TypeError("a digest is no text")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        message = f"not a reference ({error}): make one with 'staleness verify --write'"
        raise StalenessError(f"{path}: {message}") from error
    return reference


def write(reference, path):
    """Write a reference, a line a run: what git shows of a change is the runs that changed."""
    head = {key: value for key, value in reference.items() if key != "runs"}
    lines = [f"{json.dumps(key)}: {json.dumps(value)}," for key, value in head.items()]
    runs = [f"{json.dumps(name)}: {json.dumps(run)}" for name, run in reference["runs"].items()]
    text = "\n".join(["{", *lines, '"runs": {', ",\n".join(runs), "}", "}", ""])
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


def _thinned(*columns):
    """Return evenly spaced rows of columns, the first and the last among them."""
    count = len(columns[0])
    rows = np.unique(np.linspace(0, count - 1, min(count, POINTS)).round().astype(int))
    return [[float(f"{column[row]:.{DIGITS}g}") for column in columns] for row in rows]


def _difference(run, reference):
    """Return in words how a run differs."""
    if run["curve"] == reference["curve"]:
        return "theta differs, the curve does not"
    ours, theirs = (np.array(one["points"]).reshape(-1, 2) for one in (run, reference))
    if len(ours) != len(theirs):
        return f"{len(ours)} points of its curve instead of {len(theirs)}"
    largest = np.abs(theirs).max(axis=0)
    apart = np.abs(ours - theirs).max(axis=0) / np.where(largest > 0, largest, 1)
    least = 10.0 ** (1 - DIGITS)
    time, metric = (f"{x:.1e}" if x >= least else f"less than {least:.0e}" for x in apart)
    return f"metric by {metric}, time by {time} of the largest"


def _causes(found, reference, different):
    """Return what the differences may come from, a list of str."""
    if not different:
        return []
    causes = []
    ours, theirs = found["runs"], reference["runs"]
    corpora = {
        found["corpora"].get(ours[name]["corpus"], name)
        for name in different
        if ours[name]["corpus"] != theirs[name]["corpus"]
    }
    if corpora:
        causes.append(f"other arrays of {', '.join(sorted(corpora))} than the reference's")
    if found["build"] != reference["build"]:
        causes.append("other sources in kernels/ or algorithms/ than the reference's")
    return causes or ["another machine or compiler: corpora and sources are the reference's"]
