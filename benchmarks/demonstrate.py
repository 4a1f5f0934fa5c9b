"""Whether the dashboard names a commit that made a kernel slower, in a clone that is thrown away.

    python -m benchmarks.demonstrate [--screenshot FILE] [--keep FOLDER]

Three commits on top of this one: nothing, a CRF that computes every gradient twice, nothing. The
second must be named, for benchmarks of the CRF's gradient, and no other. Then a browser must find
the graph. It takes a few minutes, and needs the package index and chromium.
"""

import argparse
import sys
import tempfile
from pathlib import Path

from benchmarks import browser
from benchmarks.dashboard import HTML, choose, measure, publish
from benchmarks.regressions import describe, git
from staleness.algorithms.errors import StalenessError

KERNEL = Path("kernels/models/crf.pyx")
RETURN = "        if self._width == LANES:\n            return gradients("
TWICE = """\
        gradients(self, &theta, &self._workspaces[workspace], &self.held[slot], out,
                  self._width // LANES)
"""
BENCHMARK = "updates.Learning.time_calc"
SLOWER = ("ner sgd", "ner lbfgs")
AUTHOR = ("-c", "user.name=Nobody", "-c", "user.email=nobody@localhost")


def main(arguments=None):
    """Demonstrate it; exit with 1 if anything but the slow commit is named, or it is not."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--screenshot", type=Path, default=Path("results/dashboard.png"))
    parser.add_argument("--keep", type=Path, help="the clone, which is to stay")
    options = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        clone = options.keep or Path(folder) / "staleness"
        slow = make_clone(clone)
        commits = choose("HEAD~3..HEAD", 3, clone)
        found = measure(commits, BENCHMARK, folder=clone)
        print(describe(commits, found))
        publish(clone)
        arguments = ["--html", str(clone / HTML), "--benchmark", BENCHMARK]
        shown = browser.main([*arguments, "--screenshot", str(options.screenshot)]) == 0
    named = judge(found, slow)
    print(f"{'only' if named else 'NOT only'} {slow[:8]}, which is slower, was named")
    return 0 if named and shown else 1


def make_clone(folder):
    """Clone the working copy's HEAD, add the commits, and return the slow one."""
    git(Path(), "clone", "--quiet", ".", str(folder))
    commit(folder, "Change nothing")
    slow_down(folder / KERNEL)
    slow = commit(folder, "Compute every gradient twice")
    commit(folder, "Change nothing again")
    return slow


def slow_down(path):
    """Make the CRF's `compute` do its work twice."""
    text = path.read_text(encoding="utf-8")
    if text.count(RETURN) != 1:
        raise StalenessError(f"{path} has no longer the lines to slow down: mend {__file__}")
    path.write_text(text.replace(RETURN, TWICE + RETURN), encoding="utf-8")


def commit(folder, subject):
    """Commit what has changed, if anything, and return the commit."""
    git(folder, *AUTHOR, "commit", "--quiet", "--all", "--allow-empty", "--message", subject)
    return git(folder, "rev-parse", "HEAD")[0]


def judge(found, slow):
    """Return whether the slow commit alone is named, for what it made slower alone."""
    return {regression.commit for regression in found} == {slow} and all(
        any(rule in regression.benchmark for rule in SLOWER) for regression in found
    )


if __name__ == "__main__":
    try:
        sys.exit(main())
    except StalenessError as error:
        sys.exit(f"error: {error}")
