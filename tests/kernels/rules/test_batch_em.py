"""Batch EM against its formula in float64, for both models."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..reference_em import batch_em
from .em import assert_theta, each_model, everything, hmm


@each_model
@pytest.mark.parametrize("smoothing", [0.0, 0.3], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_batch_em_equals_the_reference(make, smoothing, seed):
    model = make(seed)
    learner = model.learner("em", smoothing=smoothing)
    for log_likelihood, theta in batch_em(model, 6, smoothing):
        np.testing.assert_allclose(model.evaluate(learner)[1], log_likelihood, rtol=1e-5)
        assert_theta(model, learner, theta)
        learner.compute(everything(model))
        counts = model.statistics(theta, everything(model))[1]
        np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-5)
        learner.update()
    assert (learner.updates, learner.examples) == (6, 6 * len(model))


@each_model
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_batch_em_never_lowers_the_likelihood(make, data):
    """But by what float32 makes of sums and logarithms."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    lengths = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=8))
    rng = np.random.default_rng(seed)
    model = make(seed, lengths if make is hmm else (lengths, rng.permutation(lengths)))
    learner = model.learner("em")
    before = model.evaluate(learner)[1]
    for _ in range(15):
        learner.compute(everything(model))
        learner.update()
        after = model.evaluate(learner)[1]
        assert after >= before - 1e-6 * max(abs(before), 1.0)
        before = after
    np.testing.assert_allclose(
        before,
        model.statistics(model.theta_of(learner), everything(model))[0],
        rtol=1e-5,
        atol=1e-5,
    )
