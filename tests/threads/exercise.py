"""What one schedule's threads are put through, to be run under ThreadSanitizer by `sanitizer.py`.

    python -m tests.threads.exercise [SCHEDULE FOLDER]

FOLDER is an empty one, in that of the build.

All of it goes through `run`, as a user's runs do: to the end, with delays, with more threads than
cores, with several cache lines a row, every task by every update rule; interrupted, diverging, and
with a watcher who is away.
"""

import importlib
import os
import pkgutil
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from staleness import kernels
from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import (
    ALL_SCHEDULES,
    SCHEDULES,
    UPDATES,
    Configuration,
)
from staleness.algorithms.errors import Diverged
from staleness.algorithms.program import Instruction
from staleness.algorithms.result import Interrupted
from staleness.algorithms.run import run
from staleness.algorithms.schedules import Schedule
from staleness.algorithms.updates.stepwise_em import StepwiseEM
from staleness.workflow.store import encoded

from ..algorithms.synthetic import FEATURES, LABELS, save_corpus, sentences

SENTENCES = 200
PROCESSORS = (2, 4)
# With these, stepwise EM moves its scale into its counts within a few epochs.
STEEP = {"mini_batch_size": 1, "epochs": 6, "hyper_parameters": {"alpha": 0.51}}


@dataclass(frozen=True)
class WithoutLock(Schedule):
    """Broken: `asynchronous`, but two may be in an update at once."""

    name = "without-lock"
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.UPDATE)


def corpus(folder, labels):
    """Return a small `EncodedCorpus` for ner."""
    splits = {"train": SENTENCES, "dev": 20}
    rng = np.random.default_rng(2010)
    arrays = {
        f"{split}.{name}": values
        for split, count in splits.items()
        for name, values in sentences(rng, count).items()
    }
    about = {"task": "ner", "corpus": "threads", "labels": labels, "features": FEATURES}
    encoded.save(folder, about | {"sources": []}, arrays)
    return load(folder)


def away(seconds):
    """Return a watcher who does not look at the clock for some seconds."""
    return lambda *_: time.sleep(seconds)


def interrupt(*_):
    """Watch, until Ctrl-C."""
    raise KeyboardInterrupt


def exercise(schedule, narrow, wide, others):
    """Run everything there is to run on one schedule; `others` are corpora of other tasks."""

    def go(processors, watcher=None, on=narrow, **changes):
        settings = {"epochs": 3, "evaluations": 4} | changes
        configuration = Configuration(
            task=on.about["task"],
            schedule=schedule,
            processors=processors,
            clock="wall",
            oversubscribe=True,
            **settings,
        )
        return run(configuration, on, watcher)

    numbers = [p for p in PROCESSORS if SCHEDULES[schedule].skip(p) is None] or [1]
    few, many = numbers[0], numbers[-1]
    for on in (narrow, *others):
        for rule in UPDATES.values():
            if rule.skip(on.about["task"], SCHEDULES[schedule]):
                continue
            for processors in numbers if on is narrow else (few,):
                go(processors, on=on, update=rule.name, **STEEP if rule is StepwiseEM else {})
            if on is narrow:
                go(few, on=wide, update=rule.name)
    for processors in numbers:
        go(processors, delay_mean="0.01s")
        with suppress(Interrupted):
            go(processors, interrupt, epochs=500, evaluations=1)
    with suppress(Diverged):
        go(many, hyper_parameters={"step_size": 1e30, "l2": 0.0})
    # One stands, as a curve point is due, while another still computes.
    with suppress(Interrupted):
        go(few, interrupt, epochs=63, mini_batch_size=12_400)
    # Two mini-batches, and the first to be done with its own finds nobody watching.
    late = {"delay_mean": "0.2s", "delay_probability": 1.0}
    go(few, away(0.3), epochs=1, mini_batch_size=100, evaluations=1, **late)


def main():
    """Exercise the schedule that the command line names, or list those there are."""
    if len(sys.argv) == 1:
        print(*sorted(SCHEDULES), sep="\n")
        return
    schedule, folder = sys.argv[1], Path(sys.argv[2])
    instrumented = Path(os.path.realpath(kernels.__path__[0]))
    build = os.path.realpath(folder.parent)
    assert instrumented.is_relative_to(build), f"not the build: {instrumented}"
    # ThreadSanitizer knows the names of functions only of what was loaded before its first report.
    for module in pkgutil.walk_packages(kernels.__path__, kernels.__name__ + "."):
        importlib.import_module(module.name)
    SCHEDULES[WithoutLock.name] = ALL_SCHEDULES[WithoutLock.name] = WithoutLock
    exercise(
        schedule,
        corpus(folder / f"{schedule}-narrow", LABELS),
        corpus(folder / f"{schedule}-wide", [*LABELS, *(f"B-{k}" for k in range(20))]),
        [load(save_corpus(folder / task, task)) for task in ("tagging", "alignment")],
    )
    print("done")


if __name__ == "__main__":
    main()
