"""All peers by pyperf: processes of their own, after a warm-up, on one core; a table.

    python -m benchmarks.peers.processes [--rounds 5] [--out results/peers] [--only WORDS]

Every round starts a process for each program, one after the other, so that ratios are of
neighbours. pyperf's values, with all it knows of the machine, are left in DIR/peers.json, the table
in DIR/peers.md. The work is that of `benchmarks.peers.crfsuite`, `hmmlearn` and `thot`, which also
check that both sides find the same.
"""

import argparse
import json
import logging
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from statistics import mean, median
from typing import NamedTuple

import numpy as np
import pyperf

from benchmarks.peers.turns import clock, spread
from staleness.algorithms import encoded
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import whole_file
from staleness.algorithms.tasks.alignment import Alignment
from staleness.workflow.corpora.encode import ensure

EPOCHS = 10  # of a CRF, in one value
SENTENCES, STATES = 2000, 45
PASSES = 20  # of ours over a small corpus, in one value
OURS = "staleness"
SHARES = "STALENESS_SHARES"  # the file that processes tell their CPU time over wall time
VALUES = ["--processes=1", "--warmups=1", "--values=2", "--loops=1", "--quiet"]


class Work(NamedTuple):
    """The same work, done by two programs.

    Attributes
    ----------
    name, unit : str
    amount : int
        Units of one pass.
    programs : dict of str to callable
        Ours first. They return seconds a pass, and CPU time over wall time.
    """

    name: str
    unit: str
    amount: int
    programs: dict


