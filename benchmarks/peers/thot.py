"""IBM Model 1 beside Thot's (sil-thot): the same pairs, one core.

    python -m benchmarks.peers.thot [--corpus sblgnt-bsb] [--iterations 5] [--rounds 5]

Batch EM from a uniform start, in both directions. First the alignments of both, symmetrised by the
same grow-diag-final and measured against the gold links. They differ where probabilities tie: here
the first position is taken of a word that stands in a sentence twice. Then seconds an iteration of
the forward direction, and to prepare for it; the two take turns. Without that corpus, `--corpus
synthetic-alignment` will do.
"""

import argparse
from itertools import pairwise
from pathlib import Path

import numpy as np
from thot.alignment import Ibm1AlignmentModel

from benchmarks.peers.turns import on_one_core, take_turns
from staleness.algorithms import encoded
from staleness.algorithms.metrics.alignment import alignment_error, symmetrise
from staleness.algorithms.tasks.alignment import SYMMETRISATION, Alignment
from staleness.kernels.model1 import IBMModel1
from staleness.workflow.corpora.encode import ensure


def main():
    """Compare, and print what was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="sblgnt-bsb")
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path("results"))
    options = parser.parse_args()
    on_one_core()
    corpus = encoded.load(ensure(options.corpus, data=options.data).folder)
    pairs = Alignment().training(corpus, seed=0)
    print(
        f"{options.corpus}: {len(pairs.source_offsets) - 1:,} pairs, {len(pairs.source):,} source "
        f"and {len(pairs.target):,} target tokens; {options.iterations} iterations"
    )
    compare_alignments(corpus, pairs, options.iterations)
    compare_speeds(pairs, options.iterations, options.rounds)


def directions(pairs):
    """Return the arguments of both directions: offsets, words and number of words, by side."""
    source = pairs.source_offsets, pairs.source, pairs.source_words
    target = pairs.target_offsets, pairs.target, pairs.target_words
    return (source, target), (target, source)


def sentences(offsets, words, _):
    """Return sentences as Thot takes them, as lists of strings."""
    names = [str(word) for word in words.tolist()]
    return [names[begin:end] for begin, end in pairwise(offsets.tolist())]


def theirs_of(given, predicted):
    """Return Thot's model of sentence pairs, ready to train."""
    model = Ibm1AlignmentModel()
    longest = max(np.diff(offsets).max() for offsets, *_ in (given, predicted))
    if longest > model.max_sentence_length:
        raise SystemExit(f"Thot leaves out sentences longer than {model.max_sentence_length}")
    for pair in zip(sentences(*given), sentences(*predicted), strict=True):
        model.add_sentence_pair(*pair)
    model.start_training()
    return model


def ours_of(given, predicted):
    """Return our model of sentence pairs."""
    return IBMModel1(
        *given[:2],
        *predicted[:2],
        source_words=given[2],
        target_words=predicted[2],
        rule="em",
    )


def iterate(learner):
    """Do one iteration of ours."""
    learner.calculate(range(len(learner.work)))
    learner.update()


def align_theirs(given, predicted, iterations):
    """Return the source position of each target word, -1 for the null word."""
    model = theirs_of(given, predicted)
    for _ in range(iterations):
        model.train()
    model.end_training()
    found = model.get_best_alignments(sentences(*given), sentences(*predicted))
    # Theirs count from 1, with 0 for the null word.
    return np.array([i - 1 for _, links in found for i in links.to_list()], dtype=np.int32)


def align_ours(given, predicted, iterations):
    """Return the same of ours."""
    learner = ours_of(given, predicted)
    for _ in range(iterations):
        iterate(learner)
    return learner.evaluate()[0]


def compare_alignments(corpus, pairs, iterations):
    """Print what is wrong with the links of both, and in how many words they differ."""
    gold = [corpus[f"train.{part}"] for part in ("link_offsets", "links", "links_sure")]
    offsets = pairs.source_offsets, pairs.target_offsets
    aligned = {}
    for name, align in (("staleness", align_ours), ("Thot", align_theirs)):
        both = [align(*direction, iterations) for direction in directions(pairs)]
        aligned[name] = both
        errors = [
            alignment_error(*symmetrise(*both, *offsets, method), *gold)
            for method in ("forward", "backward", SYMMETRISATION)
        ]
        print(
            f"{name:9} AER forward {errors[0][2]:.4f}, backward {errors[1][2]:.4f}, "
            f"{SYMMETRISATION} {errors[2][2]:.4f} "
            f"(precision {errors[2][0]:.4f}, recall {errors[2][1]:.4f})"
        )
    for name, ours, theirs in zip(("forward", "backward"), *aligned.values(), strict=True):
        differ = (ours != theirs).sum()
        print(f"{name:9} {differ:,} of {len(ours):,} words are aligned otherwise")


def compare_speeds(pairs, iterations, rounds):
    """Print seconds an iteration of both, and to prepare, and how they compare."""
    forward, _ = directions(pairs)
    learner, model = ours_of(*forward), theirs_of(*forward)
    cells = int(learner.work.sum())
    ours, theirs = take_turns(
        (lambda: iterate(learner), iterations), (model.train, iterations), rounds
    )
    for name, measured in (("staleness", ours), ("Thot", theirs)):
        print(f"iteration {name:9} {measured.time()}")
        print(f"iteration {name:9} {measured.speed(cells / 1e6, 'M cells', '.1f')}")
    print(f"iteration {ours.times_as_fast_as(theirs)}")
    ours, theirs = take_turns(
        (lambda: ours_of(*forward), 1), (lambda: theirs_of(*forward), 1), rounds
    )
    for name, measured in (("staleness", ours), ("Thot", theirs)):
        print(f"preparing {name:9} {measured.time()}")


if __name__ == "__main__":
    main()
