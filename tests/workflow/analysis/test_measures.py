import math

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import measures, runs

from ..figures import toy


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 0.5, 0.9, 0.95], 20.0),
        ([0.0, 0.9, 0.8, 0.95], 20 + 10 * 0.1 / 0.15),  # dips below again
        ([0.0, 0.6, 1.2], 15.0),  # on the line between two points
        ([0.0, 0.9, 0.85, 0.9, 0.89, 0.9], 50.0),
        ([0.95, 0.95], 0.0),  # there from the beginning
        ([0.0, 0.9, 0.95, 0.8], None),  # ends below
        ([0.0, 0.1], None),
        ([0.9], 0.0),
        ([0.8], None),
    ],
)
def test_time_to_target_is_when_the_metric_stays_past_it(values, expected):
    time = 10.0 * np.arange(len(values))
    found = measures.time_to_target(time, np.array(values), 0.9)
    assert found == (expected if expected is None else pytest.approx(expected, rel=1e-12))


def test_the_first_time_is_told_from_the_last():
    time, values = 10.0 * np.arange(5), np.array([0.0, 1.2, 0.6, 1.2, 1.2])
    assert measures.time_to_target(time, values, 0.9, first=True) == 7.5
    assert measures.time_to_target(time, values, 0.9) == 25.0
    # At the end it is short of it: it was there, but not for good.
    assert measures.time_to_target(time[:3], values[:3], 0.9, first=True) == 7.5
    assert measures.time_to_target(time[:3], values[:3], 0.9) is None
    assert measures.time_to_target(time[:1], values[:1], 0.9, first=True) is None


def test_what_changes_in_steps_is_there_with_its_point():
    time, values = 10.0 * np.arange(3), np.array([0.0, 0.6, 1.2])
    assert measures.time_to_target(time, values, 0.9, steps=True) == 20.0


def test_target_is_99_percent_of_the_median_best(tmp_path):
    folders = [
        toy.run(tmp_path / str(seed), seed=seed, values=[0.0, best, 0.7])
        for seed, best in enumerate([0.8, 0.9, 0.85])
    ]
    (cell,) = runs.load(folders)
    assert measures.target(cell, "f1") == pytest.approx(0.99 * 0.85, rel=1e-12)


ALIGNMENT = {"configuration.task": "alignment"}


def test_target_of_an_error_is_99_percent_of_what_is_right(tmp_path):
    folders = [
        toy.run(tmp_path / str(seed), seed=seed, values=[0.9, best, 0.5], metric="aer", **ALIGNMENT)
        for seed, best in enumerate([0.3, 0.4, 0.35])
    ]
    (cell,) = runs.load(folders)
    assert 1 - measures.target(cell, "aer") == pytest.approx(0.99 * (1 - 0.35), rel=1e-12)


def test_target_of_a_log_likelihood_is_99_percent_of_the_way(tmp_path):
    """Of three seeds the start is -910 and the best -210, whichever seeds they are of."""
    folders = [
        toy.run(
            tmp_path / str(seed),
            seed=seed,
            values=[start, best, best - 1],
            metric="log_likelihood",
            **ALIGNMENT,
        )
        for seed, (start, best) in enumerate([(-900, -210), (-910, -200), (-920, -220)])
    ]
    (cell,) = runs.load(folders)
    level = measures.target(cell, "log_likelihood")
    assert level == pytest.approx(-210 - 0.01 * 700, rel=1e-12)


def test_an_error_reaches_its_target_from_above(tmp_path):
    values = [1.0, 0.3, 0.4, 0.3, 0.29]
    (cell,) = runs.load([toy.run(tmp_path / "a", values=values, metric="aer", **ALIGNMENT)])
    assert measures.times_to_target(cell, "aer", 0.3) == [30.0]
    assert measures.times_to_target(cell, "aer", 0.28) == [None]


def test_updates_to_target_are_counted_at_the_same_point(tmp_path):
    (cell,) = runs.load([toy.run(tmp_path / "a", values=[0.0, 0.9, 0.8, 0.95])])
    at = pytest.approx(2 + 0.1 / 0.15, rel=1e-12)
    assert measures.times_to_target(cell, "f1", 0.9, "updates") == [at]
    assert measures.median_time_to_target(cell, "f1", 0.9, "updates") == at


def test_median_curve_is_taken_at_common_times(tmp_path):
    folders = [
        toy.run(tmp_path / str(seed), seed=seed, values=[0.0, 0.5, height], times=times)
        for seed, height, times in [
            (0, 0.7, [0, 10, 20]), (1, 0.8, [0, 10, 20]), (2, 0.9, [0, 20, 40]),
        ]
    ]  # fmt: skip
    (cell,) = runs.load(folders)
    time, spread = measures.median_curve(cell, "f1")
    np.testing.assert_allclose(time, [0, 10, 20], rtol=1e-12)
    # Seed 2 is at 0.25 after 10 s and at 0.5 after 20 s.
    np.testing.assert_allclose(spread.median, [0.0, 0.5, 0.7], rtol=1e-12)
    np.testing.assert_allclose(spread.low, [0.0, 0.25, 0.5], rtol=1e-12)
    np.testing.assert_allclose(spread.high, [0.0, 0.5, 0.8], rtol=1e-12)


