"""The suite over a range of commits, as a web page, and the commits that made something worse.

    python -m benchmarks.dashboard [--range main~5..main] [--bench REGEX]

Without a range: the last commits that touched what is measured. asv measures them by turns, round
by round, so that what the machine does besides falls on all. What looks worse is measured twice
more, and is named only if it does every time. The page is .asv/html, to be served over http: it
needs nothing from elsewhere, as the libraries that it would load are put beside it.
"""

import argparse
import hashlib
import re
import sys
from functools import cache
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

from benchmarks.regressions import FACTOR, asv, describe, git, regressions
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.sources.npm import Npm
from staleness.workflow.store.files import whole_file

CONFIRMATIONS = 2
HTML = Path(".asv/html")
MEASURED = ("kernels", "algorithms", "workflow/corpora", "setup.py")
EXTERNAL = re.compile(r'(src|href)="(https://[^"]+/([^"/]+\.(?:js|css)))"[^>]*?(?=>)')


class Library(NamedTuple):
    """A file that asv's page loads from elsewhere, and the package that has it."""

    package: str
    version: str
    member: str
    sha256: str


# By the name of the file in the page. The sums are of the packages' files; where the page has a sum
# of the same file, it is the same.
LIBRARIES = {
    "jquery-3.3.1.min.js": Library(
        "jquery",
        "3.3.1",
        "dist/jquery.min.js",
        "160a426ff2894252cd7cebbdd6d6b7da8fcd319c65b70468f10b6690c45d02ef",
    ),
    "jquery.flot.min.js": Library(
        "flot",
        "0.8.3",
        "jquery.flot.js",
        "b7b931f273c38b1277b9c6c1f4e05c4ec09885a487bddaf3279e2d7e49a38e12",
    ),
    "jquery.flot.time.min.js": Library(
        "flot",
        "0.8.3",
        "jquery.flot.time.js",
        "a582c832adc7138a6b05aaf61f16ebac274701f1be4afea77e739a1c34b9c41a",
    ),
    "jquery.flot.selection.min.js": Library(
        "flot",
        "0.8.3",
        "jquery.flot.selection.js",
        "e6c85f6c1ebe4b4da29d8ae238c7c5060283f05f7ef054f6b91817d02c092918",
    ),
    "jquery.flot.categories.min.js": Library(
        "flot",
        "0.8.3",
        "jquery.flot.categories.js",
        "6e81664b28ea795c734906f4aa15614640a75ac7fbd399a7fb9084040698351a",
    ),
    "jquery.flot.orderBars.js": Library(
        "flot-orderbars",
        "1.0.0",
        "js/jquery.flot.orderBars.js",
        "39735b4f46f96ff4e082572401f47c55a2767b366fd1d1e821e44a8d830a12bf",
    ),
    "stupidtable.min.js": Library(
        "stupid-table-plugin",
        "1.1.3",
        "stupidtable.min.js",
        "4642380f28ebe9ed7cac251793b281ef8620c4386205d92788f9b12f5cceb4e0",
    ),
    "md5.min.js": Library(
        "blueimp-md5",
        "2.19.0",
        "js/md5.min.js",
        "64d7ded388c562e4bde9e58ce205e5fa01b9734fcd434d496eb7b4fbfe9b927d",
    ),
    "bootstrap.min.js": Library(
        "bootstrap",
        "3.1.1",
        "dist/js/bootstrap.min.js",
        "898d05a17f2cfc5120ddcdba47a885c378c0b466f30f0700e502757e24b403a1",
    ),
    "bootstrap.min.css": Library(
        "bootstrap",
        "3.1.1",
        "dist/css/bootstrap.min.css",
        "e9503448692b738dd260fbd7f7cabf2e11f09b600fa97e6eb3a56eba5b1a7e9b",
    ),
}


