"""Sums from elsewhere: beside the same written down without scales and totals kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.kernels.core.learner import Learner
from staleness.kernels.core.rule import Rule
from staleness.kernels.models.summed import SummedCounts, SummedGradient
from staleness.kernels.rules.batch_em import ExpectationMaximization
from staleness.kernels.rules.incremental_em import IncrementalEM
from staleness.kernels.rules.lbfgs import BatchGradient
from staleness.kernels.rules.stepwise_em import StepwiseEM

SEEDS = st.integers(0, 2**32 - 1)
WORK = np.ones(40, dtype=np.int32)


class Given(Rule):
    """Keeps and gains what it is told."""

    smoothing = 0.0
    step_ = (0.0, 1.0)

    @property
    def asks(self):
        return {"smoothing": self.smoothing}

    def keep_and_gain(self, **context):
        return self.step_


def some_rows(random, rows):
    return np.flatnonzero(random.random(rows) < 0.5).astype(np.int32)


def reference(mu, groups, outcomes, smoothing):
    """Return what expected counts make of theta."""
    totals = np.zeros(len(outcomes))
    np.add.at(totals, groups, mu)
    totals += smoothing * outcomes
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(totals[groups] > 0, (mu + smoothing) / totals[groups], 0)


@given(
    seed=SEEDS,
    width=st.integers(1, 3),
    smoothing=st.sampled_from([0.0, 0.5]),
    changes=st.lists(st.sampled_from([0.0, 0.9, 1e-3, 1e-12, 1.0]), max_size=8),
)
def test_counts_are_those_of_a_plain_reference(seed, width, smoothing, changes):
    random = np.random.default_rng(seed)
    rows, groups = 12, random.integers(0, 5, (12, width)).astype(np.int32)
    outcomes = np.full(5, 20)
    mu = random.random((rows, width)) * (random.random((rows, width)) < 0.7)
    rule = Given()
    rule.smoothing = smoothing
    learner = Learner(SummedCounts(mu.copy(), WORK, groups.ravel(), outcomes), rule)
    model = learner.model
    for keep in changes:
        own = some_rows(random, rows)
        sums = random.random((len(own), width)).astype(np.float32)
        gain = float(random.random())
        rule.step_ = keep, gain
        mu = keep * mu
        mu[own] += gain * sums.astype(np.float64)
        model.put(own, sums, 3)
        learner.update()
        theta = learner.theta
        assert theta.dtype == np.float32
        np.testing.assert_allclose(
            theta, reference(mu, groups, outcomes, smoothing), rtol=1e-6, atol=1e-38
        )
        np.testing.assert_allclose(
            model.sums(), np.bincount(groups.ravel(), mu.ravel(), 5), rtol=1e-12, atol=1e-300
        )
        np.testing.assert_allclose(model.totals, model.sums(), rtol=1e-12, atol=1e-300)
        chosen = some_rows(random, rows)
        np.testing.assert_array_equal(model.theta_of(chosen), theta[chosen])
    assert (learner.updates, learner.examples) == (len(changes), 3 * len(changes))


def test_what_is_forgotten_again_and_again_does_not_vanish():
    """A scale of 0.01^1000 is no float64."""
    random = np.random.default_rng(0)
    rule = Given()
    rule.step_ = 0.01, 1.0
    groups = np.zeros(4, dtype=np.int32)
    learner = Learner(SummedCounts(np.ones((4, 1)), WORK, groups, np.array([4])), rule)
    for _ in range(1000):
        row = random.integers(4)
        learner.model.put(np.array([row], dtype=np.int32), np.ones((1, 1), dtype=np.float32), 1)
        learner.update()
    assert learner.theta.sum() == pytest.approx(1)
    assert learner.theta[row, 0] == pytest.approx(0.99, rel=1e-2)


def test_totals_of_a_whole_model_are_taken_from_it():
    values, groups = np.array([[1.0], [3.0], [2.0]]), np.array([0, 0, 1], dtype=np.int32)
    model = SummedCounts(values, WORK, groups, np.array([2, 1]))
    Learner(model, ExpectationMaximization())
    model.totals = np.array([8.0, 4.0])
    np.testing.assert_array_equal(model.theta.ravel(), [0.125, 0.375, 0.5])


@pytest.mark.parametrize("group", [-1, 2])
def test_parameters_of_no_multinomial_are_refused(group):
    groups = np.array([0, group], dtype=np.int32)
    with pytest.raises(IndexError, match="multinomials are numbered 0 to 1"):
        SummedCounts(np.ones((2, 1)), WORK, groups, np.array([2, 1]))


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_that_cannot_be_change_nothing(row):
    values, groups = np.ones((3, 2)), np.zeros(6, dtype=np.int32)
    learner = Learner(SummedCounts(values, WORK, groups, np.array([6])), StepwiseEM())
    rows = np.array([0, row], dtype=np.int32)
    with pytest.raises(IndexError, match="rows are numbered 0 to 2"):
        learner.model.put(rows, np.ones((2, 2), dtype=np.float32), 1)
    with pytest.raises(IndexError, match="rows are numbered 0 to 2"):
        learner.model.theta_of(rows)
    learner.update()
    assert (learner.updates, learner.examples) == (0, 0)


def test_shapes_that_contradict_each_other_are_refused():
    values, groups = np.ones((3, 2)), np.zeros(6, dtype=np.int32)
    learner = Learner(SummedCounts(values, WORK, groups, np.array([6])), StepwiseEM())
    rows = np.array([0, 1], dtype=np.int32)
    for sums in (np.ones((1, 2)), np.ones((2, 1))):
        with pytest.raises(ValueError, match="2 rows of 2, but sums of"):
            learner.model.put(rows, sums.astype(np.float32), 1)


def test_a_rule_that_needs_more_than_sums_is_refused():
    model = SummedCounts(np.ones((2, 1)), WORK, np.zeros(2, dtype=np.int32), np.array([2]))
    with pytest.raises(TypeError, match="keep_statistics"):
        Learner(model, IncrementalEM())


def test_an_optimiser_is_told_the_objective_and_its_gradient():
    """(objective + l2/2 |theta|^2) / N, and the same of the gradient."""
    told = []

    class Optimiser:
        stopped = None

        def step(self, theta, objective, gradient):
            told.append((theta, objective, gradient))
            return theta + 1.0

        def close(self):
            pass

    values = np.array([[1.0, 2.0], [0.5, 0.0]])
    model = SummedGradient(values.copy(), WORK)
    learner = Learner(model, BatchGradient(l2=2.0, optimiser=Optimiser()))
    sums = np.array([[3.0, -1.0]], dtype=np.float32)
    model.put(np.array([1], dtype=np.int32), sums, len(WORK), 8.0)
    learner.update()
    ((theta, objective, gradient),) = told
    np.testing.assert_array_equal(theta, values)
    assert objective == pytest.approx((8.0 + 1.0 * 5.25) / 40)
    np.testing.assert_allclose(gradient, [[2 / 40, 4 / 40], [(3 + 1) / 40, -1 / 40]])
    np.testing.assert_array_equal(learner.theta, values + 1)
    np.testing.assert_array_equal(model.theta_of(np.array([1])), learner.theta[[1]])
