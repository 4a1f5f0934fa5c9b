"""Parameters on their way to mappers, all of them and some."""

import numpy as np

from staleness.algorithms.mapreduce.theta import Theta


def test_some_rows_are_found_in_all_and_in_some():
    values = np.random.default_rng(0).random((5, 2)).astype(np.float32)
    rows = np.array([1, 4], dtype=np.int32)
    whole, part = Theta(values), Theta(values[rows], rows)
    for some in (rows, rows[1:]):
        np.testing.assert_array_equal(part.at(some), whole.at(some))
    assert whole.nbytes == 40
    assert part.nbytes == 24


def test_one_mapper_has_what_it_is_sent():
    values = np.ones((2, 3), dtype=np.float32)
    assert Theta(values, for_one=True).at(np.array([7, 9])) is values


def test_rows_are_found_where_there_are_none():
    theta = Theta(np.zeros((0, 3), dtype=np.float32), np.zeros(0, dtype=np.int32))
    assert theta.at(np.zeros(0, dtype=np.int32)).shape == (0, 3)
