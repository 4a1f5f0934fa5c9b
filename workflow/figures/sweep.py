"""What figures of runs along a number have in common: time to target and speed-up against it.

The number is that of the processors or the size of mini-batches; both axes are logarithmic. Every
mini-batch size is measured by the single processor of the same size, and by its target. What is not
reached is infinitely late: it is drawn as an open triangle on a line at the edge of the axes.
"""

import math
from dataclasses import dataclass

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, measures, runs, summaries, words
from staleness.workflow.analysis.phrases import Scale, listed, number, setting, time_unit
from staleness.workflow.figures import curves, style

ROW_HEIGHT = 62 / 25.4  # inches
LEGEND_HEIGHT = 12 / 25.4
PAD = 0.06  # of a logarithmic axis, on both sides
LEAST_PAD = math.log(1.12)
ROOM = 1.8  # times that, beyond the line of what is not reached, for its name
SHORT = 6  # an axis whose ends are no farther apart has more numbers:
NUMBERS = (1, 2, 3, 4, 5, 7)
APART = 1.035  # between the points of two series at one place
# Settings in which runs with another mini-batch size may differ: each is learned in its own way.
OF_A_SIZE = ("hyper_parameters", "mini_batch_size", "epochs", "evaluations")


@dataclass(frozen=True)
class Series:
    """Cells along a number.

    Attributes
    ----------
    text : str
        What the legend calls them.
    look : staleness.workflow.figures.style.Look
    places : list of int
        The numbers, rising.
    rows : list of dict
        What `table` says of each.
    """

    text: str
    look: object
    places: list
    rows: list


def reason_against(cells):
    """Return why cells of one task make no such figure, or None."""
    if any(cell.batch for cell in cells):
        return "mini-batches are needed, not the whole corpus"
    for size, group in grouping.by_mini_batch_size(cells).items():
        reason = curves.reason_against(group)
        if reason:
            return f"with m = {size} {reason}"
    return curves.differ(cells, (*runs.SCHEDULING, *OF_A_SIZE))


def draw(groups, label, ideal, ideal_text):
    """Return a figure with a row of panels a task: time to target, and speed-up.

    Parameters
    ----------
    groups : dict of str to list of Series
        By task.
    label : str
        What the number is.
    ideal : callable
        The ideal speed-up at some places, an array.
    ideal_text : str
        What the legend calls it.
    """
    with style.applied():
        figure, grid = style.panels(len(groups), 2, height=LEGEND_HEIGHT + ROW_HEIGHT * len(groups))
        for (late, fast), (task, several) in zip(grid, groups.items(), strict=True):
            places = sorted({place for series in several for place in series.places})
            for axes in (late, fast):
                _number_axis(axes, places, label)
            unit, seconds = _unit(several)
            _points(late, several, lambda row, unit=seconds: _time(row, unit))
            late.set_ylabel(f"time to target ({unit})")
            ends = np.array([places[0], places[-1]], dtype=float)
            look = style.IDEAL
            fast.plot(
                ends,
                ideal(ends),
                color=look.colour,
                linestyle=look.dashes,
                linewidth=look.width,
                zorder=1.5,
                label=ideal_text,
            )
            _points(fast, several, _speed_up, beside=ideal(ends))
            fast.yaxis.get_major_locator().set_params(base=2, subs=(1,))
            fast.yaxis.minorticks_off()
            fast.set_ylabel("speed-up")
            style.title(late, TASKS[task].title)
        style.curve_legend(figure, *grid.flat)
    return figure


def described(cells):
    """Return a phrase on what the cells of a task are runs of, and a sentence on its targets."""
    task = cells[0].configuration["task"]
    delay = words.describe_delays(cells)
    sizes = grouping.by_mini_batch_size(cells)
    rows, scale = summaries.by_size(cells), Scale.of(cells, measures.first_metric(task))
    targets = [scale.number(rows[group[0]]["target"]) for group in sizes.values()]
    if scale.way is None:
        meaning = f"{scale.target} of the same m"
    else:
        meaning, targets = scale.target, targets[:1]
    return (
        f"{TASKS[task].title}: {setting(cells)}{_own_settings(sizes)}"
        f"{f'; {delay}' if delay else ''}. The target, {meaning}, is "
        f"{scale.about.label} {listed(targets)} {scale.unit}".rstrip()
        + f"{_respectively(targets)}."
    )


def seeds_of_points(cells):
    """Return a sentence on what points, bars and triangles are."""
    return (
        f"Points are medians over {words.seed_lists(cells)}, bars reach from the lowest seed to "
        "the highest; an open triangle is a median of runs that end short of the target."
    )


def factor(row):
    """Return a phrase on the speed-up of a row."""
    if row["time_to_target_s"]["median"] is None:
        return "never there"
    if row["speed_up"] is None or row["speed_up"]["median"] is None:
        return "there, but not the single processor"
    return f"{number(row['speed_up']['median'], 2)} times as fast"


