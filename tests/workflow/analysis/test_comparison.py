"""Two cells side by side."""

import math
from dataclasses import replace

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis.comparison import cell_of, compare

from ..claims.made_up import reaching


def slower(cell, times):
    curves = tuple({**curve, "time_s": curve["time_s"] * times} for curve in cell.curves)
    return replace(cell, curves=curves)


@pytest.fixture
def single():
    return reaching("ner", "single", [10.0, 11.0, 12.0])


def test_the_speed_up_is_the_median_of_pairs_of_a_seed(single):
    found = compare(single, slower(single, 0.25))
    assert (found.speed_up, found.interval) == (4.0, (4.0, 4.0))
    assert found.metric == "f1"
    assert found.times[0].median == 4 * found.times[1].median
    assert found.finals[0] == found.finals[1]
    assert found.differences == {}


def test_what_differs_is_named_one_parameter_at_a_time(single):
    more = {"schedule": "asynchronous", "processors": 4, "hyper_parameters": {"step_size": 0.1}}
    base = replace(
        single, configuration=single.configuration | {"hyper_parameters": {"step_size": 0.3}}
    )
    other = replace(base, configuration=base.configuration | more)
    assert compare(base, other).differences == {
        "schedule": ("single", "asynchronous"),
        "processors": (1, 4),
        "step_size": (0.3, 0.1),
    }


def test_only_seeds_that_both_have_count(single):
    found = compare(single, single.of_seeds(single.seeds[7:]))
    assert found.cells[0].seeds == found.cells[1].seeds == single.seeds[7:]
    assert found.interval is None  # of five seeds there is none


def test_what_is_not_reached_is_infinitely_late(single):
    flat = tuple({**c, "f1": c["f1"] * 0.5} for c in single.curves)
    never = replace(single, curves=flat)
    found = compare(single, never)
    assert math.isinf(found.times[1].median)
    assert found.speed_up == 0


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"task": "tagging"}, "their task is ner and tagging"),
        ({"clock": "wall"}, "their clock is simulated and wall"),
    ],
)
def test_what_cannot_be_compared_is_said(single, change, said):
    other = replace(single, configuration=single.configuration | change)
    with pytest.raises(StalenessError, match=f"the runs cannot be compared: {said}"):
        compare(single, other)


def test_seeds_that_nobody_shares_are_said(single):
    few = single.of_seeds(single.seeds[:1])
    with pytest.raises(StalenessError, match="no seed in common, but 0 and 1"):
        compare(few, single.of_seeds(single.seeds[1:2]))


def test_a_folder_that_holds_no_run_is_named(tmp_path):
    with pytest.raises(StalenessError, match=f"{tmp_path}/run.json: not a run"):
        cell_of(tmp_path)
