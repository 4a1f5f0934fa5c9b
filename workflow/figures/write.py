"""The files of a figure: NAME.pdf, NAME.svg and NAME.json, each whole or not at all."""

import json
from pathlib import Path

from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.figures import FORMAT, figures, style
from staleness.workflow.store.files import whole_file

KINDS = ("pdf", "svg")


def find(name):
    """Return a figure by its name, or raise an error that lists all of them."""
    return choose("figure", name, figures())()


def write(name, cells, folder):
    """Draw a figure and write its files.

    Parameters
    ----------
    name : str
        The figure's.
    cells : list of staleness.workflow.analysis.runs.Cell
        What it is drawn from.
    folder : path-like
        Where NAME.pdf, NAME.svg and NAME.json go; made if it is missing.

    Returns
    -------
    list of pathlib.Path
        The files. The last, NAME.json, is written when the others are there; see `describe`.

    Raises
    ------
    StalenessError
        If there is no such figure, or it makes no sense for these cells.
    """
    figure = find(name)
    figure.shared(cells)
    reason = figure.skip(cells)
    if reason:
        raise StalenessError(f"figure '{name}' cannot be drawn of these runs: {reason}")
    drawn = figure.draw(cells)
    text = json.dumps(describe(figure, cells), indent=1, ensure_ascii=False, allow_nan=False)
    paths = [Path(folder) / f"{name}.{kind}" for kind in KINDS]
    for path in paths:
        with whole_file(path) as part:
            style.save(drawn, part)
    paths.append(Path(folder) / f"{name}.json")
    with whole_file(paths[-1]) as part:
        part.write_text(text + "\n", encoding="utf-8")
    return paths


def describe(figure, cells):
    """Return what NAME.json holds.

    Parameters
    ----------
    figure : Figure
    cells : list of staleness.workflow.analysis.runs.Cell

    Returns
    -------
    dict
        format, name, title, caption, image (the SVG's name), shared (what the cells of each panel
        have in common, see `Figure.shared`), machines, table (`Figure.table`), and curves: the
        digests of the curves it was drawn from, by which the report knows that figure and runs
        belong together.
    """
    return {
        "format": FORMAT,
        "name": figure.name,
        "title": figure.title,
        "caption": figure.caption(cells),
        "image": f"{figure.name}.svg",
        "shared": figure.shared(cells),
        "machines": runs.machines(cells),
        "table": figure.table(cells),
        "curves": sorted(about["curve_sha256"] for cell in cells for about in cell.abouts),
    }