def _own_settings(sizes):
    """Return a phrase on the hyper-parameters that are not those of all mini-batch sizes."""
    found = [group[0].configuration["hyper_parameters"] for group in sizes.values()]
    phrases = []
    for name in found[0]:
        values = [f"{one[name]:g}" for one in found]
        if len(set(values)) > 1:
            phrases.append(f", {name} {listed(values)}{_respectively(values)}")
    return "".join(phrases)


def _respectively(values):
    return ", respectively" if len(values) > 1 else ""


def _unit(several):
    """Return what `phrases.time_unit` does for the latest time to target."""
    times = [row["time_to_target_s"]["median"] for series in several for row in series.rows]
    return time_unit(max((time for time in times if time is not None), default=0.0))


def _time(row, seconds):
    """Return median, lowest and highest time to target, infinite where it is not reached."""
    spread = row["time_to_target_s"]
    return [
        math.inf if spread[name] is None else spread[name] / seconds
        for name in ("median", "low", "high")
    ]


def _speed_up(row):
    """Return median, lowest and highest speed-up; 0 where the target is not reached."""
    spread = row["speed_up"]
    if spread is None:
        late = row["time_to_target_s"]["median"] is None
        return [0.0 if late else math.nan] * 3
    return [
        math.inf if spread[name] is None else spread[name] for name in ("median", "low", "high")
    ]


def _number_axis(axes, places, label):
    """Make the x axis one of some numbers, which stand where there are points."""
    axes.set_xscale("log")
    pad = _pad(places[0], places[-1])
    axes.set_xlim(places[0] / pad, places[-1] * pad)
    axes.set_xticks(places, [f"{place:g}" for place in places])
    axes.xaxis.minorticks_off()
    axes.set_xlabel(label)


def _points(axes, several, value, beside=()):
    """Draw what rows have of one kind, and settle the y axis.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    several : list of Series
    value : callable
        Of a row, median, lowest and highest.
    beside : iterable of float
        What else must be seen.
    """
    values = [np.array([value(row) for row in series.rows]).T for series in several]
    every = np.concatenate([*(part.ravel() for part in values), beside])
    shown = every[np.isfinite(every) & (every > 0)]
    low, high = (shown.min(), shown.max()) if len(shown) else (1.0, 1.0)
    pad = _pad(low, high)
    medians = np.concatenate([part[0] for part in values])
    floor, ceiling = low / pad, high * pad
    limits = [floor, ceiling]
    if (medians == 0).any():
        floor = low / pad**2
        limits[0] = floor / pad**ROOM
        _edge(axes, floor, -1)
    if np.isinf(medians).any():
        ceiling = high * pad**2
        limits[1] = ceiling * pad**ROOM
        _edge(axes, ceiling, 1)
    axes.set_yscale("log")
    axes.set_ylim(limits)
    short = limits[1] < SHORT * limits[0]
    style.log_numbers(axes.yaxis, limits, NUMBERS if short else (1, 2, 5))
    style.grid(axes)
    for index, (series, part) in enumerate(zip(several, values, strict=True)):
        shift = APART ** (index - (len(several) - 1) / 2)
        _one(axes, series, np.array(series.places) * shift, np.clip(part, floor, ceiling), part[0])


def _one(axes, series, places, clipped, medians):
    """Draw a series: what is reached on a line, what is not at the edge."""
    look = series.look
    median, low, high = clipped
    reached = np.isfinite(medians) & (medians > 0)
    for start in range(len(places) - 1):
        pair = slice(start, start + 2)
        if not reached[pair].all():
            axes.plot(places[pair], median[pair], color=look.colour, ls=":", lw=0.7, zorder=2)
    axes.plot(
        places,
        np.where(reached, median, np.nan),
        color=look.colour,
        linestyle=look.dashes,
        linewidth=look.width,
        marker="o",
        label=series.text,
        **style.DOT,
    )
    axes.vlines(places, low, high, color=look.colour, linewidth=0.9, zorder=2.5)
    for there, marker in ((medians == 0, "v"), (np.isposinf(medians), "^")):
        axes.plot(
            places[there],
            median[there],
            linestyle="none",
            marker=marker,
            markersize=5.5,
            markerfacecolor="white",
            markeredgecolor=look.colour,
            zorder=4,
        )


def _edge(axes, level, direction):
    """Draw the line of what is not reached, and name it on the far side (1 above, -1 below)."""
    axes.axhline(level, color=style.QUIET, linestyle=(0, (1, 2)), linewidth=0.9, zorder=1.5)
    axes.annotate(
        "not reached",
        xy=(0, level),
        xycoords=("axes fraction", "data"),
        xytext=(3, 4 * direction),
        textcoords="offset points",
        va="bottom" if direction > 0 else "top",
        color=style.QUIET,
        fontsize=7,
    )


def _pad(low, high):
    """Return the factor by which a logarithmic axis reaches beyond what it shows."""
    return math.exp(max(PAD * math.log(high / low), LEAST_PAD))
