import re

import pytest
from matplotlib.colors import to_hex

from staleness.workflow.analysis import activity, runs
from staleness.workflow.figures import style
from staleness.workflow.figures.timelines import UPDATES, Timelines

from . import toy


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    shapes = [("single", 1), ("synchronous", 4), ("asynchronous", 4)]
    return runs.load(toy.family(tmp_path_factory.mktemp("runs"), cells=shapes, **toy.DELAY))


def colours(axes):
    return {to_hex(colour) for bars in axes.collections for colour in bars.get_facecolor()}


def test_every_schedule_has_a_panel_with_a_row_a_processor(cells):
    panels = Timelines().draw(cells).axes
    assert [len(axes.get_yticks()) for axes in panels] == [2, 5, 5]
    assert [axes.get_title(loc="left").split(":")[0] for axes in panels] == [
        cell.label for cell in cells
    ]


def test_schedules_show_their_states(cells):
    single, synchronous, asynchronous = map(colours, Timelines().draw(cells).axes)
    look = style.STATES
    assert single >= {look["busy"], look["delayed"]}
    assert synchronous >= {look["busy"], look["delayed"], look["barrier"]}
    assert look["lock"] not in synchronous
    assert look["barrier"] not in asynchronous
    assert asynchronous >= {look["busy"], look["delayed"], look["lock"]}


def test_the_window_ends_with_an_update_of_the_fastest(cells):
    figure = Timelines()
    window = figure.table(cells)["window_s"]
    counts = [(activity.update_times(cell.traces[0]) <= window).sum() for cell in cells]
    assert max(counts) == UPDATES
    caption = figure.caption(cells)
    assert f"asynchronous, P = 4: {UPDATES}" in caption
    assert f"single processor: {counts[0]};" in caption
    assert "seed 0" in caption
    assert "a delay of 5 s on average" in caption


def test_caption_says_how_busy_over_the_whole_run(cells):
    shares = Timelines().table(cells)["cells"][1]["shares"]
    caption = Timelines().caption(cells)
    busy, barrier = (100 * shares[state]["median"] for state in ("busy", "barrier"))
    found = re.search(r"synchronous, P = 4, ([\d.]+) % \(([\d.]+) % waiting at the barr", caption)
    assert [float(number) for number in found.groups()] == pytest.approx([busy, barrier], abs=0.51)


def test_no_lock_is_said_and_not_in_the_legend(tmp_path):
    cells = runs.load(toy.family(tmp_path, cells=[("single", 1), ("synchronous", 2)]))
    assert "No processor waits for the lock here." in Timelines().caption(cells)
    (legend,) = Timelines().draw(cells).legends
    assert [text.get_text() for text in legend.get_texts()] == ["busy", "waiting at the barrier"]


def test_runs_that_differ_otherwise_are_refused(tmp_path):
    folders = [toy.run(tmp_path / "a"), toy.run(tmp_path / "b", "asynchronous", 2, **toy.DELAY)]
    assert "delay_mean" in Timelines().skip(runs.load(folders))


def test_too_many_processors_are_refused(tmp_path):
    cells = runs.load([toy.run(tmp_path / "a", "asynchronous", 64)])
    assert "64 bars are too many" in Timelines().skip(cells)


def test_four_states_are_four_greys():
    def grey(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    assert style.STATES.keys() == style.STATE_NAMES.keys() == set(activity.STATES)
    greys = sorted(grey(colour) for colour in style.STATES.values())
    assert all(greys[i + 1] - greys[i] > 50 for i in range(3))
