import pytest

from staleness.workflow.analysis import grouping, runs, summaries
from staleness.workflow.figures.ner_delays import NERDelays

from . import toy


def cell(folder, schedule, processors, seconds, mean=None, top=0.9, **changes):
    """Write a run that reaches its target after some seconds, and return its folder."""
    if mean:
        changes |= {"configuration.delay_mean": mean, "configuration.delay_probability": 0.25}
    return toy.run(
        folder / f"{schedule}{processors}{mean}",
        schedule,
        processors,
        values=[0.0, 0.5, top, top],
        times=[0, 0.5 * seconds, seconds, 2 * seconds],
        **changes,
    )


def made(folder, asynchronous, unit="s", **changes):
    """Write a single processor that takes 2 h and asynchronous ones by mean delay in seconds."""
    return runs.load([
        cell(folder, "single", 1, 7200),
        *(cell(folder, "asynchronous", 4, seconds, f"{mean}{unit}" if mean else None, **changes)
          for mean, seconds in asynchronous.items()),
    ])  # fmt: skip


def test_curves_stand_by_rising_delay_beside_the_single_processor(tmp_path):
    cells = made(tmp_path, {0: 1800, 20: 20000, 5: 5400, 10: 9000})
    (axes,) = NERDelays().draw(cells).axes
    texts = [text.get_text() for text in axes.get_legend().get_texts()]
    assert texts == ["single", "no delays", "5 s", "10 s", "20 s"]
    assert axes.get_legend().get_title().get_text() == "asynchronous, P = 4"
    assert axes.get_xscale() == "log"


def test_caption_says_from_which_delay_the_single_processor_wins(tmp_path):
    caption = NERDelays().caption(made(tmp_path, {0: 1800, 5: 5400, 10: 9000}))
    assert "after 0.500 h without delays, after 1.50 h with 5 s and after 2.50 h with 10" in caption
    # 7200 s lies half way between 5400 s and 9000 s.
    assert (
        "loses with mean delays of 5 s and wins with 10 s (by linear interpolation, from 7.5 s on)"
        in caption
    )


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ({0: 1800, 5: 5400, 10: 6000}, "the single processor never wins"),
        ({0: 7300, 5: 8000}, "the single processor always wins"),
        ({0: 3600, 5: 10800}, "wins already with mean delays of 5 s (by linear interpolation, "
                              "from 2.5 s on)"),
    ],
)  # fmt: skip
def test_caption_says_so_where_one_always_wins(tmp_path, seconds, said):
    assert said in NERDelays().caption(made(tmp_path, seconds))


def test_who_never_reaches_the_target_loses(tmp_path):
    folders = [
        cell(tmp_path, "single", 1, 7200),
        cell(tmp_path, "asynchronous", 4, 1800),
        cell(tmp_path, "asynchronous", 4, 1800, "5s", top=0.6),
    ]
    caption = NERDelays().caption(runs.load(folders))
    assert "not at all with 5 s; the single processor wins already with mean delays of 5 s." in (
        caption
    )


def test_mean_delays_are_told_in_mini_batches(tmp_path):
    cells = made(tmp_path, {5: 5400, 10: 6000})
    # The single processor makes 3 updates in 14,400 s.
    assert "by 5 and 10 s (as long as 0.0010 and 0.0021 mini-batches) on average" in (
        NERDelays().caption(cells)
    )
    cells = made(tmp_path / "x", {8: 5400, 16: 6000}, unit="x")
    caption = NERDelays().caption(cells)
    assert "by 8 and 16 mini-batches on average" in caption
    assert "with 16 times a mini-batch" in caption


def test_only_the_single_processor_without_delays_is_compared_with(tmp_path):
    folders = [
        cell(tmp_path, "single", 1, 7200),
        cell(tmp_path, "single", 1, 9000, "5s"),
        cell(tmp_path, "asynchronous", 4, 3600, "5s"),
    ]
    cells = runs.load(folders)
    assert NERDelays().skip(cells) is None
    assert grouping.baseline(cells).delay is None
    single, asynchronous = NERDelays().draw(cells).axes
    assert [text.get_text() for text in single.get_legend().get_texts()] == ["single", "5 s"]
    assert len(asynchronous.get_legend().get_texts()) == 2
    table = summaries.summarise(cells, "f1")
    assert [row["delay_mean"] for row in table["cells"]] == [None, "5s", "5s"]


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ([("asynchronous", 4, None)], "needs runs with delays"),
        ([("asynchronous", 4, "5s"), ("asynchronous", 4, "8x")], "two units"),
        ([("asynchronous", 2, "5s"), ("asynchronous", 4, "5s")], "asynchronous have P = 2 and 4"),
    ],
)
def test_what_makes_no_figure_is_refused(tmp_path, others, said):
    folders = [cell(tmp_path, "single", 1, 7200)]
    folders += [
        cell(tmp_path, schedule, processors, 3600, mean) for schedule, processors, mean in others
    ]
    assert said in NERDelays().skip(runs.load(folders))


def test_a_single_processor_with_delays_is_no_reference(tmp_path):
    folders = [
        cell(tmp_path, "single", 1, 7200, "5s"), cell(tmp_path, "asynchronous", 4, 3600, "5s"),
    ]  # fmt: skip
    assert "without delays" in NERDelays().skip(runs.load(folders))


def test_another_probability_is_refused(tmp_path):
    folders = [
        cell(tmp_path, "single", 1, 7200),
        cell(tmp_path, "asynchronous", 4, 3600, "5s"),
        toy.run(tmp_path / "o", "synchronous", 4, **{"configuration.delay_mean": "5s",
                "configuration.delay_probability": 0.5}),
    ]  # fmt: skip
    assert "delay_probability (0.25, 0.5)" in NERDelays().skip(runs.load(folders))
