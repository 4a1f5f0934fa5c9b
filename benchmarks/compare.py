"""The kernels beside their peers, by pyperf: a process for each measurement, by turns; a table.

    python -m benchmarks.compare [--rounds 5] [--out results/peers] [--only WORDS] [--python PYTHON]

Every round starts a process for ours and one for the peer, one after the other, so that ratios are
of neighbours; each drops its first value as a warm-up. They have as many cores as the work has
threads. OUT gets pyperf's values (`peers.json`), the table as Markdown (`peers.md`) and as the
report reads it (`table.json`). It fails if both sides do not find the same where they should, one
was on more cores than it says, or a program failed.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from statistics import mean, median

from benchmarks import peers
from benchmarks.peers import OURS, Peer
from staleness.algorithms.components import choose, discover
from staleness.algorithms.errors import StalenessError
from staleness.workflow.environment import not_importable
from staleness.workflow.machine.facts import machine
from staleness.workflow.report.peers import FORMAT, HEADING, rows
from staleness.workflow.store.files import whole_file

try:
    import pyperf
except ImportError as error:
    sys.exit(f"error: {not_importable(error)}")

MEASURE = "measure"  # the first argument of a process that measures; the second says what, in JSON
SIDES = ("ours", "theirs")
PYPERF = ["--processes=1", "--warmups=1", "--loops=1", "--quiet", "--copy-env"]
MOST_BUSY = 1.1  # CPU time over wall time, a thread: more comes from threads nobody asked for
FOUND = "found: "  # before the name of what was found, in pyperf's metadata


def main(arguments=None):
    """Measure in rounds; print and write the table; return the exit code."""
    options = parse(arguments)
    chosen = choose_peers(options)
    left_out = {peer: why_not(peer) for peer in chosen}
    measured, failed = measure_in_rounds(
        [peer for peer, why in left_out.items() if why is None], options.rounds
    )
    left_out |= failed
    table = {
        "format": FORMAT,
        "date": datetime.now(UTC).isoformat(timespec="minutes"),
        "rounds": options.rounds,
        "machine": machine(),
        "works": [summarise(peer, *sides) for peer, sides in measured.items()],
        "left_out": [{"work": peer.name, "reason": why} for peer, why in left_out.items() if why],
    }
    text = markdown(table)
    write(options.out, table, text, [runs for sides in measured.values() for runs in sides])
    print(text)
    wrong = [f"{peer.name}: {why}" for peer, why in failed.items()]
    for peer, work in zip(measured, table["works"], strict=True):
        wrong += complaints(peer, work)
    for complaint in wrong:
        print(f"error: {complaint}", file=sys.stderr)
    return 1 if wrong else 0


def parse(arguments):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("results/peers"))
    parser.add_argument("--data", type=Path, default=Path("results"))
    parser.add_argument("--only", default="", help="works or programs whose name has these words")
    parser.add_argument(
        "--python",
        default="/usr/bin/python3",
        help="the interpreter of peers that do not run in this one (default: %(default)s)",
    )
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error(f"--rounds must be at least 1, not {options.rounds}")
    return options


def choose_peers(options):
    """Return the peers that are asked for, a list.

    Raises
    ------
    StalenessError
        If there is none.
    """
    every = [kind(options.data, options.python) for kind in discover(peers, Peer).values()]
    names = {peer: f"{peer.name} ({peer.program})" for peer in every}
    chosen = [peer for peer in every if options.only.lower() in names[peer].lower()]
    if not chosen:
        known = "; ".join(names.values())
        raise StalenessError(f"'{options.only}' is in no name: choose words of {known}")
    return chosen


def why_not(peer):
    """Return why a peer cannot be compared with here, or None."""
    cores = len(os.sched_getaffinity(0))
    if cores < max(peer.threads):
        return f"it needs {max(peer.threads)} cores, and here are {cores}"
    return peer.missing()


def measure_in_rounds(compared, rounds):
    """Measure ours and the peer by turns.

    Parameters
    ----------
    compared : list of Peer
    rounds : int

    Returns
    -------
    measured : dict of Peer to list of list of pyperf.Benchmark
        For each side, those of all rounds.
    failed : dict of Peer to str
        What could not be measured, and why.
    """
    measured, failed = {peer: [[] for _ in SIDES] for peer in compared}, {}
    for number in range(rounds):
        for peer in list(measured):
            print(f"round {number + 1} of {rounds}: {peer.name}", file=sys.stderr)
            try:
                for side, found in zip(SIDES, measured[peer], strict=True):
                    found.append(measure(peer, side))
            except StalenessError as error:
                failed[peer] = str(error)
                del measured[peer]
    return measured, failed


def measure(peer, side):
    """Measure one side in a process of its own.

    Returns
    -------
    pyperf.Benchmark
        One run; its metadata have what `Pass` has besides seconds.
    """
    threads = peer.threads[SIDES.index(side)]
    cores = sorted(os.sched_getaffinity(0))[:threads]
    with tempfile.TemporaryDirectory(prefix="staleness-peers-") as folder:
        values, passes = Path(folder) / "values.json", Path(folder) / "passes.jsonl"
        what = {"peer": peer.name, "side": side, "passes": str(passes)}
        what |= {"data": str(peer.data), "python": peer.python}
        command = [sys.executable, "-m", __spec__.name, MEASURE, json.dumps(what), *PYPERF]
        command += [f"--affinity={','.join(map(str, cores))}", f"--values={peer.values}"]
        command += [f"--output={values}"]
        told = subprocess.run(command, check=False, capture_output=True, text=True)
        if told.returncode:
            raise StalenessError(f"{label(peer, side)} failed: {last_words(told.stderr)}")
        benchmark = pyperf.Benchmark.load(str(values))
        of_passes = [json.loads(line) for line in passes.read_text("utf-8").splitlines()]
    last = of_passes[-1]
    benchmark.update_metadata(
        {
            "busy": mean(one["busy"] for one in of_passes),
            "amount": last["amount"],
            **{f"{FOUND}{name}": float(value) for name, value in last["found"].items()},
        }
    )
    return benchmark


def last_words(stderr):
    """Return the line in which a process that pyperf has started said why it failed.

    Below it stands what pyperf makes of that.
    """
    of_process, *_ = stderr.rpartition("Traceback (most recent call last):")
    said = of_process.strip() or stderr.strip() or "it said nothing"
    return said.splitlines()[-1]


def label(peer, side):
    """Return what pyperf calls a side of a work."""
    return f"{peer.name}: {OURS if side == SIDES[0] else peer.program}"


def measure_here(what, arguments):
    """Be that process: let pyperf call one side of a peer, and write down what its passes tell."""
    about = json.loads(what)
    kind = choose("work", about["peer"], discover(peers, Peer))
    peer = kind(about["data"], about["python"])

    def passes(loops):
        done = [getattr(peer, about["side"])() for _ in range(loops)]
        with open(about["passes"], "a", encoding="utf-8") as file:
            file.writelines(json.dumps(one._asdict()) + "\n" for one in done)
        return sum(one.seconds for one in done)

    sys.argv = [sys.argv[0], *arguments]
    runner = pyperf.Runner(program_args=("-m", __spec__.name, MEASURE, what))
    runner.bench_time_func(label(peer, about["side"]), passes)


def summarise(peer, ours, theirs):
    """Return a work as the table has it.

    Parameters
    ----------
    peer : Peer
    ours, theirs : list of pyperf.Benchmark
        Of each round.
    """
    speeds = [
        [one.get_metadata()["amount"] / one.mean() for one in of_rounds]
        for of_rounds in (ours, theirs)
    ]
    ratios = [one / other for one, other in zip(*speeds, strict=True)]
    names = OURS, f"{peer.program} ({peer.version()})"
    programs = [
        {
            "name": name,
            "threads": threads,
            "speed": middle_and_ends(speed),
            "ratio": middle_and_ends(ratios) if name == OURS else None,
            "busy": median(one.get_metadata()["busy"] for one in of_rounds),
            "found": found_by(of_rounds),
        }
        for name, threads, speed, of_rounds in zip(
            names, peer.threads, speeds, (ours, theirs), strict=True
        )
    ]
    kept = {"work": peer.name, "unit": peer.unit, "differs": peer.differs}
    return {**kept, "programs": programs}


def middle_and_ends(values):
    """Return the median, the least and the most of some numbers."""
    return [median(values), min(values), max(values)]


def found_by(of_rounds):
    """Return the medians of what was found, a dict."""
    told = [one.get_metadata() for one in of_rounds]
    names = [name for name in told[0] if name.startswith(FOUND)]
    return {name.removeprefix(FOUND): median(one[name] for one in told) for name in names}


def complaints(peer, work):
    """Yield what keeps a work, as `summarise` returned it, from being the same on both sides."""
    ours, theirs = work["programs"]
    for name, most in peer.tolerance.items():
        found, wanted = ours["found"][name], theirs["found"][name]
        if not abs(found / wanted - 1) <= most:
            yield (
                f"{peer.name}: {name} is {found:.8g}, but {wanted:.8g} by {peer.program}: "
                f"expected no more than {most:g} between them, relative"
            )
    for program in (ours, theirs):
        if program["busy"] > MOST_BUSY * program["threads"]:
            yield (
                f"{peer.name}: {program['name']} was on {program['busy']:.2f} cores, "
                f"but should have {program['threads']}"
            )


def markdown(table):
    """Return a table as Markdown, with its machine, and what differs or was left out."""
    lines = [[cell.replace("\n", " ") for cell in HEADING], ["---"] * len(HEADING), *rows(table)]
    text = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    about, when = table["machine"], table["date"][:10]
    facts = f"{table['rounds']} rounds; {about['processor']}; cores: {about['cores']}"
    text += f"\n{facts}; load: {about['load']}; {when}\n"
    points = [f"{one['work']}: {one['differs']}" for one in table["works"] if one["differs"]]
    points += [f"{one['work']}, left out: {one['reason']}" for one in table["left_out"]]
    return text + "".join(f"- {point}\n" for point in points)


def write(folder, table, text, measured):
    """Write the table for the report and as Markdown, and what pyperf has measured.

    Parameters
    ----------
    folder : pathlib.Path
    table : dict
    text : str
    measured : list of list of pyperf.Benchmark
        Of each program, those of all rounds.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in (("table.json", json.dumps(table, indent=1) + "\n"), ("peers.md", text)):
        with whole_file(folder / name) as file:
            file.write_text(content, encoding="utf-8")
    if measured:
        suite = pyperf.BenchmarkSuite([first for first, *_ in measured])
        for _, *rest in measured:
            for benchmark in rest:
                suite.add_runs(benchmark)
        with whole_file(folder / "peers.json") as file:
            suite.dump(str(file), replace=True)


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == [MEASURE]:
            measure_here(sys.argv[2], sys.argv[3:])
        else:
            sys.exit(main())
    except StalenessError as error:
        sys.exit(f"error: {error}")
