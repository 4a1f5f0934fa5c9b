"""What tables say of cells."""

import json
import math

import pytest

from staleness.workflow.analysis import measures, runs, summaries

from ..figures import toy


def summary(tmp_path, singles, others):
    """Return the rows of single and asynchronous made of hand-made values, a list a seed."""
    folders = [
        toy.run(tmp_path / f"{schedule}{seed}", schedule, processors, seed, values=values)
        for schedule, processors, group in [("single", 1, singles), ("asynchronous", 4, others)]
        for seed, values in enumerate(group)
    ]
    return summaries.summarise(runs.load(folders), "f1")


def test_a_cell_that_never_reaches_the_target_has_no_speed_up(tmp_path):
    table = summary(tmp_path, [[0, 1.0, 1.0]], [[0, 0.5, 0.6]])
    other = table["cells"][1]
    assert other["time_to_target_s"] == {"median": None, "low": None, "high": None, "reached": 0}
    assert other["speed_up"] is None
    json.dumps(table, allow_nan=False)


def test_half_of_the_seeds_late_is_not_reached(tmp_path):
    table = summary(tmp_path, [[0, 1.0, 1.0], [0, 1.0, 1.0]], [[0, 1.0, 1.0], [0, 0.5, 0.5]])
    assert table["cells"][1]["time_to_target_s"]["median"] is None


def test_speed_up_where_only_the_cell_reaches_the_target_is_infinite(tmp_path):
    folders = [
        toy.run(tmp_path / "s0", seed=0, values=[0, 1.0, 0.5]),
        toy.run(tmp_path / "a0", "asynchronous", 4, 0, values=[0, 1.0, 1.0]),
        toy.run(tmp_path / "a1", "asynchronous", 4, 1, values=[0, 1.0, 1.0]),
    ]
    single, other = runs.load(folders)
    assert measures.speed_up(other, single, "f1", 0.9).median == math.inf
    assert math.isnan(measures.speed_up(single, single, "f1", 0.9).median)
    json.dumps(summaries.summarise([single, other], "f1"), allow_nan=False)


def test_without_single_processor_there_is_no_target(tmp_path):
    cells = runs.load(toy.family(tmp_path, cells=[("asynchronous", 2)]))
    table = summaries.summarise(cells, "f1")
    assert table["target"] is None
    assert table["cells"][0]["time_to_target_s"] is None


def approx(median, low, high):
    values = {"median": median, "low": low, "high": high, "reached": 2}
    return pytest.approx(values, rel=1e-12)


def test_summary_of_seeds_that_all_reach_the_target(tmp_path):
    table = summary(
        tmp_path,
        [[0, 0.5, 0.6, 1.0, 1.0], [0, 0.5, 0.5, 0.5, 1.0]],
        [[0, 1.0, 1.0, 1.0, 1.0], [0, 0.5, 1.0, 1.0, 1.0]],
    )
    assert table["target"] == pytest.approx(0.99, rel=1e-12)
    single, other = table["cells"]
    assert single["time_to_target_s"] == approx(34.775, 29.75, 39.8)
    assert single["speed_up"] == {"median": 1.0, "low": 1.0, "high": 1.0}
    assert other["time_to_target_s"] == approx(14.85, 9.9, 19.8)
    # Seed by seed: 29.75 / 9.9 and 39.8 / 19.8.
    assert other["speed_up"]["low"] == pytest.approx(39.8 / 19.8, rel=1e-12)
    assert other["speed_up"]["high"] == pytest.approx(29.75 / 9.9, rel=1e-12)
    assert other["mean_staleness"]["median"] == 3.0


def test_seeds_that_do_not_reach_the_target_count_as_infinitely_late(tmp_path):
    table = summary(
        tmp_path,
        [[0, 1.0, 1.0], [0, 0.5, 1.0], [0, 1.0, 1.0]],
        [[0, 1.0, 1.0], [0, 1.0, 0.5], [0, 0.5, 1.0]],
    )
    other = table["cells"][1]
    assert other["time_to_target_s"] == {
        "median": pytest.approx(19.8, rel=1e-12),
        "low": pytest.approx(9.9, rel=1e-12),
        "high": None,
        "reached": 2,
    }
    # The second seed was there, but not for good.
    assert other["first_time_to_target_s"]["reached"] == 3
    assert other["speed_up"] == pytest.approx(
        {"median": 9.9 / 19.8, "low": 0.0, "high": 1.0}, rel=1e-12
    )
