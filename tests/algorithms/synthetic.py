"""A small corpus that can be learned, and clocks made and driven without a run."""

import os

import numpy as np

from staleness.algorithms import encoded
from staleness.algorithms.clocks import Event, SimulatedClock, WallClock
from staleness.algorithms.costs import Costs

LABELS = ["O", "B-X", "I-X", "B-Y", "I-Y"]
FOLLOWING = np.array(  # label to label
    [
        [0.6, 0.2, 0.0, 0.2, 0.0],
        [0.5, 0.1, 0.4, 0.0, 0.0],
        [0.5, 0.1, 0.3, 0.1, 0.0],
        [0.6, 0.1, 0.0, 0.0, 0.3],
        [0.6, 0.0, 0.0, 0.1, 0.3],
    ]
)
WORDS = 6  # of a label's own; a fifth of the tokens have a word that says nothing
FEATURES = WORDS * (len(LABELS) + 1) + 1
# Seconds in the proportion of a real calibration, in round numbers.
COSTS = Costs(0.0, 2.0**-10, 2.0**-8, 2.0**-12, 2.0**-12)
CORES = len(os.sched_getaffinity(0))


def sentences(rng, count):
    """Return the four arrays of `count` sentences of 1 to 12 tokens, by their names."""
    lengths = rng.integers(1, 13, size=count)
    labels, features = [], []
    for length in lengths:
        label = 0
        for _ in range(length):
            label = rng.choice(len(LABELS), p=FOLLOWING[label])
            kind = label if rng.random() < 0.8 else len(LABELS)
            labels.append(label)
            features.append((kind * WORDS + rng.integers(WORDS), FEATURES - 1))
    return {
        "offsets": np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64),
        "labels": np.array(labels, dtype=np.int32),
        "feature_offsets": np.arange(0, 2 * len(labels) + 1, 2, dtype=np.int64),
        "features": np.array(features, dtype=np.int32).reshape(-1),
    }


def save_corpus(folder, training=60, development=25):
    """Write an encoded corpus for ner, and return its folder."""
    rng = np.random.default_rng(2010)
    arrays = {
        f"{split}.{name}": values
        for split, count in (("train", training), ("dev", development))
        for name, values in sentences(rng, count).items()
    }
    about = {
        "task": "ner",
        "corpus": "synthetic-tests",
        "labels": LABELS,
        "features": FEATURES,
        "sources": ["tests/algorithms/synthetic.py"],
    }
    encoded.save(folder, about, arrays)
    return folder


def make_clock(kind, learner, program, processors, mini_batch_size, order, evaluations=(), **extra):
    """Return a clock; on the wall one, threads may outnumber cores."""
    if kind == "simulated":
        extra.setdefault("costs", COSTS)
        make = SimulatedClock
    else:
        extra.pop("costs", None)
        extra.setdefault("oversubscribe", True)
        make = WallClock
    return make(learner, program, processors, mini_batch_size, order, evaluations, **extra)


def advance(clock):
    """Return the next event but TICK: the machine decides how many of those there are."""
    while (event := clock.advance()) is Event.TICK:
        pass
    return event


def finish(clock):
    """Drive a clock to its end; return, for each curve point, time, updates and examples."""
    points = []
    try:
        while (event := advance(clock)) is not Event.DONE:
            assert event is Event.EVALUATE
            points.append((clock.time, clock.learner.updates, clock.learner.examples))
    finally:
        clock.stop()
    return points
