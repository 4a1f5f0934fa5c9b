"""One style for all figures: small, for a column of an A4 page, the same bytes every time.

Curves differ in lightness and in dashes as well as in hue, so that they can be told apart in
greyscale and by the colour-blind; they are named above the axes.
SVG files hold text as paths: Typst, which embeds them, need not have the font.
Who plans a workflow looks up what figures there are, and draws none: matplotlib is imported only
where one is drawn, and elsewhere axes are asked for what is of it.
"""

import hashlib
import io
from contextlib import contextmanager

from staleness.algorithms.configuration import ALL_SCHEDULES
from staleness.algorithms.schedules import AnySchedule, Look

WIDTH = 160 / 25.4  # inches: an A4 page without margins of 25 mm
HEIGHT = 92 / 25.4
PANEL_HEIGHT = 80 / 25.4  # of panels side by side
STEPS = [1, 2, 2.5, 5, 10]  # of the numbers on an axis
MANY_DECADES = 300  # a logarithmic axis longer than that numbers the powers of ten only
LEGEND_COLUMNS = 3  # as many names stand side by side above half a page
INK = "#222222"
QUIET = "#6b6b6b"
GRID = "#e6e6e6"
BAND_OPACITY = 0.18

PARAMETERS = {
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
    "legend.title_fontsize": 8,
    "lines.linewidth": 1.4,
    "lines.solid_capstyle": "round",
    "lines.dash_capstyle": "butt",
    "savefig.facecolor": "white",
    "pdf.fonttype": 42,
    "svg.fonttype": "path",
    "svg.hashsalt": "staleness",
}
METADATA = {"pdf": {"CreationDate": None}, "svg": {"Date": None}}
DOT = {"markersize": 4.5, "markeredgecolor": "white", "markeredgewidth": 0.7, "zorder": 4}

# Of schedules that have no look of their own; which is whose goes by the name alone.
COLOURS = ("#aa4499", "#56b4e9", "#6b6b6b")
DASHES = ((0, (6, 1.4, 1.2, 1.4)), (0, (1.2, 2.4)), (0, (3, 1.4, 1.2, 1.4, 1.2, 1.4)))
OTHERS = tuple(map(Look, COLOURS, DASHES))
UNKNOWN = tuple(
    Look(colour, dashes)
    for one, colour in enumerate(COLOURS)
    for other, dashes in enumerate(DASHES)
    if one != other
)
IDEAL = Look("#6b6b6b", (0, (2.4, 1.2)), 1.2)
# Of curves of one colour the first look as above, the others are paler, thinner and sparser.
WEAKER_DASHES = ((0, (1.2, 1.0)), (0, (5, 1.2, 1.2, 1.2)), (0, (2.4, 2.4)))
# What a processor does (`activity.STATES`), from dark to light: four greys, and four hues that the
# colour-blind tell apart.
STATES = {"busy": "#17375e", "lock": "#b0418f", "barrier": "#f0a030", "delayed": "#dbe3ea"}
STATE_NAMES = {
    "busy": "busy",
    "barrier": "waiting at the barrier",
    "lock": "waiting for the lock",
    "delayed": "delayed",
}


def looks(cells):
    """Return a `Look` for each cell: by schedule, and weaker the fewer its processors are.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell

    Returns
    -------
    list of Look
    """
    found = []
    for cell in cells:
        more = {
            other.processors
            for other in cells
            if other.schedule == cell.schedule and other.processors > cell.processors
        }
        found.append(weaker(look(cell.schedule), len(more)))
    return found


def look(schedule):
    """Return the look of a schedule, the same in every figure: its own, or one by its name."""
    own = vars(ALL_SCHEDULES.get(schedule, AnySchedule)).get("look")  # a parent's does not count
    number = int.from_bytes(hashlib.sha256(schedule.encode()).digest()[:4])
    return own or UNKNOWN[number % len(UNKNOWN)]


def weaker(look, steps):
    """Return a look for a curve that is to stand back behind others of the same colour."""
    if not steps:
        return look
    dashes = WEAKER_DASHES[(steps - 1) % len(WEAKER_DASHES)]
    colour = mix(look.colour, min(0.2 * steps, 0.5))
    return Look(colour, dashes, max(look.width - 0.3 * steps, 0.8))


