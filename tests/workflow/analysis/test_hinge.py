"""A line beside a hinge."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.workflow.analysis.hinge import hinge, line

X = np.array([0, 1, 3, 7, 15, 31, 63], dtype=float)


def noise(seed):
    return np.random.default_rng(seed).normal(0, 2, len(X))


def test_a_line_is_that_of_polyfit():
    y = 100 + 3 * X + noise(0)
    slope, intercept = np.polyfit(X, y, 1)
    found = line(X, y)
    assert (found.slope, found.intercept) == pytest.approx((slope, intercept), rel=1e-9)
    rest = np.sum((y - slope * X - intercept) ** 2)
    # 7 points, 3 parameters: 2 * 3 and 2 * 3 * 4 / 3 more.
    assert found.aicc == pytest.approx(7 * math.log(rest / 7) + 6 + 8, rel=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_what_is_on_a_line_needs_no_bend(seed):
    y = 100 + 3 * X + noise(seed)
    assert line(X, y).aicc < hinge(X, y).aicc


@pytest.mark.parametrize("seed", range(5))
def test_a_bend_is_found(seed):
    y = 100 + 6 * np.maximum(X - 15, 0) + noise(seed)
    found = hinge(X, y)
    assert found.aicc < line(X, y).aicc
    assert found.bend == pytest.approx(15, abs=2)
    assert found.slope == pytest.approx(6, rel=0.1)
    assert found.intercept == pytest.approx(100, abs=3)


def test_of_few_points_nothing_is_better():
    assert hinge(X[:5], X[:5]).aicc == math.inf
    assert line(X[:4], X[:4]).aicc == math.inf


@given(st.lists(st.floats(-1e3, 1e3), min_size=7, max_size=7), st.floats(0.5, 2), st.floats(-9, 9))
def test_units_do_not_matter(y, factor, shift):
    y = np.array(y)
    if np.ptp(y) < 1:
        return
    before = line(X, y).aicc - hinge(X, y).aicc
    after = line(X, factor * y + shift).aicc - hinge(X, factor * y + shift).aicc
    assert after == pytest.approx(before, abs=1e-3)
