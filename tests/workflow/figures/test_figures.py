"""The contract of every figure, run on toy runs, and the files that are made of it."""

import json
import re

import pytest

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.figures import Figure, figures, style
from staleness.workflow.figures.write import KINDS, write

from . import toy

FIGURES = figures()


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Return a function that gives the first toy cells that a figure can be drawn of."""
    made = {}

    def cells(name):
        figure = FIGURES[name]()
        for family, write_runs in toy.FAMILIES.items():
            key = family, figure.task
            if key not in made:
                folders = [
                    folder
                    for task in ([figure.task] if figure.task else TASKS)
                    for folder in write_runs(tmp_path_factory.mktemp(family), task)
                ]
                made[key] = runs.load(folders)
            if figure.skip(made[key]) is None:
                return made[key]
        pytest.fail(f"{name} takes none of {', '.join(toy.FAMILIES)}")

    return cells


@pytest.fixture(scope="module")
def first(toys, tmp_path_factory):
    """Return a function that gives the files of a figure, made once."""
    made = {}

    def files(name):
        if name not in made:
            made[name] = write(name, toys(name), tmp_path_factory.mktemp("first"))
        return made[name]

    return files


def test_figures_are_found():
    assert FIGURES.keys() >= {
        *("timelines", "utilisation"),
        *("ner-convergence", "ner-processors", "ner-delays"),
        *("alignment-convergence", "tagging-convergence", "ideal"),
        *("mini-batches", "scaling", "staleness-theory", "wall-clock"),
        "mapreduce",
    }


@pytest.mark.parametrize("name", FIGURES)
class TestEveryFigure:
    def test_states_what_it_must(self, name, toys):
        figure = FIGURES[name]()
        cells = toys(name)
        caption = figure.caption(cells)
        for shared in figure.shared(cells):
            assert f"{shared['clock']} clock" in caption.lower()
            assert shared["clock"] == "wall" or shared["cost"] in caption
        assert "toy-corpus" in caption
        assert "3 seeds (0, 1, 2)" in caption
        assert toy.PROCESSOR in caption
        assert "\n" not in caption
        assert figure.title

    def test_takes_its_own_task_only(self, name, toys):
        figure = FIGURES[name]()
        cells = toys(name)
        assert figure.skip(cells) is None
        foreign = [
            runs.Cell(
                {**cell.configuration, "task": "another"}, cell.seeds, cell.curves, cell.abouts
            )
            for cell in cells
        ]
        assert "another" in figure.skip(foreign)

    def test_has_a_table_that_json_holds(self, name, toys):
        figure = FIGURES[name]()
        table = figure.table(toys(name))
        assert json.loads(json.dumps(table, allow_nan=False)) == table
        assert len(table["cells"]) == len(toys(name))

    def test_fits_a_column_and_has_labelled_axes(self, name, toys):
        figure = FIGURES[name]()
        drawn = figure.draw(toys(name))
        assert drawn.get_size_inches()[0] <= style.WIDTH
        for axes in drawn.axes:
            # An axis may be named on another panel that shares it, or by its own words.
            beside = axes.get_shared_x_axes().get_siblings(axes)
            assert any(other.get_xlabel() for other in beside)
            beside = axes.get_shared_y_axes().get_siblings(axes)
            words = [text.get_text() for other in beside for text in other.get_yticklabels()]
            assert any(other.get_ylabel() for other in beside) or re.search("[a-z]", str(words))

    def test_same_runs_same_bytes(self, name, toys, first, tmp_path):
        again = write(name, toys(name), tmp_path)
        for old, new in zip(first(name), again, strict=True):
            assert old.name == new.name
            assert old.read_bytes() == new.read_bytes()

    def test_svg_has_text_as_paths_and_no_date(self, name, first):
        svg = first(name)[KINDS.index("svg")].read_text()
        assert "<text" not in svg
        assert "<dc:date>" not in svg

    def test_json_describes_the_figure(self, name, first, toys):
        about = json.loads(first(name)[-1].read_text())
        cells = toys(name)
        assert about["name"] == name
        assert about["caption"] == FIGURES[name]().caption(cells)
        assert len(about["curves"]) == sum(len(cell.seeds) for cell in cells)
        assert (first(name)[-1].parent / about["image"]).exists()


def test_unknown_figure_lists_the_known(tmp_path):
    with pytest.raises(StalenessError, match=r"unknown figure 'no': choose one of .*ner-conv"):
        write("no", [], tmp_path)


def test_nothing_is_left_of_a_figure_that_fails(tmp_path, toys, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(style, "save", fail)
    with pytest.raises(OSError, match="disk full"):
        write("ner-convergence", toys("ner-convergence"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_matplotlibrc_does_not_matter(tmp_path, toys, first):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "none"}):
        again = write("ner-convergence", toys("ner-convergence"), tmp_path)
    for old, new in zip(first("ner-convergence"), again, strict=True):
        assert old.read_bytes() == new.read_bytes()


def test_base_class_cannot_be_used():
    with pytest.raises(TypeError):
        Figure()
