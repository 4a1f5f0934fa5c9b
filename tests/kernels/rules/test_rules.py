"""What each rule keeps and gains: the table of formulas in the design, with weights."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.kernels.models.crf import ConditionalRandomField
from staleness.kernels.models.decoded import DecodedChain
from staleness.kernels.rules.batch_em import ExpectationMaximization
from staleness.kernels.rules.incremental_em import IncrementalEM
from staleness.kernels.rules.lbfgs import BatchGradient
from staleness.kernels.rules.mira import MarginInfusedRelaxedAlgorithm
from staleness.kernels.rules.perceptron import StructuredPerceptron
from staleness.kernels.rules.sgd import StochasticGradientDescent
from staleness.kernels.rules.stepwise_em import StepwiseEM

from .. import reference
from ..reference import random_sentences, random_theta
from .em import assert_theta, each_model, hmm, mu_of, visits

contexts = st.fixed_dictionaries(
    {
        "corpus": st.integers(1, 10**6),
        "mini_batch": st.integers(1, 10**4),
        "updates": st.integers(0, 10**9),
        "examples": st.integers(0, 10**9),
        "staleness": st.integers(0, 10**4),
        "weight": st.floats(0, 1),
    }
)


def assert_step(rule, context, keep, gain):
    assert rule.keep_and_gain(**context) == pytest.approx((keep, gain), rel=1e-12, abs=1e-15)


@given(contexts, st.floats(1e-3, 10), st.floats(0, 10), st.floats(0, 10))
def test_sgd(context, step_size, decay, l2):
    """1 - eta l2 / N and -eta / m, with eta = step_size / (1 + decay * passes)."""
    rule = StochasticGradientDescent(step_size=step_size, decay=decay, l2=l2)
    eta = step_size / (1 + decay * context["examples"] / context["corpus"]) * context["weight"]
    assert_step(rule, context, 1 - eta * l2 / context["corpus"], -eta / context["mini_batch"])


@given(contexts, st.floats(0.51, 1.0))
def test_stepwise_em(context, alpha):
    """1 - eta and eta N / m, with eta = (k + 2)^-alpha."""
    eta = (context["updates"] + 2) ** -alpha * context["weight"]
    gain = eta * context["corpus"] / context["mini_batch"]
    keep, found = StepwiseEM(alpha=alpha).keep_and_gain(**context)
    assert (keep, found) == pytest.approx((1 - eta, gain), rel=1e-11, abs=1e-15)


@given(contexts)
def test_batch_em(context):
    """0 and 1, of whatever weight: nobody is stale where there is one update at a time."""
    assert_step(ExpectationMaximization(), context, 0, 1)


@given(contexts)
def test_the_perceptron(context):
    assert_step(StructuredPerceptron(), context, 1, context["weight"] / context["mini_batch"])


@given(contexts, st.floats(1e-6, 10))
def test_mira(context, step_limit):
    """As the perceptron, times the step of each sentence."""
    rule = MarginInfusedRelaxedAlgorithm(step_limit=step_limit)
    assert_step(rule, context, 1, context["weight"] / context["mini_batch"])


@given(contexts)
def test_incremental_em(context):
    """1 and 1: what is added is s, less what the examples had before, by the weight."""
    assert_step(IncrementalEM(), context, 1, 1)


# ---- that an update is what is kept and gained --------------------------------------------------


@pytest.mark.parametrize("weight", [1.0, 0.5, 0.01])
@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (ConditionalRandomField, StochasticGradientDescent(step_size=0.4, decay=0.7, l2=3.0)),
        (DecodedChain, StructuredPerceptron()),
        (DecodedChain, MarginInfusedRelaxedAlgorithm(step_limit=0.02)),
    ],
    ids=["sgd", "perceptron", "mira"],
)
def test_a_linear_chain_is_updated_so(kind, rule, weight, probe):
    rng = np.random.default_rng(3)
    corpus = random_sentences(rng, rng.integers(1, 9, size=15), 5)
    learner = corpus.learner(kind, rule, random_theta(rng, corpus))
    for _ in range(20):
        before, seen = probe.learned(learner).astype(np.float64), learner.examples
        examples = rng.integers(0, 15, size=3)
        learner.compute(examples)
        found = [reference.mistake(before, corpus, number) for number in examples]
        learner.update(weight=weight)
        if kind is DecodedChain:
            steps = learner.model.mistakes()[1]
            statistics = sum(s * one.difference for s, one in zip(steps, found, strict=True))
        else:
            statistics = learner.model.statistics()
        keep, gain = rule.keep_and_gain(
            corpus=15, mini_batch=3, updates=learner.updates - 1, examples=seen, weight=weight
        )
        expected = keep * before + gain * statistics
        np.testing.assert_allclose(probe.learned(learner), expected, rtol=1e-5, atol=1e-5)


@each_model
@pytest.mark.parametrize("weight", [1.0, 0.5, 0.01])
def test_expected_counts_are_updated_so(make, weight, probe):
    model = make(1)
    learner = model.learner("stepwise", alpha=0.6)
    mu = model.initial()
    for k, examples in enumerate(visits(np.random.default_rng(2), len(model), 40)):
        counts = model.statistics(model.normalised(mu), examples)[1]
        learner.compute(examples)
        learner.update(weight=weight)
        keep, gain = learner.rule.keep_and_gain(
            corpus=len(model), mini_batch=len(examples), updates=k, weight=weight
        )
        mu = keep * mu + gain * counts
        assert_theta(model, learner, model.normalised(mu), rtol=1e-3, atol=1e-5)
        totals = mu_of(probe, learner)[1]
        expected = mu[: model.words] if make is hmm else mu
        np.testing.assert_allclose(totals, expected.sum(axis=0), rtol=1e-4)


# ---- and what else rules say --------------------------------------------------------------------


def test_an_optimiser_keeps_and_gains_nothing_of_its_own():
    with pytest.raises(NotImplementedError, match="BatchGradient does not say what its step is"):
        BatchGradient(l2=1.0, optimiser=None).keep_and_gain(corpus=2, mini_batch=2)


def test_a_context_begins_at_the_beginning():
    rule = StepwiseEM(alpha=1.0)
    assert rule.keep_and_gain(corpus=6, mini_batch=3) == pytest.approx((0.5, 1.0), rel=1e-12)
    with pytest.raises(TypeError):
        rule.keep_and_gain(6, 3)


# A step whose arithmetic comes to nothing is not one that nobody has written.
@pytest.mark.parametrize("l2", [0.0, 1.0])
def test_an_infinite_step_is_one(l2):
    rule = StochasticGradientDescent(step_size=np.inf, decay=0.0, l2=l2)
    assert rule.keep_and_gain(corpus=2, mini_batch=2)[1] == -np.inf


def test_what_is_asked_of_a_model():
    sgd = StochasticGradientDescent(step_size=1.0, decay=0.0, l2=0.0, threshold=0.25)
    assert sgd.asks == {"threshold": 0.25}
    assert StructuredPerceptron().asks == {"averaged": True}
    assert MarginInfusedRelaxedAlgorithm(step_limit=1.0).asks == {"averaged": True, "squares": True}
    assert BatchGradient(l2=1.0, optimiser=None).asks == {"log_likelihoods": True}
    assert ExpectationMaximization(smoothing=0.5).asks == {"smoothing": 0.5}
    assert StepwiseEM(smoothing=0.5).asks == {"smoothing": 0.5}
    assert IncrementalEM().asks == {"smoothing": 0.0, "keep_statistics": True}
