"""What the driver has: beside the same written down without scales, stretches and totals kept."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.algorithms.mapreduce import models, state
from staleness.algorithms.mapreduce.counts import Counts
from staleness.algorithms.mapreduce.models import Multinomials
from staleness.algorithms.mapreduce.state import Expected, Theta, Weights

SEEDS = st.integers(0, 2**32 - 1)


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
    tiny=st.sampled_from([state.TINY, 0.3]),
    stretch=st.sampled_from([1, 4, 2**15]),
    changes=st.lists(st.sampled_from(["mix", "replace"]), max_size=8),
)
def test_counts_are_those_of_a_plain_reference(seed, width, smoothing, tiny, stretch, changes):
    random = np.random.default_rng(seed)
    rows, groups = 12, random.integers(0, 5, (12, width)).astype(np.int32)
    multinomials = Multinomials(groups.ravel(), np.full(5, 20))
    mu = random.random((rows, width)) * (random.random((rows, width)) < 0.7)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(state, "TINY", tiny)
        patch.setattr(models, "STRETCH", stretch)
        found = Expected(mu.copy(), multinomials, smoothing)
        for change in changes:
            own = some_rows(random, rows)
            counts = Counts(own, random.random((len(own), width)).astype(np.float32))
            if change == "mix":
                eta, weight = random.random(2) * [0.9, 10]
                mu = (1 - eta) * mu + weight * counts.dense(rows)
                found.mix(eta, counts, weight)
            else:
                mu = counts.dense(rows)
                found.replace(counts)
            expected = reference(mu, groups, multinomials.outcomes, smoothing)
            theta = found.theta()
            assert theta.values.dtype == np.float32
            np.testing.assert_allclose(theta.values, expected, rtol=1e-6)
            np.testing.assert_allclose(
                found.sums(), np.bincount(groups.ravel(), mu.ravel(), 5), rtol=1e-12
            )
            chosen = some_rows(random, rows)
            part = found.theta(chosen)
            np.testing.assert_array_equal(part.values, theta.values[chosen])
            fewer = chosen[random.random(len(chosen)) < 0.5]
            np.testing.assert_array_equal(part.at(fewer), theta.at(fewer))


def test_what_is_forgotten_again_and_again_does_not_vanish():
    """A scale of 0.01^1000 is no float64."""
    random = np.random.default_rng(0)
    found = Expected(np.ones((4, 1)), Multinomials(np.zeros(4, dtype=np.int32), np.array([4])), 0.0)
    for _ in range(1000):
        row = random.integers(4)
        counts = Counts(np.array([row], dtype=np.int32), np.ones((1, 1), dtype=np.float32))
        found.mix(0.99, counts, 1.0)
    theta = found.theta().values
    assert theta.sum() == pytest.approx(1)
    assert theta[row] == pytest.approx(0.99, rel=1e-2)


def test_totals_of_a_whole_model_are_taken_from_it():
    multinomials = Multinomials(np.array([0, 0, 1], dtype=np.int32), np.array([2, 1]))
    found = Expected(np.array([[1.0], [3.0], [2.0]]), multinomials, 0.0)
    found.totals = np.array([8.0, 4.0])
    np.testing.assert_array_equal(found.theta().values.ravel(), [0.125, 0.375, 0.5])


@pytest.mark.parametrize("group", [-1, 2])
def test_parameters_of_no_multinomial_are_refused(group):
    multinomials = Multinomials(np.array([0, group], dtype=np.int32), np.array([2, 1]))
    with pytest.raises(IndexError, match="multinomials are numbered 0 to 1"):
        Expected(np.ones((2, 1)), multinomials, 0.0)


def test_weights_are_theta():
    values = np.random.default_rng(0).random((5, 2))
    rows = np.array([1, 4], dtype=np.int32)
    whole, part = Weights(values).theta(), Weights(values).theta(rows)
    np.testing.assert_array_equal(whole.values, values.astype(np.float32))
    for some in (rows, rows[1:]):
        np.testing.assert_array_equal(part.at(some), whole.at(some))
    assert whole.nbytes == 40
    assert part.nbytes == 24


def test_rows_are_found_where_there_are_none():
    theta = Theta(np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int32))
    assert theta.at(np.zeros(0, dtype=np.int32)).shape == (0, 3)
