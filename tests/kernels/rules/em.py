"""Small corpora for expectation maximisation, and how what is learned of them is compared."""

import numpy as np
import pytest

from ..reference_em import Model1, random_hmm, random_model1


def hmm(seed=0, lengths=(4, 0, 1, 7, 2, 5), **sizes):
    return random_hmm(np.random.default_rng(seed), lengths, **sizes)


def model1(seed=0, lengths=((3, 0, 1, 5, 2, 1), (2, 4, 1, 6, 0, 3)), **sizes):
    return random_model1(np.random.default_rng(seed), *lengths, **sizes)


MODELS = {"hmm": hmm, "model1": model1}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def train(learner, mini_batches):
    for examples in mini_batches:
        learner.compute(examples)
        learner.update()


def visits(rng, examples, updates, most=3):
    """Return mini-batches of one to `most` examples."""
    return [rng.integers(0, examples, size=rng.integers(1, most + 1)) for _ in range(updates)]


def everything(model):
    return np.arange(len(model))


def assert_theta(model, learner, theta, rtol=1e-4, atol=1e-6):
    """Compare the parameters that the learner has."""
    if isinstance(model, Model1):
        theta = theta * model.dense(learner, 1.0)
    np.testing.assert_allclose(model.theta_of(learner), theta, rtol=rtol, atol=atol)


def mu_of(probe, learner):
    """Return what a learner has counted, of a HMM for words, and the totals that it divides by."""
    counts, totals, scale = probe.stored(learner)
    model = learner.model
    if hasattr(model, "states"):
        counts, totals = counts[: model.words, : model.states], totals[: model.states]
    return scale * counts.astype(np.float64), scale * totals
