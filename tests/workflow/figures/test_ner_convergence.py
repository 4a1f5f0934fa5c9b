import pytest

from staleness.workflow.analysis import measures, runs
from staleness.workflow.figures.ner_convergence import NERConvergence

from . import toy


def test_needs_the_single_processor(tmp_path):
    cells = runs.load(toy.family(tmp_path, cells=[("asynchronous", 2)]))
    assert "'single'" in NERConvergence().skip(cells)


def test_refuses_runs_that_differ_otherwise(tmp_path):
    folders = [
        toy.run(tmp_path / "a"),
        toy.run(tmp_path / "b", "asynchronous", 4, **{"configuration.mini_batch_size": 8}),
    ]
    assert "mini_batch_size (4, 8)" in NERConvergence().skip(runs.load(folders))


def test_caption_has_the_numbers_of_the_runs(tmp_path):
    folders = [
        toy.run(tmp_path / "a", values=[0.0, 0.4, 0.8, 0.8], times=[0, 3600, 7200, 10800]),
        toy.run(tmp_path / "b", "asynchronous", 4, values=[0.0, 0.8, 0.7999, 0.7999],
                times=[0, 1800, 3600, 5400]),
    ]  # fmt: skip
    caption = NERConvergence().caption(runs.load(folders))
    assert "the target, 0.7920: 99 %" in caption
    assert "after 2.00 h by the single processor" in caption
    assert "after 0.500 h by asynchronous, P = 4 (4.0 times as fast)" in caption
    assert "asynchronous, P = 4: 0.7999" in caption
    assert "m = 4 examples, 3 epochs" in caption


@pytest.mark.parametrize(("mean", "words"), [("5s", "5 s"), ("8x", "8 times a mini-batch")])
def test_caption_states_delays(tmp_path, mean, words):
    change = {"configuration.delay_mean": mean, "configuration.delay_probability": 0.25}
    caption = NERConvergence().caption(runs.load([toy.run(tmp_path / "a", **change)]))
    assert f"3 epochs; after 25 % of the mini-batches a delay of {words} on average." in caption


def test_caption_says_what_was_not_reached(tmp_path):
    folders = [
        toy.run(tmp_path / "a", values=[0.0, 0.9, 0.9]),
        toy.run(tmp_path / "b", "asynchronous", 4, values=[0.0, 0.5, 0.6]),
    ]
    caption = NERConvergence().caption(runs.load(folders))
    assert "not at all by asynchronous, P = 4 (0 of 1 seeds reach it)" in caption


def test_a_legend_names_every_curve_and_the_target(tmp_path):
    cells = runs.load(toy.family(tmp_path, cells=[("single", 1), ("asynchronous", 4)]))
    (legend,) = NERConvergence().draw(cells).legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names[:2] == ["single processor", "asynchronous, P = 4"]
    assert names[2] == "target"


def test_constant_metric_can_be_drawn(tmp_path):
    cells = runs.load([toy.run(tmp_path / "a", values=[0.0, 0.0, 0.0])])
    NERConvergence().draw(cells)


def test_one_point_can_be_drawn(tmp_path):
    cells = runs.load([toy.run(tmp_path / "a", values=[0.5])])
    NERConvergence().draw(cells)


def test_the_target_and_the_end_of_each_curve_are_seen(tmp_path):
    cells = runs.load(toy.family(tmp_path))
    (axes,) = NERConvergence().draw(cells).axes
    low, high = axes.get_ylim()
    level = measures.target(cells[0], "f1")
    assert low < level < high
    for cell in cells:
        assert low < measures.final(cell, "f1").low <= measures.final(cell, "f1").high < high