def main():
    """Measure in rounds, or, as a worker of pyperf, once."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--out", type=Path, default=Path("results/peers"))
    parser.add_argument("--data", type=Path, default=Path("results"))
    parser.add_argument("--only", default="", help="work whose name has these words")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    core = min(os.sched_getaffinity(0))
    values, shares = options.out / "peers.json", options.out / "shares.jsonl"
    for path in (values, shares):
        path.unlink(missing_ok=True)
    command = [sys.executable, "-m", __spec__.name, "measure", str(options.data), options.only]
    command += [*VALUES, f"--affinity={core}", f"--inherit-environ={SHARES}", "--append"]
    for _ in range(options.rounds):
        subprocess.run(
            [*command, str(values)], check=True, env={**os.environ, SHARES: str(shares.resolve())}
        )
    text = table(
        all_work(options.data, options.only), pyperf.BenchmarkSuite.load(str(values)), shares
    )
    with whole_file(options.out / "peers.md") as file:
        file.write_text(text, encoding="utf-8")
    print(text)


def measure(data, only, arguments):
    """Let pyperf measure every program, by its own command line."""
    program = ("-m", __spec__.name, "measure", data, only)
    sys.argv = [sys.argv[0], *arguments]
    runner = pyperf.Runner(program_args=program)
    for work in all_work(data, only):
        for name, call in work.programs.items():
            label = f"{work.name}: {name}"
            runner.bench_time_func(label, timed, call, label)


def timed(loops, call, name):
    """Return what pyperf wants, seconds of so many loops, and write down how busy the core was."""
    found = [call() for _ in range(loops)]
    with open(os.environ[SHARES], "a", encoding="utf-8") as file:
        file.write(json.dumps({"name": name, "share": mean(share for _, share in found)}) + "\n")
    return sum(seconds for seconds, _ in found)


def table(works, suite, shares):
    """Return what was measured as a table in Markdown."""
    busy = {}
    for line in shares.read_text(encoding="utf-8").splitlines():
        found = json.loads(line)
        busy.setdefault(found["name"], []).append(found["share"])
    lines = [
        "| work | program | speed: median (least to most) | ratio | CPU / wall |",
        "|---|---|---|---|---|",
    ]
    for work in works:
        seconds = {
            name: [
                mean(run.values) for run in suite.get_benchmark(f"{work.name}: {name}").get_runs()
            ]
            for name in work.programs
        }
        for name, of_rounds in seconds.items():
            speeds = spread([work.amount / s for s in of_rounds], ",.0f")
            ratios = [theirs / s for s, theirs in zip(seconds[OURS], of_rounds, strict=True)]
            share = median(busy[f"{work.name}: {name}"])
            ratio = "" if name == OURS else spread(ratios, ".1f")
            lines.append(
                f"| {work.name} | {name} | {speeds} {work.unit}/s | {ratio} | {share:.2f} |"
            )
    lines += ["", f"Ratio, round by round: {OURS} is so many times as fast. One core, medians."]
    return "\n".join(lines) + "\n"


def all_work(data, only=""):
    """Return every `Work` whose name has some words; corpora that are missing are fetched."""
    works = [*crf(data), *hmm(data), *model1(data)]
    return [work for work in works if only in work.name]


def crf(data):
    """Return the training of a CRF, by epochs."""
    from benchmarks.peers import crfsuite  # noqa: PLC0415

    corpus = load("conll2003-en", data)
    tokens = len(corpus["train.labels"])

    @cache
    def splits():
        return [crfsuite.sentences(corpus, split) for split in ("train", "dev")]

    for algorithm, (parameters, schedule, update) in crfsuite.ALGORITHMS.items():

        def ours(schedule=schedule, update=update):
            speed, share, _ = crfsuite.staleness(corpus, EPOCHS, schedule, update)
            return tokens / speed, share

        def theirs(algorithm=algorithm, parameters=parameters):
            speed, share, _ = crfsuite.crfsuite(corpus, *splits(), EPOCHS, algorithm, parameters)
            return tokens / speed, share

        name = f"CRF epoch, {update}"
        yield Work(name, "tokens", tokens, {OURS: ours, f"CRFsuite {algorithm}": theirs})


def hmm(data):
    """Return the E-step of a HMM, and a whole iteration."""
    from benchmarks.peers import hmmlearn  # noqa: PLC0415

    # It warns of every corpus with more parameters than tokens.
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    words = hmmlearn.first_sentences(load("brown", data), SENTENCES, STATES)

    @cache
    def models():
        learner = words.learner(rule="em", slots=1, workspaces=1)
        model, corpus = hmmlearn.theirs_from(words, learner.theta)
        model.n_iter = 1
        return learner, np.arange(len(learner.work), dtype=np.int32), model, corpus

    def estimate():
        learner, examples, _, _ = models()
        return clock(lambda: learner.calculate(examples), PASSES)

    def iterate():
        learner, examples, _, _ = models()
        return clock(lambda: (learner.calculate(examples), learner.update()), PASSES)

    def their_estimate():
        _, _, model, corpus = models()
        return clock(lambda: model._do_estep(*corpus), 1)

    def their_iteration():
        _, _, model, corpus = models()
        return clock(lambda: model.fit(*corpus), 1)

    for name, ours, theirs in (
        ("E-step", estimate, their_estimate),
        ("iteration", iterate, their_iteration),
    ):
        programs = {OURS: ours, "hmmlearn scaling": theirs}
        yield Work(f"HMM {name}", "tokens", len(words.tokens), programs)


def model1(data):
    """Return an iteration of one direction of Model 1."""
    from benchmarks.peers import thot  # noqa: PLC0415

    pairs = Alignment().training(load("sblgnt-bsb", data), seed=0)
    forward, _ = thot.directions(pairs)
    lengths = np.diff(pairs.source_offsets) + 1, np.diff(pairs.target_offsets)

    ours = cache(lambda: thot.ours_of(*forward))
    theirs = cache(lambda: thot.theirs_of(*forward))
    programs = {
        OURS: lambda: (ours(), clock(lambda: thot.iterate(ours()), PASSES))[1],
        "Thot": lambda: (theirs(), clock(lambda: theirs().train(), 1))[1],
    }
    yield Work("Model 1 iteration", "cells", int((lengths[0] * lengths[1]).sum()), programs)


@cache
def load(name, data):
    """Return an encoded corpus, made where it is missing."""
    return encoded.load(ensure(name, data=Path(data)).folder)


if __name__ == "__main__":
    try:
        if sys.argv[1:2] == ["measure"]:
            measure(sys.argv[2], sys.argv[3], sys.argv[4:])
        else:
            main()
    except StalenessError as error:
        sys.exit(f"error: {error}")
