"""Small corpora that can be learned, and clocks made and driven without a run."""

import os

import numpy as np

from staleness.algorithms.clocks import Event, SimulatedClock, WallClock
from staleness.algorithms.costs import Costs
from staleness.workflow.store import encoded

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


def tagged(rng, count):
    """Return the arrays of `count` sentences of words, tagged by the labels they come from."""
    given = sentences(rng, count)
    return {
        "offsets": given["offsets"],
        "words": given["features"][::2].copy(),
        "tags": given["labels"],
    }


def translated(rng, count):
    """Return the arrays of `count` sentence pairs, aligned one to one; a fifth says nothing."""
    lengths = rng.integers(1, 9, size=count)
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    source = rng.integers(WORDS, size=offsets[-1], dtype=np.int32)
    noise = rng.random(len(source)) < 0.2
    target = np.where(noise, rng.integers(WORDS, size=len(source)), (source + 1) % WORDS)
    places = np.concatenate([np.arange(length) for length in lengths])
    return {
        "source_offsets": offsets,
        "source": source,
        "target_offsets": offsets,
        "target": target.astype(np.int32),
        "link_offsets": offsets,
        "links": np.stack([places, places], axis=1).astype(np.int32),
        "links_sure": np.ones(len(source), dtype=np.uint8),
    }


TASKS = {  # of each: its splits, what makes them, and what is to be known of the corpus
    "ner": ({"train": 60, "dev": 25}, sentences, {"labels": LABELS, "features": FEATURES}),
    "tagging": ({"train": 60}, tagged, {"words": FEATURES, "tags": LABELS}),
    "alignment": (
        {"train": 60},
        translated,
        {"source_words": WORDS, "target_words": WORDS, "linked_pairs": 60},
    ),
}


def save_corpus(folder, task="ner"):
    """Write an encoded corpus for a task, and return its folder."""
    rng = np.random.default_rng(2010)
    splits, make, about = TASKS[task]
    arrays = {
        f"{split}.{name}": values
        for split, count in splits.items()
        for name, values in make(rng, count).items()
    }
    about = {
        "task": task,
        "corpus": "synthetic-tests",
        "sources": ["tests/algorithms/synthetic.py"],
        **about,
    }
    encoded.save(folder, about, arrays)
    return folder


def calibrated(costs, processors=1, shared=None):
    """Return what a calibration file says of an update rule, or of a schedule that shares."""
    fits = {"r2": 1.0, "residuals": [1.0, 1.0, 1.0], "left_out": 0.0}
    about = {"rounds": 5, "doctor": None, "processors": processors, "shared": shared or {}}
    return {"costs": costs, "compute": fits, "update": fits, **about}


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
