"""Figure `mapreduce` on made-up jobs."""

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.figures.mapreduce import MapReduce

from . import toy


@pytest.fixture
def cells(tmp_path):
    return runs.load(toy.jobs(tmp_path))


def test_a_panel_a_cluster_and_bars_below(cells):
    figure = MapReduce().draw(cells)
    above, below = figure.axes[:3], figure.axes[3:]
    assert [axes.get_title(loc="left") for axes in above] == [
        "2 workers\nthis machine",
        "24 simulated workers\nstart-up as measured",
        "24 simulated workers\nstart-up of 20 s",
    ]
    for axes in above:
        # Batch EM ends at -1.1 million after 4 jobs of 2 s, asynchronous EM gets there after 4.
        dots = [line.get_xdata()[0] for line in axes.lines if line.get_marker() == "o"]
        assert dots == [8.0, 4.0]
    for axes in below:
        widths = [bar.get_width() for bar in axes.patches]
        assert widths == pytest.approx([*(1, 0.4, 0.4, 0.2, 0.5), *(0.5, 0.2, 0.2, 0.1, 0.5)])
    words = [text.get_text() for text in below[0].get_yticklabels()]
    assert words == ["batch job", "empty job", "asynchronous job", "empty job"]


def test_numbers_are_those_of_the_runs(cells):
    table = MapReduce().table(cells)
    assert set(table["levels"].values()) == {-1.1e6}
    rows = [row for row in table["cells"] if row["schedule"] == "mapreduce-asynchronous"]
    assert len(rows) == 3
    for row in rows:
        assert row["faster"] == {"median": 2.0, "low": 2.0, "high": 2.0}
        assert row["time_s"] == {"median": 4.0, "reached": 3}
        assert row["empty_job_s"]["median"] == toy.EMPTY_JOB
        assert sum(row["job_s"].values()) == pytest.approx(1.0)
    caption = MapReduce().caption(cells)
    assert "after 8.00 s, asynchronous stepwise EM after 4.00 s, 2.0 times as fast" in caption
    assert "Other start-ups are assumed" in caption
    assert "a job of asynchronous stepwise EM takes 1,000 ms, an empty one 500 ms" in caption


def test_what_is_not_reached_is_told(tmp_path):
    folders = [
        toy.job(tmp_path / f"{schedule}-{seed}", schedule, 24, seed, 1.0, [-2e6, end])
        for schedule in ("mapreduce-batch", "mapreduce-asynchronous")
        for seed, end in enumerate([-1e6, -1.1e6])
    ]
    folders[3:] = [toy.job(tmp_path / "late", "mapreduce-asynchronous", 24, 1, 1.0, [-2e6, -1.2e6])]
    caption = MapReduce().caption(runs.load(folders))
    assert "at the end, in million nats, batch EM: " in caption
    # What every seed of batch EM has when it ends.
    assert "1.1000 million nats" in caption
    assert "asynchronous stepwise EM not at all (1 of 2 seeds)" in caption


def test_one_cluster_has_one_panel(tmp_path):
    cells = [cell for cell in runs.load(toy.jobs(tmp_path)) if cell.processors == 2]
    assert len(MapReduce().draw(cells).axes) == 2
    assert "assumed" not in MapReduce().caption(cells)


def test_what_makes_no_figure_is_refused(cells, tmp_path):
    assert "no runs of mapreduce-batch" in MapReduce().skip(cells[:1])
    other = runs.load(toy.jobs(tmp_path / "other", **{"corpus.digest": "e" * 64}))
    batch = [cell for cell in cells if cell.processors == 2]
    assert "several corpora" in MapReduce().skip(
        [*batch, *(cell for cell in other if cell.processors == 24)]
    )
    plain = runs.load(toy.family(tmp_path / "plain", "alignment"))
    assert "not asynchronous" in MapReduce().skip(plain)


def test_runs_of_an_older_version_are_told_apart(tmp_path):
    folders = toy.jobs(tmp_path, seeds=1)
    cells = runs.load(folders)
    del cells[0].abouts[0]["engine"]["empty_job_seconds"]
    with pytest.raises(StalenessError, match="say no 'empty_job_seconds': make it with"):
        MapReduce().table(cells)