def main(arguments=None):
    """Measure, publish, and print which commits made something worse."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--range", help="as git rev-list takes it")
    parser.add_argument("--commits", type=int, default=3, help="without a range, so many")
    parser.add_argument("--bench", help="only the benchmarks that match")
    parser.add_argument("--factor", type=float, default=FACTOR)
    parser.add_argument("--out", type=Path, help="write what was found here, too")
    options = parser.parse_args(arguments)
    commits = choose(options.range, options.commits)
    found = measure(commits, options.bench, options.factor)
    publish()
    text = describe(commits, found)
    print(text)
    if options.out is not None:
        with whole_file(options.out) as file:
            file.write_text(text + "\n", encoding="utf-8")
    print(f"python -m http.server --bind 127.0.0.1 --directory {HTML}")


def choose(range_, count, folder=Path()):
    """Return commits of a range, or the last few that touched what is measured, oldest first.

    Raises
    ------
    StalenessError
        If there are none.
    """
    which = [range_] if range_ else [f"--max-count={count}", "HEAD", "--", *MEASURED]
    commits = git(folder, "rev-list", "--first-parent", "--topo-order", *which)[::-1]
    if not commits:
        raise StalenessError(f"no commits in {range_}: take a range as git rev-list does")
    return commits


def measure(commits, bench=None, factor=FACTOR, folder=None):
    """Return every `Regression` that all of several measurements of commits name.

    Bursts of other work last longer than a round: asv's test, which takes samples to be independent
    of each other, names what they hit. They hardly hit the same again.
    """
    run_asv(["machine", "--yes"], folder)
    found = measure_once(commits, bench, factor, folder)
    for _ in range(CONFIRMATIONS):
        if found:
            names = [re.escape(benchmark) for _, benchmark in found]
            again = measure_once(commits, f"^({'|'.join(names)})$", factor, folder)
            found = {which: again[which] for which in found if which in again}
    return list(found.values())


def measure_once(commits, bench, factor, folder):
    """Run asv on commits; return each `Regression` by its commit and benchmark."""
    with NamedTemporaryFile("w", suffix=".txt") as file:
        file.write("".join(f"{commit}\n" for commit in commits))
        file.flush()
        chosen = ["--bench", bench] if bench else []
        run = ["run", "--interleave-rounds", "--record-samples"]
        run_asv([*run, *chosen, f"HASHFILE:{file.name}"], folder)
    found = regressions(commits, factor, folder)
    return {(regression.commit, regression.benchmark): regression for regression in found}


def publish(folder=Path()):
    """Write the web page, with all that it loads."""
    run_asv(["publish"], folder)
    page = folder / HTML / "index.html"
    page.write_text(
        put_beside(page.read_text(encoding="utf-8"), page.parent, fetch), encoding="utf-8"
    )


def run_asv(arguments, folder):
    """Run asv; a benchmark that fails is in its results, anything else is an error."""
    status = asv(arguments, folder).returncode
    if status not in (0, 2):
        raise StalenessError(f"asv {arguments[0]} failed with status {status}; see above")


def put_beside(html, folder, fetch):
    """Return a page that loads its libraries from its own folder, where they are written.

    Parameters
    ----------
    html : str
    folder : pathlib.Path
    fetch : callable
        Takes a `Library` and returns its bytes.

    Raises
    ------
    StalenessError
        If the page loads something that is not pinned, or other bytes than those pinned are got.
    """

    def beside(match):
        attribute, url, name = match.groups()
        library = LIBRARIES.get(name)
        if library is None:
            raise StalenessError(f"asv's page loads {url}: add its package to {__file__}")
        data = fetch(library)
        if hashlib.sha256(data).hexdigest() != library.sha256:
            message = f"{library.member} of {library.package}@{library.version} is not what is"
            raise StalenessError(f"{message} pinned: its SHA-256 is another")
        (folder / name).write_bytes(data)
        return f'{attribute}="{name}"'

    return EXTERNAL.sub(beside, html)


@cache
def fetch(library):
    """Return the bytes of a library's file, got from its package."""
    with Npm(library.package, library.version).open() as member, member(library.member) as file:
        return file.read()


if __name__ == "__main__":
    try:
        main()
    except StalenessError as error:
        sys.exit(f"error: {error}")
