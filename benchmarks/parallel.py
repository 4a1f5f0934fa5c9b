"""Schedules on all cores beside one core, on the wall clock, and what the clock itself costs.

    python -m benchmarks.parallel [--mini-batch 4] [--epochs 10] [--rounds 7]

Named-entity recognition on CoNLL-2003; the schedules take turns, so that ratios are of neighbours.
"""

import argparse
from pathlib import Path
from statistics import median

from staleness.algorithms import encoded
from staleness.algorithms.machine import machine
from staleness.algorithms.run import SCHEDULES, Configuration, run
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
    overhead = median(seconds_beyond(result) for result in results["single"])
    print(f"single, beyond calc and update: {1e6 * overhead:.2f} us a mini-batch")


def seconds_beyond(result):
    """Return the seconds of a mini-batch that are neither calc nor update, of one thread."""
    trace = result.trace
    inside = trace["computed"] - trace["start"] + trace["update"]
    return (result.seconds - inside.sum()) / len(trace)


if __name__ == "__main__":
    main()