def mix(colour, white):
    """Return a colour with a share of white in it, as "#rrggbb"."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + (255 - part) * white):02x}" for part in parts)


@contextmanager
def applied():
    """Give a block in which matplotlib draws in this style.

    Nothing of a user's own matplotlibrc counts, and nothing that depends on time or machine.
    """
    import matplotlib as mpl  # noqa: PLC0415

    defaults = {k: v for k, v in mpl.rcParamsDefault.items() if not k.startswith("backend")}
    with mpl.rc_context(defaults | PARAMETERS):
        yield


def new_figure(width=WIDTH, height=HEIGHT):
    """Return a figure and its axes; to be called within `applied`.

    Parameters
    ----------
    width, height : float
        Inches.
    """
    figure, ((axes,),) = panels(1, 1, width, height)
    numbers(axes.xaxis, 8)
    numbers(axes.yaxis, 6)
    grid(axes)
    return figure, axes


def numbers(axis, most):
    """Write at most so many round numbers, and one, at a linear axis."""
    axis.get_major_locator().set_params(nbins=most, steps=STEPS)


def grid(axes):
    """Draw a line at each number of the y axis, behind all else."""
    axes.grid(axis="y", color=GRID, linewidth=0.5)
    axes.set_axisbelow(True)


def panels(rows, columns, width=WIDTH, height=HEIGHT, **shared):
    """Return a figure and a grid of axes; to be called within `applied`.

    Parameters
    ----------
    rows, columns : int
    width, height : float
        Inches.
    **shared
        Of `matplotlib.figure.Figure.subplots`: which axes are shared, how high the rows are.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : ndarray of matplotlib.axes.Axes [rows, columns]
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(rows, columns, squeeze=False, **shared)


def curve_panels(columns, times, height=PANEL_HEIGHT, sharey=True):
    """Return a figure and axes side by side that share a logarithmic axis of time.

    Parameters
    ----------
    columns : int
    times : tuple of two float
        The limits of that axis.
    height : float
        Inches.
    sharey : bool
        Whether they share the axis of the metric, too.

    Returns
    -------
    figure : matplotlib.figure.Figure
    axes : list of matplotlib.axes.Axes
    """
    figure, ((*beside,),) = panels(1, columns, height=height, sharex=True, sharey=sharey)
    for axes in beside:
        curve_axes(axes, times)
    return figure, beside


def curve_axes(axes, times, digits=(1, 2, 5)):
    """Make the axes of a panel those of a metric against time, which is logarithmic.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    times : tuple of two float
        The limits of the axis of time.
    digits : tuple of int
        Those of each power of ten that are written, if there is room.
    """
    axes.set_xscale("log")
    axes.set_xlim(*times)
    log_numbers(axes.xaxis, times, digits)
    numbers(axes.yaxis, 6)
    grid(axes)


def log_numbers(axis, limits, digits=(1, 2, 5)):
    """Write numbers at an axis that is logarithmic already, never as powers of ten.

    Parameters
    ----------
    axis : matplotlib.axis.Axis
    limits : tuple of two float
    digits : tuple of int
        Those of each power of ten that are written, if there is room.
    """
    few = limits[1] < MANY_DECADES * limits[0]
    axis.get_major_locator().set_params(subs=digits if few else (1,))
    axis.get_minor_locator().set_params(subs=range(2, 10))
    axis.set_major_formatter("{x:g}")
    axis.set_minor_formatter("")


def title(axes, text):
    """Write what a panel shows above its left corner."""
    axes.set_title(text, loc="left", fontsize=8, fontweight="bold", color=INK)


def panel_legend(axes, text):
    """Name a panel and its curves above it, where they hide nothing."""
    count = len(axes.get_legend_handles_labels()[0])
    legend = axes.legend(
        title=text,
        alignment="left",
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=min(count, LEGEND_COLUMNS),
        borderpad=0.1,
        borderaxespad=0.1,
        handlelength=2.2,
        columnspacing=1.2,
        labelspacing=0.3,
    )
    legend.get_title().set_fontweight("bold")


def curve_legend(figure, *panels):
    """Name the curves of some panels above the figure, for all panels, each once, row by row."""
    named = {}
    for axes in panels:
        for handle, text in zip(*axes.get_legend_handles_labels(), strict=True):
            named.setdefault(text, handle)
    handles = list(named.values())
    figure.legend(
        handles=[one for first in range(LEGEND_COLUMNS) for one in handles[first::LEGEND_COLUMNS]],
        loc="outside upper left",
        ncols=LEGEND_COLUMNS,
        handlelength=2.6,
        columnspacing=1.6,
        borderaxespad=0.2,
    )


def state_legend(figure, states):
    """Put the colours of `STATES` above a figure, in the order of `STATE_NAMES`.

    Parameters
    ----------
    figure : matplotlib.figure.Figure
    states : collection of str
        Those that are seen.
    """
    shown = [state for state in STATE_NAMES if state in states]
    colours = {STATE_NAMES[state]: STATES[state] for state in shown}
    colour_legend(figure, colours, "outside upper left")


def colour_legend(figure, colours, place):
    """Name colours, a dict, at the edge of a figure."""
    from matplotlib.patches import Patch  # noqa: PLC0415

    figure.legend(
        handles=[
            Patch(facecolor=colour, edgecolor=QUIET, linewidth=0.4, label=text)
            for text, colour in colours.items()
        ],
        loc=place,
        ncols=len(colours),
        handlelength=1.4,
        handleheight=0.9,
        columnspacing=1.6,
        borderaxespad=0.2,
    )


def save(figure, path):
    """Write a figure as PDF or SVG, by the name's suffix; the same figure gives the same bytes."""
    kind = path.suffix.removeprefix(".")
    drawn = io.BytesIO()  # matplotlib hides a full disk behind an error of its own
    with applied():
        figure.savefig(drawn, format=kind, metadata=METADATA[kind])
    path.write_bytes(drawn.getbuffer())
