import numpy as np
import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.figures.scaling import Scaling

from . import toy
from .test_mini_batches import cell, drawn


@pytest.fixture
def cells(tmp_path):
    return runs.load([
        cell(tmp_path, "single", 4, 80), cell(tmp_path, "single", 16, 160),
        *(cell(tmp_path, "asynchronous", 4, 80 / p, p) for p in (2, 4)),
        cell(tmp_path, "asynchronous", 4, None, 16),
        *(cell(tmp_path, "synchronous", 16, 200 / p, p) for p in (4, 16)),
    ])  # fmt: skip


def test_every_series_begins_with_its_own_single_processor(cells):
    late, fast = Scaling().draw(cells).axes
    times, factors = drawn(late), drawn(fast)
    assert times.keys() == {"asynchronous, m = 4", "synchronous, m = 16"}
    np.testing.assert_allclose(times["asynchronous, m = 4"] * 60, [80, 40, 20, np.nan], rtol=1e-12)
    np.testing.assert_allclose(times["synchronous, m = 16"] * 60, [160, 50, 12.5], rtol=1e-12)
    np.testing.assert_allclose(factors["asynchronous, m = 4"], [1, 2, 4, np.nan], rtol=1e-12)
    np.testing.assert_allclose(factors["synchronous, m = 16"], [1, 3.2, 12.8], rtol=1e-12)
    np.testing.assert_array_equal(factors["ideal, P times as fast"], [1, 16])


def test_axes_are_logarithmic_and_numbered_by_processors(cells):
    for axes in Scaling().draw(cells).axes:
        assert (axes.get_xscale(), axes.get_yscale()) == ("log", "log")
        assert [text.get_text() for text in axes.get_xticklabels()] == ["1", "2", "4", "16"]


def test_caption_says_where_each_ends(cells):
    caption = Scaling().caption(cells)
    assert (
        "Asynchronous, m = 4: 20.0 s with P = 4 at the fastest, 4.0 times as fast; not at all "
        "with P = 16." in caption
    )
    assert "Synchronous, m = 16: 12.5 s with P = 16 at the fastest, 13 times as fast." in caption


def test_a_series_that_only_the_single_processor_finishes(tmp_path):
    cells = runs.load([cell(tmp_path, "single", 4, 80), cell(tmp_path, "asynchronous", 4, None)])
    caption = Scaling().caption(cells)
    assert "80.0 s with P = 1 at the fastest; not at all with P = 4." in caption
    Scaling().draw(cells)


def test_the_same_series_looks_the_same_for_all_tasks(tmp_path):
    cells = runs.load([
        *(cell(tmp_path, "single", m, 80) for m in (4, 16)),
        *(cell(tmp_path, "asynchronous", m, 20) for m in (4, 16)),
        *toy.family(tmp_path / "b", "tagging", **{"configuration.mini_batch_size": 16}),
    ])  # fmt: skip
    ner, _, tagging, _ = Scaling().draw(cells).axes
    colours = [
        {line.get_label(): line.get_color() for line in axes.lines} for axes in (ner, tagging)
    ]
    assert len(set(colours[0].values())) > 1
    assert colours[0]["asynchronous, m = 16"] == colours[1]["asynchronous, m = 16"]


def test_a_row_a_task(tmp_path):
    cells = runs.load([*toy.family(tmp_path / "a"), *toy.family(tmp_path / "b", "tagging")])
    axes = Scaling().draw(cells).axes
    assert [one.get_title(loc="left") for one in axes] == [
        "Named-entity recognition", "", "Part-of-speech tagging", "",
    ]  # fmt: skip
    assert Scaling().table(cells)["metrics"] == {"ner": "f1", "tagging": "log_likelihood"}


def test_shares_of_less_than_an_example_are_refused(tmp_path):
    cells = runs.load([cell(tmp_path, "single", 4, 80), cell(tmp_path, "synchronous", 4, 20, 8)])
    assert "mini-batches of at least 8" in Scaling().skip(cells)


def test_the_single_processor_is_not_enough(tmp_path):
    cells = runs.load([cell(tmp_path, "single", 4, 80)])
    assert "another schedule than 'single'" in Scaling().skip(cells)
