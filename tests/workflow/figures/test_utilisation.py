import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.figures import style
from staleness.workflow.figures.utilisation import Utilisation

from . import toy


@pytest.fixture(scope="module")
def cells(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs")
    shapes = [("synchronous", 2), ("synchronous", 4), ("asynchronous", 2), ("asynchronous", 4)]
    return runs.load(
        path
        for m in (1, 16)
        for path in toy.family(
            folder / str(m), cells=shapes, **{"configuration.mini_batch_size": m}
        )
    )


def test_bars_are_the_medians_and_fill_the_time(cells):
    rows = Utilisation().table(cells)["cells"]
    panels = Utilisation().draw(cells).axes
    for axes, schedule in zip(panels, ("synchronous", "asynchronous"), strict=True):
        own = [row for row in rows if row["schedule"] == schedule]
        bars = dict(zip(style.STATE_NAMES, axes.containers, strict=True))
        for state, drawn in bars.items():
            widths = [bar.get_width() for bar in drawn]
            expected = [100 * row["shares"][state]["median"] for row in own]
            assert widths == pytest.approx(expected, rel=1e-9, abs=1e-9)
        ends = [bar.get_x() + bar.get_width() for bar in bars["delayed"]]
        assert ends == pytest.approx([100] * len(own), abs=1)


def test_bars_stand_at_their_sizes_and_processors(cells):
    left, right = Utilisation().draw(cells).axes
    names = [text.get_text() for text in left.get_yticklabels()]
    assert names == ["m = 1, P = 2", "m = 1, P = 4", "m = 16, P = 2", "m = 16, P = 4"]
    places = [sorted(bar.get_y() + bar.get_height() / 2 for bar in axes.containers[0])
              for axes in (left, right)]  # fmt: skip
    assert places[0] == pytest.approx(list(left.get_yticks()))
    assert places[1] == pytest.approx(places[0])


def test_caption_names_the_most_and_the_least_busy(cells):
    caption = Utilisation().caption(cells)
    rows = [row for row in Utilisation().table(cells)["cells"] if row["schedule"] == "synchronous"]
    low = min(row["shares"]["busy"]["median"] for row in rows)
    assert f"Synchronous processors are busy {100 * low:.0f} % of their time with m = " in caption
    assert "waiting at the barrier)" in caption
    assert "m = 1 and 16 examples" in caption


def test_other_differences_are_refused(tmp_path):
    folders = [
        toy.run(tmp_path / "a"),
        toy.run(tmp_path / "b", "asynchronous", 4, **{"configuration.epochs": 8}),
    ]
    assert "epochs (3, 8)" in Utilisation().skip(runs.load(folders))


def test_delays_are_seen_and_said(tmp_path):
    cells = runs.load(toy.family(tmp_path, **toy.DELAY))
    assert "a delay of 5 s on average" in Utilisation().caption(cells)
    (legend,) = Utilisation().draw(cells).legends
    assert "delayed" in [text.get_text() for text in legend.get_texts()]
