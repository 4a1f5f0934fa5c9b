"""Expected counts by rows, beside the same in numpy on all rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.kernels.models.multinomials import add_rows, probabilities

GROUPS = 4


def some_counts(rng, count, width):
    counts = rng.random((count, width))
    return counts, rng.integers(0, GROUPS, (count, width), dtype=np.int32)


@given(
    st.integers(0, 2**32 - 1),
    st.integers(0, 9),
    st.integers(1, 3),
    st.sampled_from([0.3, 1.0, 1e200]),
)
def test_rows_are_added_and_summed(seed, count, width, factor):
    rng = np.random.default_rng(seed)
    counts, groups = some_counts(rng, count, width)
    rows = np.flatnonzero(rng.random(count) < 0.6).astype(np.int32)
    added = rng.random((len(rows), width), dtype=np.float32)
    sums = rng.random(GROUPS)
    expected, expected_sums = counts.copy(), sums.copy()
    expected[rows] += factor * added.astype(np.float64)
    np.add.at(expected_sums, groups[rows], added)
    add_rows(counts, groups, sums, rows, added, factor)
    np.testing.assert_array_equal(counts, expected)
    np.testing.assert_allclose(sums, expected_sums, rtol=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(0, 9), st.integers(1, 3))
def test_theta_is_counts_over_totals(seed, count, width):
    rng = np.random.default_rng(seed)
    counts, groups = some_counts(rng, count, width)
    totals = rng.random(GROUPS) + 0.1
    totals[0] = np.inf
    theta = probabilities(counts, groups, totals, 0.5, 2.0)
    expected = ((0.5 * counts + 2.0) / totals[groups]).astype(np.float32)
    np.testing.assert_array_equal(theta, expected)
    rows = rng.integers(0, max(count, 1), size=min(count, 5), dtype=np.int32)
    np.testing.assert_array_equal(
        probabilities(counts, groups, totals, 0.5, 2.0, rows), expected[rows]
    )


@pytest.mark.parametrize("row", [-1, 3])
def test_rows_that_cannot_be_change_nothing(row):
    counts, groups = some_counts(np.random.default_rng(0), 3, 2)
    before, totals = counts.copy(), np.ones(GROUPS)
    rows = np.array([0, row], dtype=np.int32)
    with pytest.raises(IndexError, match="rows are numbered 0 to 2"):
        add_rows(counts, groups, totals, rows, np.ones((2, 2), dtype=np.float32), 1.0)
    with pytest.raises(IndexError, match="rows are numbered 0 to 2"):
        probabilities(counts, groups, totals, 1.0, 0.0, rows)
    np.testing.assert_array_equal(counts, before)
    np.testing.assert_array_equal(totals, 1)


def test_shapes_that_contradict_each_other_are_refused():
    counts, groups = some_counts(np.random.default_rng(0), 3, 2)
    totals, rows = np.ones(GROUPS), np.array([0, 1], dtype=np.int32)
    for added in (np.ones((1, 2)), np.ones((2, 1))):
        with pytest.raises(ValueError, match="2 rows of 2, but"):
            add_rows(counts, groups, totals, rows, added.astype(np.float32), 1.0)
    with pytest.raises(ValueError, match=r"counts are \(3, 2\), groups \(3, 1\)"):
        probabilities(counts, np.ascontiguousarray(groups[:, :1]), totals, 1.0, 0.0)
