"""Schedules on all cores beside one core, on the wall clock, and what the clock itself costs.

    python -m benchmarks.parallel [--mini-batch 4] [--epochs 10] [--rounds 7]

Named-entity recognition on CoNLL-2003; the schedules take turns, so that ratios are of neighbours.
What the clock costs is the time of the same mini-batches with a learner that does nothing. Reading
the time and writing the trace are part of it: traces slow a run down by less than that, but for the
two cache lines of each row, which are written once and not read again.
"""

import argparse
from pathlib import Path
from statistics import median

import numpy as np

from staleness.algorithms import encoded
from staleness.algorithms.clocks import Event
from staleness.algorithms.machine import machine
from staleness.algorithms.run import SCHEDULES, Configuration, make_clock, run
from staleness.kernels.learner import Learner
from staleness.workflow.corpora.encode import ensure


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--mini-batch", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path("results"))
    options = parser.parse_args()
    corpus = encoded.load(ensure("conll2003-en", data=options.data).folder)
    cores = machine()["cores"]
    parallel = [
        name for name, kind in SCHEDULES.items() if not kind.batch and kind.skip(cores) is None
    ]
    results = {name: [] for name in ("single", *parallel)}
    alone = []
    for _ in range(options.rounds):
        for name, found in results.items():
            configuration = Configuration(
                task="ner",
                schedule=name,
                processors=1 if name == "single" else cores,
                clock="wall",
                mini_batch_size=options.mini_batch,
                epochs=options.epochs,
                evaluations=1,
            )
            found.append(run(configuration, corpus))
            if name == "single":
                alone.append(seconds_alone(configuration, np.diff(corpus["train.offsets"])))
    print(f"m = {options.mini_batch}, {options.epochs} epochs, {options.rounds} rounds, medians")
    for name, found in results.items():
        ratios = [
            alone.seconds / ours.seconds
            for alone, ours in zip(results["single"], found, strict=True)
        ]
        print(
            f"{name:14} {median(r.work / r.seconds for r in found):12,.0f} tokens/s, "
            f"{median(ratios):.2f} times single ({min(ratios):.2f} to {max(ratios):.2f}), "
            f"F1 {found[0].curve['f1'][-1]:.4f}, "
            f"mean staleness {found[0].summary()['mean_staleness']:.1f}"
        )
    shares = [
        overhead / (result.seconds / len(result.trace))
        for overhead, result in zip(alone, results["single"], strict=True)
    ]
    print(
        f"single, the clock with its trace: {1e9 * median(alone):.0f} ns a mini-batch, "
        f"{100 * median(shares):.2f} % of its time "
        f"({100 * min(shares):.2f} to {100 * max(shares):.2f})"
    )


def seconds_alone(configuration, work):
    """Return what a mini-batch takes the clock itself: with a learner that does nothing.

    Parameters
    ----------
    configuration : Configuration
        On the wall clock.
    work : ndarray of int [examples]
        See `staleness.kernels.learner.Learner`.
    """
    processors = configuration.processors
    clock = make_clock(configuration, Learner(work, processors, processors), None)
    while clock.advance() is not Event.DONE:
        pass
    clock.stop()
    return clock.time / len(clock.trace)


if __name__ == "__main__":
    main()
