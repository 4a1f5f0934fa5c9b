import numpy as np
import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.figures.mini_batches import MiniBatches

from . import toy


def cell(folder, schedule, size, seconds, processors=4, seed=0, task="ner", **changes):
    """Write a run that reaches its target after some seconds, never if None; return its folder."""
    reached = seconds is not None
    values = [0.0, 0.5, 0.9, 0.9] if reached else [0.0, 0.5, 0.6, 0.6]
    seconds = seconds if reached else 100
    return toy.run(
        folder / f"{task}-{schedule}{processors}-m{size}-{seed}",
        schedule,
        1 if schedule == "single" else processors,
        seed,
        values=values,
        times=[0, 0.5 * seconds, seconds, 2 * seconds],
        **{"configuration.task": task, "configuration.mini_batch_size": size, **changes},
    )


@pytest.fixture
def cells(tmp_path):
    own = {
        size: {"configuration.hyper_parameters": {"step_size": step, "l2": 1.0}}
        for size, step in ((4, 0.3), (16, 1.2))
    }
    seconds = {
        "single": {4: 80, 16: 160},
        "synchronous": {4: 40, 16: 50},
        "asynchronous": {4: 20, 16: None},
    }
    folders = [
        cell(tmp_path, schedule, size, times[size], **own[size])
        for schedule, times in seconds.items()
        for size in times
    ]
    return runs.load(folders)


def drawn(axes):
    """Return the y values of each named curve."""
    return {
        line.get_label(): line.get_ydata()
        for line in axes.lines
        if not line.get_label().startswith("_")
    }


def test_points_are_times_and_their_ratios(cells):
    late, fast = MiniBatches().draw(cells).axes
    times, factors = drawn(late), drawn(fast)
    assert times.keys() == {"single processor", "synchronous, P = 4", "asynchronous, P = 4"}
    assert late.get_ylabel() == "time to target (min)"
    np.testing.assert_allclose(times["single processor"], [80 / 60, 160 / 60], rtol=1e-12)
    np.testing.assert_allclose(times["synchronous, P = 4"], [40 / 60, 50 / 60], rtol=1e-12)
    np.testing.assert_allclose(times["asynchronous, P = 4"], [20 / 60, np.nan], rtol=1e-12)
    np.testing.assert_allclose(factors["synchronous, P = 4"], [2, 3.2], rtol=1e-12)
    np.testing.assert_allclose(factors["asynchronous, P = 4"], [4, np.nan], rtol=1e-12)
    np.testing.assert_array_equal(factors["ideal, P = 4"], [4, 4])


def test_what_is_never_reached_stands_at_the_edge(cells):
    for axes, marker, beyond in zip(MiniBatches().draw(cells).axes, "^v", (1, -1), strict=True):
        (triangle,) = (
            line for line in axes.lines if line.get_marker() == marker and len(line.get_xdata())
        )
        reached = np.concatenate(list(drawn(axes).values()))
        low, high = axes.get_ylim()
        assert low < triangle.get_ydata()[0] < high
        assert (beyond * triangle.get_ydata()[0] > beyond * reached[np.isfinite(reached)]).all()
        assert triangle.get_xdata()[0] == pytest.approx(16, rel=0.1)


def test_bars_of_seeds_that_are_late_reach_to_the_edge(tmp_path):
    folders = [
        cell(tmp_path, schedule, size, seconds, seed=seed)
        for size in (4, 16)
        for schedule, several in (("single", (80, 80, 80)), ("asynchronous", (20, 25, None)))
        for seed, seconds in enumerate(several)
    ]
    late, _ = MiniBatches().draw(runs.load(folders)).axes
    bars = [path.vertices[:, 1] for part in late.collections for path in part.get_paths()]
    assert max(bar.max() for bar in bars) == pytest.approx(late.get_ylim()[1], rel=1e-9)
    assert not [line for line in late.lines if line.get_marker() == "^" and len(line.get_xdata())]


def test_caption_says_what_is_gained_and_with_which_settings(cells):
    caption = MiniBatches().caption(cells)
    assert "m = 4 and 16 examples" in caption
    assert "step_size 0.3 and 1.2, respectively" in caption
    assert "l2" not in caption
    assert "F1 0.8910 and 0.8910, respectively" in caption
    assert "Synchronous: 2.0 times as fast with m = 4 and 3.2 times as fast with m = 16" in caption
    assert "asynchronous: 4.0 times as fast with m = 4 and never there with m = 16" in caption


def test_table_has_a_row_a_cell_with_the_target_of_its_size(tmp_path):
    low = toy.run(tmp_path / "low", values=[0.0, 0.5, 0.5], **{"configuration.mini_batch_size": 16})
    cells = runs.load([
        cell(tmp_path, "single", 4, 80), cell(tmp_path, "asynchronous", 4, 20), low,
        cell(tmp_path, "asynchronous", 16, 30),
    ])  # fmt: skip
    table = MiniBatches().table(cells)
    assert table["metrics"] == {"ner": "f1"}
    found = {(row["schedule"], row["mini_batch_size"]): row for row in table["cells"]}
    assert len(found) == 4
    assert found["asynchronous", 4]["target"] == pytest.approx(0.99 * 0.9, rel=1e-12)
    assert found["asynchronous", 16]["target"] == pytest.approx(0.99 * 0.5, rel=1e-12)


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([("single", 4, 1), ("asynchronous", 4, 4)], "several mini-batch sizes"),
        ([("single", 4, 1), ("asynchronous", 4, 4), ("asynchronous", 16, 4)], "with m = 16 it"),
        ([("single", 4, 1), ("single", 16, 1)], "all are single"),
        (
            [("single", 4, 1), ("single", 16, 1), ("asynchronous", 4, 2), ("asynchronous", 4, 4)],
            "P = 2 and 4",
        ),
        ([("single-batch", None, 1)], "not the whole corpus"),
    ],
)
def test_what_it_cannot_be_drawn_of(tmp_path, cells, said):
    folders = [cell(tmp_path, schedule, m, 80, processors) for schedule, m, processors in cells]
    assert said in MiniBatches().skip(runs.load(folders))


def test_the_same_size_must_be_learned_in_the_same_way(tmp_path):
    cells = runs.load([
        cell(tmp_path, "single", 4, 80), cell(tmp_path, "single", 16, 80),
        cell(tmp_path, "asynchronous", 16, 20, **{"configuration.epochs": 5}),
    ])  # fmt: skip
    assert "differ in epochs" in MiniBatches().skip(cells)
