"""Figure `staleness-theory`: how many more updates are needed the staler they are."""

import math

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, measures, runs, slowdown, words
from staleness.workflow.analysis.phrases import MINUS, Scale, listed, number, provenance, setting
from staleness.workflow.figures import Figure, curves, style

SCHEDULE = "asynchronous"
HEADROOM = 1.12  # of the axis of updates
NOT_REACHED = 1.08  # where such points stand, over the highest of the others
MANY = 5000  # updates; more are counted in thousands


class StalenessTheory(Figure):
    """Updates to target against the greatest staleness of any update, a panel a task.

    Langford, Smola & Zinkevich (2009): with updates delayed by tau, convergence slows about
    linearly in tau. Here the delay comes of more processors: of P equally fast ones, each makes its
    update after about P - 1 of the others.
    """

    name = "staleness-theory"
    title = "Staleness and convergence"
    question = (
        "Does the number of updates grow in proportion to the maximum delay? The bounds of "
        "Langford, Smola and Zinkevich (2009), for convex objectives, are linear in it; the "
        "paper cites them and measured nothing of the kind."
    )
    claims = ("linear-slowdown",)
    place = 11
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        return grouping.reason_by_task(cells, _reason_against)

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        groups = grouping.by_task(cells)
        with style.applied():
            figure, grid = style.panels(1, len(groups), height=style.PANEL_HEIGHT)
            for axes, (task, group) in zip(grid[0], groups.items(), strict=True):
                _panel(axes, slowdown.rows(group), narrow=len(groups) > 1)
                style.title(axes, TASKS[task].title)
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        sentences = [
            "Updates to target against the greatest staleness of any update, as measured in the "
            "traces. Nothing but the number of processors P, which stands beside each point, makes "
            f"updates stale here: all are equally fast, and the mean staleness is about P {MINUS} "
            "1; examples that take longer than others make single updates staler.",
            f"Points are medians over {words.seed_lists(cells)}, bars reach from the lowest seed "
            "to the highest; the single processor is black. The dashed line is that of least "
            "squares through the points that reach the target; open triangles do not.",
            *(_numbers(group) for group in grouping.by_task(cells).values()),
            *provenance(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `slowdown.table`."""
        return slowdown.table(cells)


def _reason_against(cells):
    """Return why the cells of a task make no panel, or None."""
    reason = curves.reason_against(cells)
    others = {cell.schedule for cell in cells} - {runs.SINGLE, SCHEDULE}
    if not reason and others:
        reason = f"it is about schedule '{SCHEDULE}', not {listed(sorted(others))}"
    if not reason and len(cells) < slowdown.FEWEST:
        reason = (
            f"it needs {SCHEDULE} runs with at least {slowdown.FEWEST - 1} numbers of processors"
        )
    return reason


def _panel(axes, rows, narrow):
    """Draw the points of a task and the line through them."""
    x = np.array([row["greatest_staleness"] for row in rows])
    spreads = [_finite(row["updates_to_target"]) for row in rows]
    highest = max((value for spread in spreads for value in spread if value < math.inf), default=1)
    factor, unit = (1000, " (thousands)") if highest >= MANY else (1, "")
    median, low, high = (np.array(part) / factor for part in zip(*spreads, strict=True))
    top = NOT_REACHED * highest / factor
    for index, row in enumerate(rows):
        colour = style.look(row["schedule"]).colour
        axes.vlines(x[index], min(low[index], top), min(high[index], top), color=colour, zorder=3)
        there = math.isfinite(median[index])
        axes.plot(
            x[index],
            min(median[index], top),
            marker="o" if there else "^",
            markersize=5,
            markerfacecolor=colour if there else "white",
            markeredgecolor=colour,
            zorder=4,
        )
    widest = float(x.max()) or 1.0
    axes.set_xlim(-0.03 * widest, 1.06 * widest)
    axes.set_ylim(0, HEADROOM * top)
    if not np.isfinite(median).all():
        axes.axhline(top, color=style.QUIET, linestyle=(0, (1, 2)), linewidth=0.9, zorder=1.5)
        note = {"xytext": (0, 3), "textcoords": "offset points", "color": style.QUIET}
        axes.annotate("not reached", xy=(widest, top), ha="right", fontsize=7, **note)
    _draw_line(axes, slowdown.line(rows), widest, factor, narrow)
    _name_points(axes, x, np.minimum(low, top), [row["processors"] for row in rows], narrow)
    style.numbers(axes.xaxis, 4 if narrow else 8)
    style.numbers(axes.yaxis, 6)
    style.grid(axes)
    axes.set_ylabel(f"updates to target{unit}")
    axes.set_xlabel("greatest staleness" + ("" if narrow else " of any update"))


def _draw_line(axes, line, widest, factor, narrow):
    """Draw the fitted line, and write what it is in the corner that a rising one leaves free."""
    if math.isnan(line["slope"]):
        return
    ends = np.array([0, widest])
    look = style.IDEAL
    axes.plot(
        ends,
        (line["intercept"] + line["slope"] * ends) / factor,
        color=look.colour,
        linestyle=look.dashes,
        linewidth=look.width,
        zorder=2,
    )
    slope = f"slope {_signed(line['slope'])}"
    if not narrow:
        slope = f"{_signed(line['slope'])} updates a unit of staleness"
    axes.text(
        0.02,
        0.04,
        f"{slope}, {_fit(line)}",
        transform=axes.transAxes,
        fontsize=7,
        color=style.INK,
    )


def _name_points(axes, x, y, processors, narrow):
    """Write the number of processors below points, from the stalest on where there is room."""
    room = (0.11 if narrow else 0.022) * (axes.get_xlim()[1] - axes.get_xlim()[0])
    last = math.inf
    for index in np.argsort(-x, kind="stable"):
        if last - x[index] < room:
            continue
        text = f"P = {processors[index]}" if last == math.inf else str(processors[index])
        last = x[index]
        below = {"xytext": (0, -5), "textcoords": "offset points", "va": "top", "ha": "center"}
        axes.annotate(text, xy=(x[index], y[index]), fontsize=7, color=style.INK, **below)


def _numbers(cells):
    """Return sentences on what a task's panel is drawn of, and on its line."""
    task = cells[0].configuration["task"]
    rows, scale = slowdown.rows(cells), Scale.of(cells, measures.first_metric(task))
    line = slowdown.line(rows)
    delay = words.describe_delays(cells)
    said = [
        f"{_count(row)} with P = {row['processors']} ({row['greatest_staleness']:g})"
        for row in rows
    ]
    text = (
        f"{TASKS[task].title}: {setting(cells)}{f'; {delay}' if delay else ''}. The target, "
        f"{scale.target}, is {scale.about.label} {scale.value(rows[0]['target'])}; updates to it "
        f"(and greatest staleness): {listed(said)}."
    )
    if math.isnan(line["slope"]):
        return f"{text} Too few points reach it for a line."
    more = ""
    if line["intercept"] > 0:
        share = number(100 * line["slope"] / line["intercept"], 2).replace("-", MINUS)
        more = f", {share} % of the intercept"
    return (
        f"{text} The line: {_signed(line['slope'])} updates for every unit of staleness{more}; "
        f"{_fit(line)}."
    )


def _count(row):
    """Return the median of the updates to target in words."""
    median = row["updates_to_target"]["median"]
    return "never" if median is None else f"{median:,.0f}"


def _signed(slope):
    return number(slope).replace("-", MINUS)


def _fit(line):
    value = line["r_squared"]
    return f"R² = {value:.2f}" if math.isfinite(value) else "R² not defined"


def _finite(spread):
    """Return median, low and high of a spread of the table, infinite where they are None."""
    values = (spread[name] for name in ("median", "low", "high"))
    return [math.inf if value is None else value for value in values]
