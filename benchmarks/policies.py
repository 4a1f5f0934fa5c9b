"""What policies make of stale updates, at steps that are too long, right and too short.

    python -m benchmarks.policies --encoded results/encoded/conll2003-en

Named-entity recognition, asynchronous on many simulated processors. Does any policy beat a
well-chosen constant step, or does it only forgive a badly chosen one?
"""

import argparse
import itertools
import os
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median

from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import POLICIES, UPDATES, Configuration
from staleness.algorithms.errors import Diverged
from staleness.algorithms.run import run

STEPS = (0.25, 0.5, 1.0, 2.0, 4.0)  # times the default
CASES = (
    ("none", {}),
    ("inverse", {"exponent": 1.0}),
    ("inverse", {"exponent": 0.5}),
    ("drop", {"most_stale": 32}),
    ("delay-adaptive", {"tolerance": 1.0}),
    ("delay-adaptive", {"tolerance": 0.5}),
)
TARGET = 0.85  # of F1: what one processor reaches within two epochs


def measure(encoded, processors, epochs, job):
    """Return final F1, seconds to the target or None, and the share of updates dropped."""
    (policy, parameters), step, seed = job
    configuration = Configuration(
        task="ner",
        schedule="asynchronous" if processors > 1 else "single",
        processors=processors,
        epochs=epochs,
        evaluations=2,
        seed=seed,
        policy=policy,
        policy_parameters=parameters,
        hyper_parameters={"step_size": step * UPDATES["sgd"]().step_size},
    )
    try:
        result = run(configuration, load(encoded))
    except Diverged:
        return 0.0, None, 0.0
    f1, when = result.curve["f1"], result.curve["time_s"]
    reached = when[f1 >= TARGET]
    dropped = result.summary()["dropped"] / len(result.trace)
    return float(f1[-1]), float(reached[0]) if len(reached) else None, dropped


def called(policy, parameters):
    """Return what a case is called in the table."""
    return " ".join([policy, *(f"{value:g}" for value in parameters.values())])


def cell(found):
    """Return medians over seeds as a table has them; without a time, where most never got there."""
    f1 = median(f for f, _, _ in found)
    times = sorted(float("inf") if t is None else t for _, t, _ in found)
    middle = times[len(times) // 2]
    text = f"{f1:.3f}"
    if middle < float("inf"):
        text += f", {1e3 * middle:.0f} ms"
    dropped = median(d for _, _, d in found)
    return f"{text} ({dropped:.0%} dropped)" if dropped else text


def main():
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoded", type=Path, required=True, help="an encoded corpus")
    parser.add_argument("--processors", type=int, default=64)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    seeds = range(options.seeds)
    cases = [case for case in CASES if case[0] in POLICIES]
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), get_context("spawn")) as pool:
        print("| policy |", " | ".join(f"{step:g}x" for step in STEPS), "|")
        print("|---" * (len(STEPS) + 1) + "|")
        for label, processors, rows in (
            ("one processor", 1, CASES[:1]),
            (None, options.processors, cases),
        ):
            for case in rows:
                jobs = list(itertools.product([case], STEPS, seeds))
                one = partial(measure, options.encoded, processors, options.epochs)
                found = list(pool.map(one, jobs))
                by_step = [found[k : k + len(seeds)] for k in range(0, len(found), len(seeds))]
                print(
                    "|",
                    label or called(*case),
                    "|",
                    " | ".join(map(cell, by_step)),
                    "|",
                    flush=True,
                )


if __name__ == "__main__":
    main()
