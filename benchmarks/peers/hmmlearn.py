"""Batch EM for the HMM beside hmmlearn's CategoricalHMM: the same start, one core.

    python -m benchmarks.peers.hmmlearn [--corpus brown] [--sentences 2000] [--rounds 5]

First, that both find the same: the log-likelihood by iteration and the parameters after the last.
Then tokens a second of the E-step alone and of a whole iteration; the two take turns. Without
Brown, `--corpus synthetic-tagging` will do.
"""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np
from hmmlearn.hmm import CategoricalHMM

from benchmarks.peers.turns import on_one_core, take_turns
from staleness.algorithms import encoded
from staleness.algorithms.tasks.tagging import Words
from staleness.workflow.corpora.encode import ensure

ITERATIONS = 5
TOLERANCE = 1e-4  # of the log-likelihoods, relative
PASSES = 20  # of ours in one measurement, as long as a few of theirs


def main():
    """Compare, and print what was found; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", default="brown")
    parser.add_argument("--sentences", type=int, default=2000)
    parser.add_argument("--states", type=int, default=45)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, default=Path("results"))
    options = parser.parse_args()
    on_one_core()
    # It warns of every corpus with more parameters than tokens.
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    corpus = encoded.load(ensure(options.corpus, data=options.data).folder)
    words = first_sentences(corpus, options.sentences, options.states)
    print(
        f"{options.corpus}: {len(words.offsets) - 1:,} sentences, {len(words.tokens):,} tokens, "
        f"{words.words:,} words; {options.states} states"
    )
    equal = compare_results(words)
    compare_speeds(words, options.rounds)
    return 0 if equal else 1


def first_sentences(corpus, count, states):
    """Return `Words` of the first sentences, with the words that they have and a random start."""
    offsets = np.array(corpus["train.offsets"][: count + 1])
    occurring, tokens = np.unique(corpus["train.words"][: offsets[-1]], return_inverse=True)
    random = np.random.default_rng(0)
    return Words(
        offsets=offsets,
        tokens=tokens.astype(np.int32),
        words=len(occurring),
        responsibilities=random.dirichlet(np.ones(states), len(occurring)),
        transitions=random.dirichlet(np.ones(states), states),
    )


def theirs_from(words, theta):
    """Return hmmlearn's model with these parameters, and its two arguments of a corpus."""
    theta = theta.astype(np.float64)
    emissions, transitions, start = theta[: words.words], theta[words.words : -1], theta[-1]
    model = CategoricalHMM(
        n_components=len(start),
        n_features=words.words,
        implementation="scaling",
        init_params="",
        n_iter=1 + ITERATIONS,
        tol=-np.inf,
    )
    model.startprob_ = start / start.sum()
    model.transmat_ = transitions / transitions.sum(axis=1, keepdims=True)
    model.emissionprob_ = (emissions / emissions.sum(axis=0)).T.copy()
    return model, (words.tokens[:, None].astype(np.int64), np.diff(words.offsets))


def compare_results(words):
    """Print both log-likelihoods by iteration, and return whether they are equal."""
    learner = words.learner(rule="em")
    model, corpus = theirs_from(words, learner.theta)
    model.fit(*corpus)
    theirs = list(model.monitor_.history)
    ours = []
    for iteration in range(1 + ITERATIONS):
        ours.append(learner.evaluate(words.offsets, words.tokens)[1])
        print(
            f"after {iteration} iterations: hmmlearn {theirs[iteration]:.3f}, "
            f"staleness {ours[iteration]:.3f}"
        )
        learner.calculate(range(len(learner.work)))
        learner.update()
    worst = np.max(np.abs(np.divide(ours, theirs) - 1))
    difference = np.abs(learner.theta[: words.words] - model.emissionprob_.T).max()
    print(
        f"log-likelihoods differ by {worst:.1e} at most, relative; probabilities of words after "
        f"{1 + ITERATIONS} iterations by {difference:.1e}"
    )
    return worst < TOLERANCE


def compare_speeds(words, rounds):
    """Print tokens a second of both, and how they compare."""
    learner = words.learner(rule="em")
    model, corpus = theirs_from(words, learner.theta)
    model.n_iter = 1
    examples = np.arange(len(learner.work), dtype=np.int32)

    def iterate():
        learner.calculate(examples)
        learner.update()

    parts = {
        # What `fit` calls for its E-step; there is no public name for it.
        "E-step": (lambda: learner.calculate(examples), lambda: model._do_estep(*corpus)),
        "iteration": (iterate, lambda: model.fit(*corpus)),
    }
    tokens = len(words.tokens)
    for part, (ours, theirs) in parts.items():
        measured, of_theirs = take_turns((ours, PASSES), (theirs, 1), rounds)
        print(f"{part:9} staleness {measured.speed(tokens, 'tokens')}")
        print(f"{part:9} hmmlearn  {of_theirs.speed(tokens, 'tokens')}")
        print(f"{part:9} {measured.times_as_fast_as(of_theirs)}")


if __name__ == "__main__":
    sys.exit(main())
