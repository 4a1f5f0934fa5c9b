"""Intervals of a median and tests, against scipy's and by their coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from staleness.workflow.analysis import intervals

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=25)


@pytest.mark.parametrize(("count", "expected"), [(1, 0), (5, 0), (6, 1), (8, 1), (9, 2), (11, 2)])
def test_rank_of_the_interval(count, expected):
    assert intervals.rank(count) == expected


def test_how_many_seeds_an_interval_needs():
    assert intervals.seeds_needed() == 6
    assert intervals.seeds_needed(intervals.OF_EQUIVALENCE) == 5


@pytest.mark.parametrize("count", range(6, 40))
@pytest.mark.parametrize("confidence", [0.9, 0.95, 0.99])
def test_it_is_that_of_scipy(count, confidence):
    values = np.random.default_rng(count).normal(size=count)
    if not intervals.rank(count, confidence):
        return
    found = stats.quantile_test(values, q=0, p=0.5).confidence_interval(confidence)
    assert intervals.interval(values, confidence) == (found.low, found.high)


@pytest.mark.parametrize("count", [6, 11])
def test_it_covers_the_median_as_often_as_it_says(count):
    """Also of effects that are as skew as speed-ups."""
    rng = np.random.default_rng(0)
    drawn = np.exp(rng.normal(size=(20_000, count)))
    ends = np.array([intervals.interval(row) for row in drawn])
    held = np.mean((ends[:, 0] <= 1) & (ends[:, 1] >= 1))
    says = intervals.coverage(count, intervals.rank(count))
    assert says >= intervals.CONFIDENCE
    assert held == pytest.approx(says, abs=4 * math.sqrt(says * (1 - says) / len(drawn)))


@pytest.mark.parametrize(("count", "expected"), [(6, 0.96875), (11, 0.98828125)])
def test_what_it_covers(count, expected):
    assert intervals.coverage(count, intervals.rank(count)) == expected


@given(VALUES)
def test_it_holds_the_median(values):
    low, high = intervals.interval(values)
    assert low <= intervals.median(values) <= high


def test_of_few_it_is_the_range():
    assert intervals.interval([3.0, 1.0, 2.0]) == (1.0, 3.0)


def test_what_does_not_exist_may_be_anything():
    values = [math.nan, *np.arange(10.0)]
    assert intervals.interval(values) == (0.0, 9.0)  # the second on either side
    assert intervals.interval([math.nan, *values[:6]]) == (-math.inf, math.inf)
    assert intervals.median(values) != intervals.median(values)  # it depends on it
    assert intervals.median([math.nan, 1.0, 1.0, 1.0]) == 1.0
    assert intervals.median([math.inf, math.inf, 1.0]) == math.inf


@given(st.integers(1, 30), st.data())
def test_a_sign_test_is_that_of_scipy(count, data):
    beyond = data.draw(st.integers(0, count))
    expected = stats.binomtest(beyond, count, alternative="greater").pvalue
    assert intervals.sign_test(beyond, count) == pytest.approx(expected, rel=1e-9)


def test_holm_raises_the_least_the_most():
    # Holm (1979): 4 * 0.01, 3 * 0.02, 2 * 0.03, 0.04 and no less than the one before.
    assert intervals.holm([0.04, 0.01, 0.03, 0.02]) == pytest.approx([0.06, 0.04, 0.06, 0.06])
    assert intervals.holm([0.6, 0.7]) == [1.0, 1.0]
    assert intervals.holm([]) == []


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_holm_lowers_nothing_and_keeps_the_order(values):
    raised = intervals.holm(values)
    assert all(b >= a for a, b in zip(values, raised, strict=True))
    order = np.argsort(values, kind="stable")
    assert (np.diff(np.array(raised)[order]) >= 0).all()
