"""Every kernel beside what one core of this machine allows.

    python -m benchmarks.roofline [--out docs/roofline.md] [--rounds 7] [--data results]

Measures the machine and the kernels on the default corpora, one thread, in about a minute, and
prints the tables. With --out they take the place of those between the markers of that page, and the
figure goes beside it. A corpus that is not there is fetched and encoded.
"""

import argparse
import sys
import time
from pathlib import Path

from benchmarks.peers import on_one_core
from benchmarks.roofline import bounds, cases, limits, page
from staleness.algorithms.arrays import load
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.encoders import encoder
from staleness.workflow.figures import style
from staleness.workflow.machine.facts import machine
from staleness.workflow.store.files import whole_file

PAGE = Path(__file__).parents[2] / "docs" / "roofline.md"


def main(arguments=None):
    """Measure, and print or write what was found."""
    options = parse(arguments)
    about = machine()
    on_one_core()
    corpora = {
        task: load(ensure(encoder(task).corpus, data=options.data).folder) for task in cases.CASES
    }
    report(corpora, about, options.rounds, options.out)


def parse(arguments):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a page with markers; default: print")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path("results"))
    return parser.parse_args(arguments)


def report(corpora, about, rounds, out=None):
    """Measure on some corpora, and print the tables or write them into a page.

    Parameters
    ----------
    corpora : dict of str to EncodedCorpus
        By task.
    about : dict
        What `machine` said before.
    rounds : int
    out : pathlib.Path or None

    Raises
    ------
    StalenessError
        If the page has no markers.
    """
    text = out and read_page(out)
    found_limits = limits.measure()
    cpu, wall = time.process_time(), time.perf_counter()
    found = cases.measured(corpora, rounds)
    share = (time.process_time() - cpu) / (time.perf_counter() - wall)
    beside = [bounds.bound(case, found_limits) for case in found]
    facts = describe(corpora, about, rounds, share, found)
    tables = page.measured(facts, found_limits, found, beside)
    if out is None:
        print(tables)
        return
    with whole_file(out.with_suffix(".svg")) as part:
        style.save(page.draw(found_limits, found, beside), part)
    with whole_file(out) as part:
        part.write_text(page.between(text, tables), encoding="utf-8")


def read_page(path):
    """Return the text of a page, after a look whether the tables have a place in it."""
    try:
        text = path.read_text(encoding="utf-8")
        page.between(text, "")
    except (OSError, ValueError) as error:
        raise StalenessError(f"{path}: {error}") from error
    return text


def describe(corpora, about, rounds, share, found):
    """Return what was measured where, in a few lines."""
    names = ", ".join(corpus.about.get("corpus", task) for task, corpus in corpora.items())
    touched = next(case.touched for case in found if case.name == "CRF update")
    return (
        f"{about['processor']}, {about['cores']} cores, {about['system']}, load {about['load']} "
        f"when it began; one thread on one core, CPU time over wall time {share:.2f}. Kernels: "
        f"medians of {rounds} epochs by turns; limits: the fastest of {limits.ROUNDS}. {names}; "
        f"{100 * touched:.0f} % of the CRF's tokens were beyond the threshold of SGD."
    )


if __name__ == "__main__":
    try:
        main()
    except StalenessError as error:
        sys.exit(f"error: {error}")
