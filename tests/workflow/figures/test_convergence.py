"""What alignment-convergence and tagging-convergence share: batch beside online learning."""

import pytest

from staleness.workflow.analysis import measures, runs
from staleness.workflow.analysis.phrases import MINUS
from staleness.workflow.figures.alignment_convergence import AlignmentConvergence
from staleness.workflow.figures.tagging_convergence import TaggingConvergence

from . import toy

TASK = {"configuration.task": "alignment", "configuration.update": "stepwise-em"}
BATCH = {**TASK, "configuration.update": "em", "configuration.mini_batch_size": None}


def made(folder):
    """Write a single, an asynchronous and a batch cell of one seed."""

    def run(name, processors, seconds, log_likelihood, aer, **changes):
        return toy.run(
            folder / name,
            name,
            processors,
            values={"log_likelihood": log_likelihood, "aer": aer},
            times=[seconds * k for k in range(len(aer))],
            **changes,
        )

    return runs.load([
        run("single", 1, 3600, [-3e6, -2e6, -1e6, -1e6], [1.0, 0.6, 0.4, 0.4], **TASK),
        run("asynchronous", 4, 1200, [-3e6, -2e6, -1e6, -1e6], [1.0, 0.6, 0.5, 0.403], **TASK),
        run("single-batch", 1, 3600, [-3e6, -2.5e6, -2e6, -1.5e6], [1.0, 0.7, 0.7, 0.7], **BATCH),
    ])  # fmt: skip


def test_two_metrics_share_the_axis_of_time_only(tmp_path):
    left, right = AlignmentConvergence().draw(made(tmp_path)).axes
    assert left.get_ylabel() == "log-likelihood (million nats)"
    assert right.get_ylabel() == "AER"
    assert left.get_xlim() == right.get_xlim()
    assert left.get_xscale() == right.get_xscale() == "log"
    low, high = left.get_ylim()
    assert low < -1.02  # the target, in millions
    assert -1.0 < high < 0
    low, high = right.get_ylim()
    assert 0 < low < 0.4  # the best
    assert 0.7 < high < 0.8  # all but the start


def test_dots_mark_the_times_to_target_of_each_metric(tmp_path):
    axes = AlignmentConvergence().draw(made(tmp_path)).axes
    for one, level, hours in zip(axes, (-1.02, 0.406), ([2, 2 / 3], [2, 1]), strict=True):
        dots = [line for line in one.lines if line.get_marker() == "o"]
        assert [dot.get_xdata()[0] for dot in dots] == pytest.approx(hours, rel=1e-12)
        assert [dot.get_ydata()[0] for dot in dots] == pytest.approx([level] * 2, rel=1e-12)


def test_one_legend_names_the_curves_of_both_panels(tmp_path):
    figure = AlignmentConvergence().draw(made(tmp_path))
    (legend,) = figure.legends
    names = [text.get_text() for text in legend.get_texts()]
    assert names == ["single processor", "asynchronous, P = 4", "batch, P = 1"]


def test_caption_has_the_numbers_of_both_metrics(tmp_path):
    caption = AlignmentConvergence().caption(made(tmp_path))
    for said in (
        "update stepwise-em, mini-batches of m = 4 examples, 3 epochs; update em, once an epoch",
        "lower is better",
        f"The target of log-likelihood (million nats), {MINUS}1.0200, is 99 % of the way from the "
        "start to the best",
        "after 0.667 h by asynchronous, P = 4 (3.0 times as fast)",
        f"batch, P = 1: {MINUS}1.5000",
        "The target of AER, 0.4060, is 99 % of the way from 1 to the best AER",
        "after 1.00 h by asynchronous, P = 4 (2.0 times as fast)",
        "not at all by batch, P = 1",
        "asynchronous, P = 4: 0.4030",
    ):
        assert said in caption


def test_tagging_shows_accuracy(tmp_path):
    cells = runs.load(toy.batch(tmp_path, "tagging", seeds=1))
    assert [axes.get_ylabel() for axes in TaggingConvergence().draw(cells).axes] == [
        "log-likelihood (million nats)", "many-to-1 accuracy",
    ]  # fmt: skip
    level = measures.target(cells[0], "many_to_one")
    assert f"The target of many-to-1 accuracy, {level:.4f}, is 99 % of the best many-to-1" in (
        TaggingConvergence().caption(cells)
    )


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({**BATCH, "configuration.epochs": 20}, None),
        ({**TASK, "configuration.mini_batch_size": 8}, "mini_batch_size (4, 8)"),
        ({**BATCH, "configuration.delay_mean": "5s"}, "delay_mean"),
        ({**TASK, "configuration.clock": "wall"}, "clock"),
    ],
)
def test_batch_and_online_differ_in_what_they_learn_by_and_nothing_else(tmp_path, other, said):
    schedule = "single-batch" if other["configuration.update"] == "em" else "asynchronous"
    cells = runs.load([
        toy.run(tmp_path / "a", **TASK), toy.run(tmp_path / "b", schedule, **other)
    ])  # fmt: skip
    reason = AlignmentConvergence().skip(cells)
    assert reason is None if said is None else said in reason


def test_needs_the_single_processor(tmp_path):
    cells = runs.load([toy.run(tmp_path / "b", "single-batch", **BATCH)])
    assert "'single'" in AlignmentConvergence().skip(cells)
