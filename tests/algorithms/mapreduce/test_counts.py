"""Sums on their way."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.algorithms.mapreduce import counts
from staleness.algorithms.mapreduce.counts import Counts, add, add_tallies, merge, union

ROWS = 7


@st.composite
def tables(draw):
    """Draw some tables of sums of one width, with many rows of zeros."""
    width = draw(st.integers(1, 3))
    seed = draw(st.integers(0, 2**32 - 1))
    random = np.random.default_rng(seed)
    parts = draw(st.integers(1, 5))
    values = random.integers(-4, 5, size=(parts, ROWS, width))
    return values * (random.random((parts, ROWS, 1)) < draw(st.floats(0, 1)))


few_or_many = pytest.mark.parametrize("sorting", [0, 1, 100])


@few_or_many
@pytest.mark.parametrize("window", [1, 4, 100])
@given(values=tables())
def test_sums_are_those_of_dense_tables(window, sorting, values):
    with patch.multiple(counts, WINDOW=window, SORTING=sorting):
        check_sums(values)


def check_sums(values):
    parts = [
        Counts.of(np.arange(ROWS), part, began=10.0 + k, objective=float(k), examples=k, work=2 * k)
        for k, part in enumerate(values)
    ]
    for part, table in zip(parts, values, strict=True):
        np.testing.assert_array_equal(part.dense(ROWS), table)
        assert part.values.any(axis=1).all()
        assert (part.rows.dtype, part.values.dtype) == (np.int32, np.float32)
        assert part.moved == part.rows.nbytes + part.values.nbytes
    total = add(parts)
    np.testing.assert_array_equal(total.dense(ROWS), values.sum(axis=0))
    assert np.all(np.diff(total.rows) > 0)
    assert (total.objective, total.examples, total.work) == tuple(
        sum(range(len(parts))) * factor for factor in (1, 1, 2)
    )
    assert total.mapped == (10.0, max(part.mapped[1] for part in parts))
    assert total.moved == sum(part.nbytes for part in parts) + total.nbytes
    # A tree of reduces leaves the same.
    tree = add([add(parts[k::2]) for k in range(min(2, len(parts)))])
    np.testing.assert_array_equal(tree.dense(ROWS), total.dense(ROWS))


def test_many_small_counts_are_not_lost_in_a_large_one():
    row = np.zeros(1, dtype=np.int32)
    parts = [Counts.of(row, np.full((1, 1), x), 0.0) for x in [2.0**24] + [1.0] * 64]
    assert add(parts).values.item() == 2**24 + 64


def test_tallies_add_by_name():
    total = add_tallies([{"a": 1.5, "table": np.eye(2)}, {"a": 2.0, "table": np.ones((2, 2))}])
    assert total["a"] == 3.5
    assert total["table"].tolist() == [[2, 1], [1, 2]]


@pytest.mark.parametrize("window", [1, 5, 100])
@given(parts=st.lists(st.sets(st.integers(0, 50)), min_size=1, max_size=5))
def test_keys_are_merged(window, parts):
    with patch.object(counts, "WINDOW", window):
        found = merge([np.array(sorted(part), dtype=np.int64) for part in parts])
    assert found.tolist() == sorted(set().union(*parts))
    assert found.dtype == np.int64


@few_or_many
@given(parts=st.lists(st.sets(st.integers(0, 50)), min_size=1, max_size=5))
def test_rows_are_united(sorting, parts):
    with patch.object(counts, "SORTING", sorting):
        found = union([np.array(sorted(part), dtype=np.int32) for part in parts])
    assert found.tolist() == sorted(set().union(*parts))
    assert found.dtype == np.int32
