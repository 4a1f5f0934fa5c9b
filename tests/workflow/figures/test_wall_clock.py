import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.figures.wall_clock import WallClock
from staleness.workflow.figures.write import write

from . import toy


def timed(folder, seconds, schedule="single", processors=1, seed=0, **changes):
    """Write a run of four curve points that reaches its target at the third."""
    rate = {"tokens_per_second": 8e6 / seconds}
    return toy.run(
        folder / f"{schedule}-{seed}",
        schedule,
        processors,
        seed,
        values=[0.0, 0.5, 0.9, 0.9],
        times=[0, seconds / 4, seconds / 2, seconds],
        **{**toy.WALL, **rate, **changes},
    )


@pytest.fixture
def cells(tmp_path):
    return runs.load(
        timed(tmp_path, seconds * (1 + seed / 10), schedule, processors, seed)
        for schedule, processors, seconds in (
            *(("single", 1, 8), ("synchronous", 2, 5), ("asynchronous", 2, 4)),
        )
        for seed in (0, 1, 2)
    )


def test_curves_are_those_of_the_runs(cells):
    (axes,) = WallClock().draw(cells).axes
    lines = {line.get_label(): line for line in axes.lines if line.get_marker() != "o"}
    assert lines["single processor"].get_xdata() == pytest.approx([2.2, 4.4, 8.8], rel=1e-12)
    assert lines["asynchronous, P = 2"].get_xdata() == pytest.approx([1.1, 2.2, 4.4], rel=1e-12)
    dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
    assert dots == pytest.approx([4.4, 2.75, 2.2], rel=1e-12)
    assert axes.get_xlabel() == "time (s)"


def test_throughput_and_how_it_compares(cells):
    rows = WallClock().table(cells)["cells"]
    assert [row["faster"]["median"] for row in rows] == pytest.approx([1, 1.6, 2], rel=1e-12)
    middle = {"median": 8e6 / 8.8, "low": 8e6 / 9.6, "high": 1e6}
    assert rows[0]["throughput"] == pytest.approx(middle, rel=1e-12)
    caption = WallClock().caption(cells)
    assert "Tokens a second (million): 0.909 single processor; 1.45 synchronous, P = 2" in caption
    assert "1.82 asynchronous, P = 2, 2.0 times as many (2.0 to 2.0)." in caption


def test_only_the_same_seeds_are_compared(tmp_path):
    folders = [
        timed(tmp_path, seconds, schedule, processors, seed)
        for schedule, processors, seed, seconds in (
            *(("single", 1, 0, 8), ("single", 1, 1, 1000)),
            *(("asynchronous", 2, 0, 4), ("asynchronous", 2, 2, 1)),
        )
    ]
    row = WallClock().table(runs.load(folders))["cells"][1]
    assert row["faster"] == pytest.approx({"median": 2, "low": 2, "high": 2}, rel=1e-12)


def test_says_the_worst_that_was_found_about_the_machine(tmp_path):
    findings = [
        [toy.FINDING, {**toy.FINDING, "name": "turbo", "verdict": "unknown"}],
        [{**toy.FINDING, "verdict": "warning"}, {**toy.FINDING, "name": "turbo"}],
        [toy.FINDING],
    ]
    cells = runs.load(
        timed(tmp_path, 8, seed=seed, doctor=found) for seed, found in enumerate(findings)
    )
    assert (
        WallClock()
        .caption(cells)
        .endswith("before the runs, at worst: fit with 1 warning (load); 1 unknown (turbo).")
    )


def test_a_machine_that_was_not_looked_at(tmp_path):
    cells = runs.load([timed(tmp_path, 8, doctor=[])])
    assert "Whether it is fit for that was not looked at." in WallClock().caption(cells)


def test_on_one_core_all_have_one_processor(tmp_path):
    cells = runs.load(
        timed(tmp_path, 8, schedule) for schedule in ("single", "synchronous", "asynchronous")
    )
    assert WallClock().skip(cells) is None
    WallClock().draw(cells)
    assert "asynchronous, P = 1, 1.0 times as many" in WallClock().caption(cells)


def test_simulated_time_is_another_figure(tmp_path, cells):
    simulated = runs.load(toy.family(tmp_path / "simulated"))
    assert "not the simulated one" in WallClock().skip(simulated)
    with pytest.raises(StalenessError, match="differ in their clock"):
        write("wall-clock", [*cells, *simulated], tmp_path / "out")


def test_runs_without_a_speed(tmp_path):
    folder = toy.run(tmp_path / "run", **toy.WALL)
    with pytest.raises(StalenessError, match="say no 'tokens_per_second': make it with"):
        WallClock().table(runs.load([folder]))
