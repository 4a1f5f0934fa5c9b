import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.figures.ner_processors import NERProcessors

from . import toy


def cell(folder, schedule, processors, seconds):
    """Write a run that reaches its target in the third of four points, and return its folder."""
    return toy.run(
        folder / f"{schedule}{processors}",
        schedule,
        processors,
        values=[0.0, 0.5, 0.9, 0.9],
        times=[0, 0.5 * seconds, seconds, 2 * seconds],
    )


@pytest.fixture
def cells(tmp_path):
    return runs.load([
        cell(tmp_path, "single", 1, 7200),
        cell(tmp_path, "synchronous", 2, 4800), cell(tmp_path, "synchronous", 4, 4000),
        cell(tmp_path, "asynchronous", 2, 3600), cell(tmp_path, "asynchronous", 4, 1800),
    ])  # fmt: skip


def names(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def test_each_schedule_has_a_panel_that_begins_with_one_processor(cells):
    panels = NERProcessors().draw(cells).axes
    titles = [axes.get_legend().get_title().get_text() for axes in panels]
    assert titles == ["synchronous", "asynchronous"]
    assert all(names(axes) == ["P = 1", "P = 2", "P = 4"] for axes in panels)
    assert panels[0].get_xlim() == panels[1].get_xlim()
    assert panels[0].get_ylim() == panels[1].get_ylim()


def test_dots_mark_the_times_to_target(cells):
    for axes, hours in zip(
        NERProcessors().draw(cells).axes, ([2, 4 / 3, 10 / 9], [2, 1, 0.5]), strict=True
    ):
        dots = [line for line in axes.lines if line.get_marker() == "o"]
        assert [dot.get_xdata()[0] for dot in dots] == pytest.approx(hours, rel=1e-12)
        assert [dot.get_ydata()[0] for dot in dots] == pytest.approx([0.891] * 3, rel=1e-12)


def test_caption_says_what_more_processors_bring(cells):
    caption = NERProcessors().caption(cells)
    assert "With P = 1 every schedule is the single processor." in caption
    assert "Synchronous: with 1, 2 and 4 processors" in caption
    assert "after 2.00 h, after 1.33 h and after 1.11 h; 1.5 times sooner with 2 than" in caption
    assert "2.0 times sooner with 2 than with 1 and 2.0 times sooner with 4 than with 2" in caption


def test_a_schedule_with_one_processor_of_its_own_keeps_it(tmp_path):
    cells = runs.load([
        cell(tmp_path, "single", 1, 7200), cell(tmp_path, "asynchronous", 1, 7000),
        cell(tmp_path, "asynchronous", 2, 3600),
    ])  # fmt: skip
    (axes,) = NERProcessors().draw(cells).axes
    assert names(axes) == ["P = 1", "P = 2"]
    assert "every schedule is the single" not in NERProcessors().caption(cells)


def test_what_is_never_reached_is_said(tmp_path):
    cells = runs.load([
        cell(tmp_path, "single", 1, 7200),
        toy.run(tmp_path / "b", "asynchronous", 2, values=[0.0, 0.1, 0.2]),
    ])  # fmt: skip
    assert "after 2.00 h and not at all." in NERProcessors().caption(cells)
    NERProcessors().draw(cells)


def test_needs_more_than_the_single_processor(tmp_path):
    cells = runs.load([cell(tmp_path, "single", 1, 7200)])
    assert "another schedule" in NERProcessors().skip(cells)
    cells = runs.load([cell(tmp_path, "asynchronous", 2, 7200)])
    assert "'single'" in NERProcessors().skip(cells)
