"""The contract of every figure, run on toy runs, and the files that are made of it."""

import json

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.figures import Figure, figures, runs, style
from staleness.workflow.figures.write import KINDS, write

from . import toy

FIGURES = figures()


@pytest.fixture(scope="module")
def toys(tmp_path_factory):
    """Return a function that gives toy cells of a task, made once."""
    made = {}

    def cells(task):
        if task not in made:
            made[task] = runs.load(toy.family(tmp_path_factory.mktemp(task), task))
        return made[task]

    return cells


@pytest.fixture(scope="module")
def first(toys, tmp_path_factory):
    """Return a function that gives the files of a figure, made once."""
    made = {}

    def files(name):
        if name not in made:
            made[name] = write(name, toys(FIGURES[name].task), tmp_path_factory.mktemp("first"))
        return made[name]

    return files


def test_figures_are_found():
    assert "ner-convergence" in FIGURES


@pytest.mark.parametrize("name", FIGURES)
class TestEveryFigure:
    def test_states_what_it_must(self, name, toys):
        figure = FIGURES[name]()
        cells = toys(figure.task)
        caption = figure.caption(cells)
        assert "simulated clock" in caption.lower()
        assert runs.common(cells)["cost"] in caption
        assert "toy-corpus" in caption
        assert "3 seeds (0, 1, 2)" in caption
        assert toy.PROCESSOR in caption
        assert "\n" not in caption
        assert figure.title

    def test_takes_its_own_task_only(self, name, toys):
        figure = FIGURES[name]()
        cells = toys(figure.task)
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
        table = figure.table(toys(figure.task))
        assert json.loads(json.dumps(table, allow_nan=False)) == table
        assert len(table["cells"]) == len(toys(figure.task))

    def test_fits_a_column_and_has_labelled_axes(self, name, toys):
        figure = FIGURES[name]()
        drawn = figure.draw(toys(figure.task))
        assert drawn.get_size_inches()[0] <= style.WIDTH
        for axes in drawn.axes:
            assert axes.get_xlabel()
            assert axes.get_ylabel()

    def test_same_runs_same_bytes(self, name, toys, first, tmp_path):
        again = write(name, toys(FIGURES[name].task), tmp_path)
        for old, new in zip(first(name), again, strict=True):
            assert old.name == new.name
            assert old.read_bytes() == new.read_bytes()

    def test_svg_has_text_as_paths_and_no_date(self, name, first):
        svg = first(name)[KINDS.index("svg")].read_text()
        assert "<text" not in svg
        assert "<dc:date>" not in svg

    def test_json_describes_the_figure(self, name, first, toys):
        about = json.loads(first(name)[-1].read_text())
        cells = toys(FIGURES[name].task)
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
        write("ner-convergence", toys("ner"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_matplotlibrc_does_not_matter(tmp_path, toys, first):
    import matplotlib as mpl

    with mpl.rc_context({"font.size": 30, "axes.grid": True, "svg.fonttype": "none"}):
        again = write("ner-convergence", toys("ner"), tmp_path)
    for old, new in zip(first("ner-convergence"), again, strict=True):
        assert old.read_bytes() == new.read_bytes()


def test_base_class_cannot_be_used():
    with pytest.raises(TypeError):
        Figure()
