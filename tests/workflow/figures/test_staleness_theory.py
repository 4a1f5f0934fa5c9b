import numpy as np
import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.figures.staleness_theory import StalenessTheory
from staleness.workflow.store import record

from . import toy

POINTS = 40


def cell(folder, processors, updates, task="ner", seed=0):
    """Write a run that reaches its target after some updates, never if None; return its folder."""
    values = np.full(POINTS, 0.9)
    values[:updates] = 0.1
    schedule = "single" if processors == 1 else "asynchronous"
    return toy.run(
        folder / f"{task}{processors}-{seed}",
        schedule,
        processors,
        seed,
        values=values,
        **{"configuration.task": task},
    )


@pytest.fixture
def cells(tmp_path):
    """Two more updates for each of the others, which is what toys call staleness."""
    folders = [cell(tmp_path, p, 10 + 2 * (p - 1)) for p in (1, 2, 4, 8)]
    return runs.load([*folders, cell(tmp_path, 16, None)])


def test_the_line_is_that_of_what_reaches_the_target(cells):
    (axes,) = StalenessTheory().draw(cells).axes
    (line,) = (one for one in axes.lines if list(one.get_xdata()) == [0, 15])
    np.testing.assert_allclose(line.get_ydata(), [10, 40], rtol=1e-12)
    points = {one.get_xdata()[0]: one for one in axes.lines if one.get_marker() in {"o", "^"}}
    assert points.keys() == {0, 1, 3, 7, 15}
    assert {x: one.get_marker() for x, one in points.items()}[15] == "^"
    assert points[7].get_ydata()[0] == pytest.approx(24, rel=1e-12)
    assert 24 < points[15].get_ydata()[0] < axes.get_ylim()[1]


def test_many_updates_are_counted_in_thousands(tmp_path):
    folders = [cell(tmp_path, p, 10 + p) for p in (1, 2, 4)]
    for folder in folders:
        path = folder / "curve.parquet"
        curve = record.read_curve(folder)
        toy.pq.write_table(toy.pa.table({**curve, "updates": curve["updates"] * 1000}), path)
    (axes,) = StalenessTheory().draw(runs.load(folders)).axes
    assert axes.get_ylabel() == "updates to target (thousands)"
    heights = [one.get_ydata()[0] for one in axes.lines if one.get_marker() == "o"]
    assert heights == pytest.approx([11, 12, 14], rel=1e-12)


def test_table_has_the_line_and_the_points(cells):
    table = StalenessTheory().table(cells)
    assert table["lines"]["ner"] == pytest.approx(
        {"slope": 2, "intercept": 10, "r_squared": 1}, rel=1e-9
    )
    rows = {row["processors"]: row for row in table["cells"]}
    assert rows[8]["greatest_staleness"] == 7
    assert rows[8]["updates_to_target"] == {"median": 24, "low": 24, "high": 24}
    assert rows[16]["updates_to_target"] == {"median": None, "low": None, "high": None}


def test_caption_says_how_much_slower(cells):
    caption = StalenessTheory().caption(cells)
    assert "10 with P = 1 (0), 12 with P = 2 (1), 16 with P = 4 (3), 24 with P = 8 (7)" in caption
    assert "and never with P = 16 (15)." in caption
    assert "The line: 2.00 updates for every unit of staleness, 20 % of the intercept" in caption
    assert "R² = 1.00." in caption


def test_points_are_medians_over_seeds(tmp_path):
    folders = [
        cell(tmp_path, p, count + seed, seed=seed)
        for p, count in ((1, 10), (2, 12), (4, 16))
        for seed in range(3)
    ]
    table = StalenessTheory().table(runs.load(folders))
    assert table["cells"][2]["updates_to_target"] == {"median": 17, "low": 16, "high": 18}
    assert table["lines"]["ner"]["intercept"] == pytest.approx(11, rel=1e-9)


def test_too_few_points_have_no_line(tmp_path):
    cells = runs.load([cell(tmp_path, 1, 10), cell(tmp_path, 2, 12), cell(tmp_path, 4, None)])
    assert set(StalenessTheory().table(cells)["lines"]["ner"].values()) == {None}
    assert "Too few points" in StalenessTheory().caption(cells)
    StalenessTheory().draw(cells)


def test_a_panel_a_task(tmp_path):
    cells = runs.load([*toy.rising(tmp_path / "a"), *toy.rising(tmp_path / "b", "alignment")])
    titles = [axes.get_title(loc="left") for axes in StalenessTheory().draw(cells).axes]
    assert titles == ["Word alignment", "Named-entity recognition"]


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("single", 1), ("asynchronous", 2)], "2 numbers of processors"),
        ([("asynchronous", 2), ("asynchronous", 4), ("asynchronous", 8)], "'single'"),
        ([("single", 1), ("asynchronous", 2), ("synchronous", 4)], "not synchronous"),
    ],
)
def test_what_it_cannot_be_drawn_of(tmp_path, cells, said):
    reason = StalenessTheory().skip(runs.load(toy.family(tmp_path, cells=cells)))
    assert reason.startswith("task ner: ")
    assert said in reason
