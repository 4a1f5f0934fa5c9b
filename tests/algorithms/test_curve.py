"""When curve points are due."""

import itertools
from types import SimpleNamespace

import pytest

from staleness.algorithms.curve import LEAST_STEP, evaluations


def due(epochs, evaluations_, examples=1000, size=4):
    settings = {"epochs": epochs, "evaluations": evaluations_, "mini_batch_size": size}
    return evaluations(SimpleNamespace(**settings), examples)


@pytest.mark.parametrize(("epochs", "count"), [(1, 1), (2, 4), (10, 8), (50, 3), (100, 100)])
def test_they_are_no_closer_than_a_tenth_but_the_last(epochs, count):
    points = due(epochs, count)
    assert points[0] == 1000 // count
    assert points[-1] == 1000 * epochs
    assert points == sorted(set(points))
    *before, _ = points
    assert all(b >= a * (1 + LEAST_STEP) for a, b in itertools.pairwise(before))
    # Nor is a gap greater than it must be: a grid's step more.
    assert all(b <= a * (1 + LEAST_STEP) + 1000 / count + 1 for a, b in itertools.pairwise(points))


def test_ten_epochs_of_eight_are_less_than_half_of_them():
    assert len(due(10, 8)) == 29


def test_early_ones_do_not_depend_on_how_long_the_run_is():
    assert set(due(5, 8)[:-1]) <= set(due(10, 8))


def test_batch_learning_has_each_iteration():
    assert due(50, 1, size=None) == [1000 * (k + 1) for k in range(50)]


def test_without_any_there_is_the_last():
    assert due(3, 0) == [3000]