def test_final_value_holds_past_the_end_of_a_seed(tmp_path):
    folders = [
        toy.run(tmp_path / "0", seed=0, values=[0.0, 0.6], times=[0, 10]),
        toy.run(tmp_path / "1", seed=1, values=[0.0, 0.8], times=[0, 30]),
    ]
    (cell,) = runs.load(folders)
    time, spread = measures.median_curve(cell, "f1")
    assert time[-1] == 20.0
    assert spread.high[-1] == pytest.approx(0.6, rel=1e-12)
    assert measures.final(cell, "f1") == measures.Spread(0.7, 0.6, 0.8)


def test_a_seed_in_which_neither_gets_there_has_no_ratio(tmp_path):
    folders = [
        toy.run(tmp_path / f"{schedule}{seed}", schedule, processors, seed, values=values)
        for schedule, processors, group in [
            ("single", 1, [[0, 0.5, 1.0], [0, 1.0, 0.5], [0, 1.0, 0.5]]),
            ("asynchronous", 4, [[0, 1.0, 1.0], [0, 0.5, 0.5], [0, 1.0, 1.0], [0, 1.0, 1.0]]),
        ]
        for seed, values in enumerate(group)
    ]
    single, other = runs.load(folders)
    ratios = measures.speed_ups(other, single, "f1", 0.9)
    np.testing.assert_array_equal(ratios, [2.0, math.nan, math.inf])
    assert measures.speed_up(other, single, "f1", 0.9) == measures.Spread(math.inf, 2.0, math.inf)


def test_a_line_through_points():
    x, y = [0, 1, 2, 5], [1.0, 2.5, 4.0, 9.5]
    slope, intercept = np.polyfit(x, y, 1)
    r_squared = np.corrcoef(x, y)[0, 1] ** 2
    assert measures.line(x, y) == pytest.approx((slope, intercept, r_squared), rel=1e-9)
    assert measures.line([0, 1], [2, 2])[0] == 0
    for points in ([], []), ([1, 1], [2, 3]), ([1, 2], [2, math.inf]), ([0, 1], [2, 2]):
        assert math.isnan(measures.line(*points)[2])


def test_an_unknown_metric_names_the_known(tmp_path):
    (cell,) = runs.load([toy.run(tmp_path / "a", values=[0, 1])])
    with pytest.raises(StalenessError, match="no metric 'accuracy': choose one of f1"):
        measures.final(cell, "accuracy")
    with pytest.raises(StalenessError, match="unknown metric of task ner 'aer': choose one of f1,"):
        measures.target(cell, "aer")


def test_a_task_of_another_version_names_the_known(tmp_path, monkeypatch):
    monkeypatch.setitem(toy.TASKS, "parsing", toy.TASKS["ner"])
    (cell,) = runs.load([toy.run(tmp_path / "a", **{"configuration.task": "parsing"})])
    monkeypatch.delitem(toy.TASKS, "parsing")
    with pytest.raises(StalenessError, match=r"runs of task 'parsing': this version knows .*ner"):
        measures.target(cell, "f1")


finite = st.floats(-100, 100)


@given(st.lists(st.tuples(finite, finite), min_size=2, max_size=20))
def test_line_is_that_of_least_squares(points):
    x, y = np.array(points).T
    assume(np.ptp(x) > 1e-3)
    slope, intercept, r_squared = measures.line(x, y)
    expected, squares, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(len(x))]), y)
    np.testing.assert_allclose([slope, intercept], expected, rtol=1e-6, atol=1e-6)
    if np.ptp(y) > 1e-3 and len(squares):
        expected = 1 - squares[0] / ((y - y.mean()) ** 2).sum()
        assert r_squared == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize(
    ("x", "y"), [([], []), ([1, 1], [0, 1]), ([1, 2, 3], [1, math.inf, 2]), ([math.nan, 1], [1, 2])]
)
def test_no_line_through_points_that_are_missing(x, y):
    assert np.isnan(measures.line(x, y)).all()


def test_a_level_line_explains_nothing():
    slope, intercept, r_squared = measures.line([1, 2, 4], [5, 5, 5])
    assert (slope, intercept) == (0, 5)
    assert math.isnan(r_squared)


def test_updates_to_target_are_infinite_where_it_is_not_reached(tmp_path):
    folders = [
        toy.run(tmp_path / str(seed), seed=seed, values=values)
        for seed, values in enumerate([[0, 1.0, 1.0], [0, 0.5, 1.0], [0, 1.0, 0.5]])
    ]
    (cell,) = runs.load(folders)
    assert measures.updates_to_target(cell, "f1", 0.9) == measures.Spread(1.8, 0.9, math.inf)
