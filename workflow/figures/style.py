"""One style for all figures: small, for a column of an A4 page, the same bytes every time.

Curves differ in lightness and in dashes as well as in hue, so that they can be told apart in
greyscale and by the colour-blind; they are labelled where they run (`labels.py`), not in a legend.
SVG files hold text as paths: Typst, which embeds them, need not have the font.
"""

from contextlib import contextmanager
from dataclasses import dataclass

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

WIDTH = 160 / 25.4  # inches: an A4 page without margins of 25 mm
HEIGHT = 92 / 25.4
INK = "#222222"
QUIET = "#6b6b6b"
BAND_OPACITY = 0.18

# Nothing of a user's own matplotlibrc, and nothing that depends on time or machine.
PARAMETERS = {
    **{
        name: value for name, value in mpl.rcParamsDefault.items() if not name.startswith("backend")
    },
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.unicode_minus": True,
    "axes.formatter.useoffset": False,
    "xtick.color": QUIET,
    "ytick.color": QUIET,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 8,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "lines.dash_capstyle": "butt",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "staleness",
}
METADATA = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}


@dataclass(frozen=True)
class Look:
    """How a curve is drawn."""

    colour: str
    dashes: object
    width: float


# Luminances of about 0.01, 0.16 and 0.30: black, blue and orange are three greys, too.
LOOKS = {
    "single": Look("#1a1a1a", "solid", 1.2),
    "synchronous": Look("#0063a6", (0, (4.2, 1.4)), 1.4),
    "asynchronous": Look("#e0701a", "solid", 2.0),
}
OTHERS = (
    Look("#009e73", (0, (1.2, 1.2)), 1.6),
    Look("#aa4499", (0, (6, 1.4, 1.2, 1.4)), 1.6),
    Look("#8c8c8c", (0, (8, 2)), 1.6),
)
# Of a schedule with several P: the most processors look as above, fewer are thinner and sparser.
FEWER_DASHES = ((0, (1.2, 1.0)), (0, (5, 1.2, 1.2, 1.2)), (0, (2.4, 2.4)))


def looks(cells):
    """Return a `Look` for each cell, by schedule and then by processors.

    Parameters
    ----------
    cells : list of staleness.workflow.figures.runs.Cell

    Returns
    -------
    list of Look
    """
    unknown = sorted({cell.schedule for cell in cells} - LOOKS.keys())
    base = {**LOOKS, **{name: OTHERS[i % len(OTHERS)] for i, name in enumerate(unknown)}}
    found = []
    for cell in cells:
        look = base[cell.schedule]
        more = {
            other.processors
            for other in cells
            if other.schedule == cell.schedule and other.processors > cell.processors
        }
        if more:
            dashes = FEWER_DASHES[(len(more) - 1) % len(FEWER_DASHES)]
            colour = mix(look.colour, min(0.2 * len(more), 0.5))
            look = Look(colour, dashes, max(look.width - 0.3 * len(more), 0.8))
        found.append(look)
    return found


def mix(colour, white):
    """Return a colour with a share of white in it, as "#rrggbb"."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in parts)


@contextmanager
def applied():
    """Give a block in which matplotlib draws in this style, whatever the user's own settings."""
    with mpl.rc_context(PARAMETERS):
        yield


def new_figure(width=WIDTH, height=HEIGHT):
    """Return a figure and its axes; to be called within `applied`.

    Parameters
    ----------
    width, height : float
        Inches.
    """
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    axes.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 2.5, 5, 10]))
    axes.grid(axis="y", color="#e6e6e6", linewidth=0.5)
    axes.set_axisbelow(True)
    return figure, axes


def save(figure, path):
    """Write a figure as PDF or SVG, by the name's suffix; the same figure gives the same bytes."""
    kind = path.suffix.removeprefix(".")
    with applied():
        figure.savefig(path, format=kind, metadata=METADATA[kind])
