"""CRF training beside CRFsuite's: the same features, one thread, epoch for epoch.

    python -m benchmarks.peers.crfsuite [--algorithm l2sgd] [--epochs 10] [--rounds 3]

Tokens a second of the training epochs alone: CRFsuite's own seconds of each epoch, without its
search for a step size; ours as the wall clock gives them, without evaluation. The two take turns.
Of `lbfgs`, an epoch is an evaluation of the objective here, an iteration there: one or more.
"""

import argparse
import statistics
import tempfile
import time
from itertools import pairwise
from pathlib import Path

import numpy as np
import pycrfsuite

from staleness.algorithms import encoded
from staleness.algorithms.metrics.entities import precision_recall_f1
from staleness.algorithms.run import Configuration, run
from staleness.workflow.corpora.encode import ensure

MINI_BATCH_SIZE = 4
# CRFsuite's parameters; our schedule and update rule.
ALGORITHMS = {
    "l2sgd": ({"c2": 1.0}, "single", "sgd"),
    # The same objective (its penalty is c2 |theta|^2), parameters and memory, and no early end.
    "lbfgs": (
        {
            "c2": 0.5,
            "feature.possible_states": True,
            "num_memories": 10,
            "epsilon": 0.0,
            "delta": 0.0,
        },
        "single-batch",
        "lbfgs",
    ),
}


def main():
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--algorithm", choices=ALGORITHMS, default="l2sgd")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--data", type=Path, default=Path("results"))
    options = parser.parse_args()
    corpus = encoded.load(ensure("conll2003-en", data=options.data).folder)
    training = sentences(corpus, "train")
    development = sentences(corpus, "dev")
    parameters, schedule, update = ALGORITHMS[options.algorithm]
    theirs, ours = f"CRFsuite {options.algorithm}", f"staleness {update}"
    measures = {
        theirs: lambda: crfsuite(
            corpus, training, development, options.epochs, options.algorithm, parameters
        ),
        ours: lambda: staleness(corpus, options.epochs, schedule, update),
    }
    speeds, scores, shares = {name: [] for name in measures}, {}, {name: [] for name in measures}
    for _ in range(options.rounds):
        for name, measure in measures.items():
            speed, share, scores[name] = measure()
            speeds[name].append(speed)
            shares[name].append(share)
    print(f"{options.rounds} rounds of {options.epochs} epochs, medians (least to most)")
    for name, values in speeds.items():
        print(
            f"{name:16} {statistics.median(values):12,.0f} tokens/s "
            f"({min(values):,.0f} to {max(values):,.0f}), dev F1 {scores[name]:.4f}, "
            f"CPU time / wall time {statistics.median(shares[name]):.2f}"
        )
    ratios = [
        speed / their_speed for speed, their_speed in zip(speeds[ours], speeds[theirs], strict=True)
    ]
    print(
        f"ratio, round by round: {statistics.median(ratios):.2f} "
        f"({min(ratios):.2f} to {max(ratios):.2f})"
    )


def sentences(corpus, split):
    """Return a split as CRFsuite takes it: for each sentence, the features and labels of tokens."""
    names = [str(number) for number in range(corpus.about["features"])]
    features = corpus[f"{split}.features"].tolist()
    bounds = corpus[f"{split}.feature_offsets"].tolist()
    tokens = [[names[f] for f in features[begin:end]] for begin, end in pairwise(bounds)]
    labels = [corpus.about["labels"][label] for label in corpus[f"{split}.labels"]]
    return [
        (pycrfsuite.ItemSequence(tokens[begin:end]), labels[begin:end])
        for begin, end in pairwise(corpus[f"{split}.offsets"].tolist())
    ]


def crfsuite(corpus, training, development, epochs, algorithm, parameters):
    """Train with CRFsuite; tokens a second, CPU time over wall time, dev F1."""
    trainer = pycrfsuite.Trainer(algorithm=algorithm, verbose=False)
    common = {"max_iterations": epochs, "feature.possible_transitions": True}
    trainer.set_params(common | parameters)
    for items, labels in training:
        trainer.append(items, labels)
    with tempfile.TemporaryDirectory() as folder:
        model = str(Path(folder) / "model")
        cpu, wall = time.process_time(), time.perf_counter()
        trainer.train(model)
        share = (time.process_time() - cpu) / (time.perf_counter() - wall)
        tagger = pycrfsuite.Tagger()
        tagger.open(model)
        decoded = [label for items, _ in development for label in tagger.tag(items)]
        tagger.close()
    iterations = trainer.logparser.iterations
    seconds = [iteration["time"] for iteration in iterations]
    passes = sum(iteration.get("linesearch_trials", 1) for iteration in iterations)
    number = {label: k for k, label in enumerate(corpus.about["labels"])}
    *_, f1 = precision_recall_f1(
        corpus["dev.labels"],
        np.array([number[label] for label in decoded]),
        corpus["dev.offsets"],
        corpus.about["labels"],
    )
    tokens = len(corpus["train.labels"])
    return tokens * passes / sum(seconds), share, f1


def staleness(corpus, epochs, schedule, update):
    """Train with ours; tokens a second, CPU time over wall time, dev F1."""
    configuration = Configuration(
        task="ner",
        schedule=schedule,
        update=update,
        clock="wall",
        mini_batch_size=MINI_BATCH_SIZE,
        epochs=epochs,
        evaluations=1,
    )
    result = run(configuration, corpus)
    share = result.cpu_seconds / result.real_seconds
    return result.work / result.seconds, share, result.curve["f1"][-1]


if __name__ == "__main__":
    main()
