"""Nothing that is looked at changes what is learned: of every rule, with replicas too."""

import numpy as np
import pytest

from staleness.kernels.models.crf import ConditionalRandomField
from staleness.kernels.models.decoded import DecodedChain
from staleness.kernels.rules.mira import MarginInfusedRelaxedAlgorithm
from staleness.kernels.rules.perceptron import StructuredPerceptron
from staleness.kernels.rules.sgd import StochasticGradientDescent

from ..reference import random_sentences
from ..reference_em import random_hmm, random_model1

SLOTS = 3
EXAMPLES = 6


def linear_chain(kind, rule, **sizes):
    """Return a learner and what looks at all of it."""
    corpus = random_sentences(np.random.default_rng(0), [4, 2, 5, 0, 3, 6], 5)
    learner = corpus.learner(kind, rule, slots=SLOTS, **sizes)
    return learner, lambda: learner.model.evaluate(*corpus.arrays)


def hmm(**options):
    model = random_hmm(np.random.default_rng(0), [4, 2, 5, 0, 3, 6])
    learner = model.learner(slots=SLOTS, **options)

    def look():
        learner.model.posteriors(model.offsets, model.tokens)
        return learner.model.evaluate(model.offsets, model.tokens)

    return learner, look


def model1(**options):
    model = random_model1(np.random.default_rng(0), [4, 2, 5, 0, 3, 6], [3, 4, 1, 2, 0, 5])
    learner = model.learner(slots=SLOTS, **options)
    return learner, learner.model.evaluate


# The decay of SGD and the first steps of stepwise EM take the scale out of float32's range soon.
RULES = {
    "sgd": lambda **o: linear_chain(
        ConditionalRandomField,
        StochasticGradientDescent(step_size=0.5, decay=0.0, l2=0.7 * EXAMPLES),
        **o,
    ),
    "perceptron": lambda **o: linear_chain(DecodedChain, StructuredPerceptron(), **o),
    "mira": lambda **o: linear_chain(
        DecodedChain, MarginInfusedRelaxedAlgorithm(step_limit=0.1), **o
    ),
    "hmm, stepwise": lambda **o: hmm(rule="stepwise", alpha=0.6, **o),
    "hmm, incremental": lambda **o: hmm(rule="incremental", **o),
    "hmm, em": lambda **o: hmm(rule="em", **o),
    "model 1, stepwise": lambda **o: model1(rule="stepwise", alpha=0.6, **o),
    "model 1, incremental": lambda **o: model1(rule="incremental", **o),
    "model 1, em": lambda **o: model1(rule="em", **o),
}


# Incremental EM has no replicas.
CASES = [(rule, n) for rule in RULES for n in (0, SLOTS) if not (n and "incremental" in rule)]


@pytest.mark.parametrize(("rule", "replicas"), CASES)
def test_who_looks_changes_no_bit(rule, replicas, probe):
    def learned(every):
        """Return theta, and what was seen in the end, when looking after some updates."""
        rng = np.random.default_rng(1)
        learner, look = RULES[rule](replicas=replicas)
        for update in range(400):
            slot = update % SLOTS
            examples = np.arange(EXAMPLES) if rule.endswith(" em") else rng.integers(0, EXAMPLES, 2)
            learner.compute(examples, slot=slot)
            learner.update(slot)
            if every and update % every == 0:
                look()
                assert learner.theta is not None
            if replicas and update % 90 == 89:
                probe.average(learner)
        decoded, log_likelihood = look()
        assert np.isfinite(log_likelihood)
        return learner.theta.tobytes(), np.asarray(decoded).tobytes(), log_likelihood

    assert learned(0) == learned(1) == learned(37)
