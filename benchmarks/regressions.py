"""Which commits made what slower, or greedier for memory, beyond noise: by asv's own statistic.

    python -m benchmarks.regressions [--factor 1.1]

Every commit that has results is put beside the one measured before it in the history. asv names a
benchmark if the medians differ by more than the factor and the samples by more than chance: a
Mann-Whitney U test with p < 0.002. Tracked figures have no samples, and are not judged.
"""

import argparse
import json
import re
import subprocess
import sys
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

from staleness.algorithms.errors import StalenessError
from staleness.workflow.environment import not_importable

FACTOR = 1.1
RESULTS = Path(".asv/results")
JUDGED = re.compile(r"\.(time|peakmem)_")
WORSE = {"+": "slower", "!": "fails"}


class Regression(NamedTuple):
    """A benchmark that a commit made worse.

    Attributes
    ----------
    commit, before : str
        The commit, and the one that it is compared with.
    benchmark : str
        With its parameters.
    old, new, ratio : str
        As asv prints them.
    kind : str
        One of `WORSE`.
    """

    commit: str
    before: str
    benchmark: str
    old: str
    new: str
    ratio: str
    kind: str


def main():
    """Print what is found; exit with 1 if there is anything."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--factor", type=float, default=FACTOR)
    options = parser.parse_args()
    commits = measured(Path())
    found = regressions(commits, options.factor)
    print(describe(commits, found))
    return 1 if found else 0


def measured(folder):
    """Return the commits of a working copy's history that have results, oldest first.

    Parameters
    ----------
    folder : pathlib.Path
        The working copy.
    """
    known = set()
    for path in (folder / RESULTS).glob("*/*.json"):
        known.add(json.loads(path.read_text(encoding="utf-8")).get("commit_hash"))
    history = git(folder, "rev-list", "--topo-order", "--reverse", "HEAD")
    return [commit for commit in history if commit in known]


def regressions(commits, factor=FACTOR, folder=None):
    """Return every `Regression` from one commit to the next.

    Parameters
    ----------
    commits : list of str
        Oldest first.
    factor : float, optional
        What is worse by less is none.
    folder : pathlib.Path, optional
        The working copy; the current directory by default.
    """
    return [
        regression
        for before, commit in pairwise(commits)
        for regression in read(compare(before, commit, factor, folder), before, commit)
    ]


def compare(before, commit, factor, folder=None):
    """Return what `asv compare` prints of two commits."""
    arguments = ["compare", "--only-changed", "--factor", str(factor), before, commit]
    finished = asv(arguments, folder, stdout=subprocess.PIPE)
    if finished.returncode:
        raise StalenessError(f"asv compare failed with status {finished.returncode}; see above")
    return finished.stdout


def read(table, before, commit):
    """Yield every `Regression` of what `asv compare` printed."""
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 5 and cells[0] in WORSE and JUDGED.search(cells[4]):
            mark, old, new, ratio, benchmark = cells
            yield Regression(commit, before, benchmark, old, new, ratio, WORSE[mark])


def describe(commits, found):
    """Return a text on regressions, a paragraph a commit that has any."""
    if len(commits) < 2:
        return f"{len(commits)} commits with results: two are needed to compare"
    if not found:
        return f"{len(commits)} commits, no regression beyond noise"
    lines = []
    for commit in dict.fromkeys(regression.commit for regression in found):
        of_commit = [regression for regression in found if regression.commit == commit]
        lines.append(f"{commit[:8]}, beside {of_commit[0].before[:8]}:")
        lines += [
            f"  {r.benchmark}: {r.old} to {r.new}"
            + (f", {r.ratio} times" if r.kind == "slower" else f", {r.kind}")
            for r in of_commit
        ]
    return "\n".join(lines)


def asv(arguments, folder=None, **keywords):
    """Run asv in a working copy; what it says goes to the terminal."""
    if find_spec("asv") is None:
        raise StalenessError(not_importable(ModuleNotFoundError(name="asv")))
    command = [sys.executable, "-m", "asv", *arguments]
    return subprocess.run(command, cwd=folder, text=True, check=False, **keywords)


def git(folder, *arguments):
    """Return the lines that git prints.

    Raises
    ------
    StalenessError
        With what git says, if it fails.
    """
    command = ["git", "-C", str(folder), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    if finished.returncode:
        raise StalenessError(f"git {arguments[0]}: {finished.stderr.strip()}")
    return finished.stdout.splitlines()


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StalenessError as error:
        sys.exit(f"error: {error}")
