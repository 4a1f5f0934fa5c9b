import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.analysis.phrases import MINUS
from staleness.workflow.figures.ideal import Ideal
from staleness.workflow.figures.write import describe, write

from . import toy


def cell(folder, task, schedule, processors, seconds, **changes):
    """Write a run that reaches its target in the third of four points, and return its folder."""
    values = {
        "ner": {"f1": [0.0, 0.5, 0.9, 0.9]},
        "tagging": {"log_likelihood": [-3e6, -2e6, -1e6, -1e6]},
    }[task]
    return toy.run(
        folder / f"{task}-{schedule}{processors}",
        schedule,
        processors,
        values=values,
        times=[0, 0.5 * seconds, seconds, 2 * seconds],
        **{"configuration.task": task, **changes},
    )


@pytest.fixture
def cells(tmp_path):
    # Another corpus, and so another cost: only the panels share one.
    tagging = {"corpus.corpus": "words", "corpus.digest": "e" * 64, "cost_model.seconds": {"a": 1}}
    return runs.load([
        cell(tmp_path, "ner", "single", 1, 8000), cell(tmp_path, "ner", "asynchronous", 4, 2500),
        cell(tmp_path, "tagging", "single", 1, 40, **tagging),
        cell(tmp_path, "tagging", "asynchronous", 4, 8, **tagging),
    ])  # fmt: skip


def test_the_ideal_is_the_single_processor_with_its_time_divided(cells):
    for axes, scale in zip(Ideal().draw(cells).axes, (3600, 1), strict=True):
        lines = {line.get_label(): line for line in axes.lines if line.get_marker() != "o"}
        single, ideal = lines["single processor"], lines["ideal, P = 4"]
        np.testing.assert_allclose(ideal.get_xdata() * 4, single.get_xdata(), rtol=1e-12)
        np.testing.assert_array_equal(ideal.get_ydata(), single.get_ydata())
        dots = [line.get_xdata()[0] * scale for line in axes.lines if line.get_marker() == "o"]
        assert dots == pytest.approx([8000, 2000, 2500] if scale > 1 else [40, 10, 8], rel=1e-12)


def test_each_panel_has_the_metric_and_the_time_of_its_task(cells):
    ner, tagging = Ideal().draw(cells).axes
    assert (ner.get_ylabel(), tagging.get_ylabel()) == ("F1", "log-likelihood (million nats)")
    assert (ner.get_xlabel(), tagging.get_xlabel()) == ("time (h)", "time (s)")
    titles = [axes.get_title(loc="left") for axes in (ner, tagging)]
    assert titles == ["Named-entity recognition", "Part-of-speech tagging"]


def test_caption_says_how_close_it_comes(cells):
    caption = Ideal().caption(cells)
    assert "Named-entity recognition: corpus toy-corpus" in caption
    assert "Part-of-speech tagging: corpus words" in caption
    assert (
        "with P = 4 reaches it after 0.556 h, asynchronous learning after 0.694 h, 3.2 times as "
        "fast" in caption
    )
    assert f"log-likelihood, {MINUS}1.0200 million nats" in caption
    assert "after 10.0 s, asynchronous learning after 8.00 s, 5.0 times as fast" in caption


def test_table_has_the_share_of_the_ideal(cells):
    table = Ideal().table(cells)
    assert table["metric"] == {"ner": "f1", "tagging": "log_likelihood"}
    shares = [(row["task"], row["of_ideal"]) for row in table["cells"]]
    assert shares[0] == ("ner", None)
    assert shares[1][1]["median"] == pytest.approx(0.8, rel=1e-12)
    assert shares[3][1]["median"] == pytest.approx(1.25, rel=1e-12)


def test_what_is_never_reached_is_said(tmp_path):
    late = toy.run(tmp_path / "late", "asynchronous", 4, values=[0.0, 0.1])
    cells = runs.load([cell(tmp_path, "ner", "single", 1, 40), late])
    assert "after 10.0 s, asynchronous learning not at all." in Ideal().caption(cells)
    assert Ideal().table(cells)["cells"][1]["of_ideal"] is None
    Ideal().draw(cells)


def test_json_says_what_each_panel_shares(cells):
    shared = describe(Ideal(), cells)["shared"]
    assert [(one["task"], one["corpus"]) for one in shared] == [
        ("ner", "toy-corpus"), ("tagging", "words"),
    ]  # fmt: skip


def test_two_corpora_of_one_task_are_refused(tmp_path):
    cells = runs.load([
        cell(tmp_path, "ner", "single", 1, 80),
        cell(tmp_path, "ner", "asynchronous", 4, 20, **{"corpus.corpus": "other"}),
    ])  # fmt: skip
    with pytest.raises(StalenessError, match="differ in their corpus"):
        write("ideal", cells, tmp_path / "out")


@pytest.mark.parametrize(
    ("schedules", "said"),
    [
        ([("single", 1)], "one cell of schedule 'asynchronous'"),
        ([("single", 1), ("synchronous", 4)], "one cell of schedule 'asynchronous'"),
        ([("single", 1), ("asynchronous", 2), ("asynchronous", 4)], "one cell"),
        ([("asynchronous", 4)], "'single'"),
    ],
)
def test_takes_a_pair_a_task(tmp_path, schedules, said):
    cells = runs.load([cell(tmp_path, "ner", *one, 80) for one in schedules])
    reason = Ideal().skip(cells)
    assert reason.startswith("task ner: ")
    assert said in reason


def test_panels_with_another_number_of_processors_are_refused(tmp_path):
    cells = runs.load([
        cell(tmp_path, task, schedule, processors, 80)
        for task, several in (("ner", 2), ("tagging", 4))
        for schedule, processors in (("single", 1), ("asynchronous", several))
    ])  # fmt: skip
    assert "P = 2 and 4" in Ideal().skip(cells)
