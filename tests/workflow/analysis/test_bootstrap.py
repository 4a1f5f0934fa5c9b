import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from staleness.workflow.analysis.bootstrap import CONFIDENCE, RESAMPLES, interval, resamples

FINITE = st.floats(-1e6, 1e6)


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5])
def test_all_resamples_with_their_probabilities(count):
    """The oracle draws every sequence of seeds."""
    seeds = [7 * seed for seed in range(count)]
    expected = {}
    for drawn in itertools.product(seeds, repeat=count):
        key = tuple(sorted(drawn))
        expected[key] = expected.get(key, 0) + Fraction(1, count**count)
    found = resamples(seeds, "a test")
    assert found.keys() == expected.keys()
    for key, share in expected.items():
        assert found[key] == pytest.approx(float(share), rel=1e-12)


def test_of_many_seeds_some_are_drawn_always_the_same():
    seeds = list(range(12))
    found = resamples(seeds, "a test")
    assert 1000 < len(found) <= RESAMPLES
    assert sum(found.values()) == pytest.approx(1, rel=1e-12)
    assert all(len(chosen) == 12 and list(chosen) == sorted(chosen) for chosen in found)
    assert resamples(seeds, "a test") == found
    assert resamples(seeds, "another") != found
    shares = [sum(share * chosen.count(seed) for chosen, share in found.items()) for seed in seeds]
    np.testing.assert_allclose(shares, 1, atol=0.1)


def medians(values):
    """Return effect and share of every resample."""
    drawn = resamples(range(len(values)), "a test")
    return [float(np.median([values[i] for i in chosen])) for chosen in drawn], list(drawn.values())


@given(st.lists(FINITE, min_size=3, max_size=3))
def test_of_three_seeds_the_interval_is_their_range(values):
    assert interval(*medians(values)) == (min(values), max(values))


@given(st.lists(FINITE, min_size=1, max_size=6))
def test_interval_is_in_the_range_and_holds_the_median(values):
    low, high = interval(*medians(values))
    assert min(values) <= low <= np.median(values) <= high <= max(values)


@given(st.lists(FINITE, min_size=3, max_size=5), st.floats(0.5, 4), FINITE)
def test_interval_moves_with_the_effects(values, factor, shift):
    effects, shares = medians(values)
    low, high = interval(effects, shares)
    moved = interval([factor * effect + shift for effect in effects], shares)
    assert moved == (factor * low + shift, factor * high + shift)
    turned = interval([-effect for effect in effects], shares)
    assert turned == (-high, -low)


@given(st.lists(FINITE, min_size=1, max_size=60), st.randoms())
def test_interval_against_numpy_quantiles(values, random):
    """A quantile by counting, of equal shares in any order."""
    shares = [1 / len(values)] * len(values)
    random.shuffle(values)
    low, high = interval(values, shares)
    ordered = sorted(values)
    skipped = math.floor(0.025 * len(values) + 1e-9)
    assert low == ordered[skipped]
    assert high == ordered[len(values) - 1 - skipped]


def test_a_tail_is_left_out_whole():
    tail = (1 - CONFIDENCE) / 2
    assert interval([1.0, 2.0, 3.0], [tail, 1 - 2 * tail, tail]) == (2.0, 2.0)


def test_what_does_not_exist_may_be_anything():
    shares = [0.02, 0.49, 0.49]
    assert interval([math.nan, 1.0, 2.0], shares) == (1.0, 2.0)  # not often enough to matter
    assert interval([1.0, math.nan, 2.0], shares) == (-math.inf, math.inf)
    assert interval([math.nan], [1.0]) == (-math.inf, math.inf)
    assert interval([math.inf, 2.0], [0.5, 0.5]) == (2.0, math.inf)


def test_coverage_of_three_seeds_is_what_the_docstring_says():
    random = np.random.default_rng(0)
    hits = 0
    for _ in range(400):
        low, high = interval(*medians(random.normal(size=3).tolist()))
        hits += low <= 0 <= high
    assert 0.70 < hits / 400 < 0.80


@pytest.mark.parametrize("count", [5, 7, 11])
def test_the_interval_is_that_of_scipy(count):
    """Of a mean, whose quantiles lie close together; scipy draws, up to 7 seeds are enumerated."""
    values = np.random.default_rng(count).normal(10, 2, count)
    drawn = resamples(range(count), "test")
    means = [values[list(chosen)].mean() for chosen in drawn]
    found = interval(means, list(drawn.values()))
    expected = stats.bootstrap(
        (values,), np.mean, n_resamples=20_000, method="percentile", rng=np.random.default_rng(0)
    ).confidence_interval
    np.testing.assert_allclose(found, expected, atol=0.05 * values.std())
