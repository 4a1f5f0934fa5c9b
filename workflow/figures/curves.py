"""What figures of a metric against time have in common: curves, target, limits, captions."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, measures, runs
from staleness.workflow.analysis.measures import Spread
from staleness.workflow.figures import style

STEEP = 0.06  # the first share of a curve: it may leave the axes
MARGIN = (0.8, 1.2)  # of a logarithmic axis of time, factors before and after
ROOM = 0.04  # of the y axis, below and above


@dataclass(frozen=True)
class Curve:
    """A curve to be drawn.

    Attributes
    ----------
    text : str
        What a legend calls it.
    look : staleness.workflow.figures.style.Look
    time : ndarray [points]
        Seconds.
    spread : staleness.workflow.analysis.measures.Spread
        Of the metric, arrays [points], in the unit of the axis.
    reached : float or None
        Seconds to the target, the median over seeds.
    """

    text: str
    look: object
    time: np.ndarray
    spread: object
    reached: float | None = None

    @classmethod
    def of(cls, cell, metric, look, text=None, level=None, factor=1.0):
        """Return the median curve of a cell; its target, if any, is `level`.

        Values are divided by `factor`, but not the level.
        """
        time, spread = measures.median_curve(cell, metric)
        spread = Spread(spread.median / factor, spread.low / factor, spread.high / factor)
        late = None if level is None else measures.median_time_to_target(cell, metric, level)
        return cls(cell.label if text is None else text, look, time, spread, late)

    def draw(self, axes, seconds, level=None):
        """Draw it, and where it reaches the target.

        Parameters
        ----------
        axes : matplotlib.axes.Axes
            With a logarithmic time axis, what lies at time 0 is left out.
        seconds : float
            The unit of time.
        level : float, optional
            The target, on which a dot marks when it was reached.
        """
        shown = self.time > 0 if axes.get_xscale() == "log" else slice(None)
        time = self.time[shown] / seconds
        low, median, high = (
            values[shown] for values in (self.spread.low, self.spread.median, self.spread.high)
        )
        look = self.look
        axes.fill_between(time, low, high, color=look.colour, alpha=style.BAND_OPACITY, linewidth=0)
        axes.plot(
            time,
            median,
            color=look.colour,
            linestyle=look.dashes,
            linewidth=look.width,
            label=self.text,
        )
        if level is not None and self.reached is not None:
            axes.plot(self.reached / seconds, level, "o", color=look.colour, **style.DOT)


def limits(curves, level, better="higher"):
    """Return the limits of the y axis: all but the steep beginnings, and the target."""
    late = [curve.spread.median[_rise(curve) :] for curve in curves]
    if better == "higher":
        low = min(*(values.min() for values in late), level)
        high = max(level, *(curve.spread.high.max() for curve in curves))
    else:
        low = min(level, *(curve.spread.low.min() for curve in curves))
        high = max(*(values.max() for values in late), level)
    height = (high - low) or 0.01
    return low - ROOM * height, high + ROOM * height


def times_shown(curves, seconds):
    """Return the limits of a logarithmic axis of time: all but the steep beginnings.

    Parameters
    ----------
    curves : list of Curve
    seconds : float
        The unit of time.
    """
    first = min(curve.time[_rise(curve)] for curve in curves)
    last = max(curve.time[-1] for curve in curves)
    return MARGIN[0] * first / seconds, MARGIN[1] * last / seconds


def _rise(curve):
    """Return the number of the first point that must be seen; the very first need not be."""
    count = len(curve.time)
    return min(max(1, int(STEEP * count)), count - 1)


def target_line(axes, level, text):
    """Draw the target.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its final limits of time.
    level : float
    text : str
        What a legend calls it; one that begins with "_" is in none.
    """
    axes.axhline(
        level,
        color=style.QUIET,
        linestyle=(0, (1, 2)),
        linewidth=0.9,
        zorder=1.5,
        label=text,
    )


def longest(cells):
    """Return the seconds of the longest run."""
    return max(curve["time_s"][-1] for cell in cells for curve in cell.curves)


def draw_panels(groups, level, label, unit, seconds):
    """Return a figure with a panel a group of curves; time is on a logarithmic axis.

    Parameters
    ----------
    groups : dict of str to list of Curve
        By the title of the panel.
    level : float
        The target.
    label : str
        What stands at the axis of the metric.
    unit : str
    seconds : float
        What `phrases.time_unit` returned.
    """
    every = [curve for group in groups.values() for curve in group]
    with style.applied():
        figure, panels = style.curve_panels(len(groups), times_shown(every, seconds))
        panels[0].set_ylim(*limits(every, level))
        panels[0].set_ylabel(label)
        for axes, (title, group) in zip(panels, groups.items(), strict=True):
            for curve in group:
                curve.draw(axes, seconds, level)
            target_line(axes, level, "_target")  # the caption says what it is
            axes.set_xlabel(f"time ({unit})")
            style.panel_legend(axes, title)
    return figure


def draw_task(axes, task, curves, level, scale, unit, seconds):
    """Draw the curves of a task in a panel of its own, with the target.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    task : str
    curves : list of Curve
    level : float
        The target, in the unit of the curves.
    scale : staleness.workflow.analysis.phrases.Scale
        Of the metric.
    unit : str
    seconds : float
        What `phrases.time_unit` returned.
    """
    style.curve_axes(axes, times_shown(curves, seconds), digits=(1, 3))
    for curve in curves:
        curve.draw(axes, seconds, level)
    axes.set_ylim(*limits(curves, level, scale.about.better))
    target_line(axes, level, "_target")
    axes.set_xlabel(f"time ({unit})")
    axes.set_ylabel(scale.axis)
    style.title(axes, TASKS[task].title)


def reason_against(cells, besides=runs.SCHEDULING):
    """Return why cells cannot be compared with a single processor, or None.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    besides : tuple of str
        Settings in which they may differ.
    """
    task = cells[0].configuration["task"]
    if task not in TASKS:
        return f"this version knows {', '.join(TASKS)}, not {task}"
    if not any(cell.schedule == runs.SINGLE for cell in cells):
        return "it needs runs of schedule 'single' to compare with"
    return differ(cells, besides)


def differ(cells, besides=runs.SCHEDULING):
    """Return that cells differ in another setting than those named, or None."""
    different = grouping.differing(cells, besides)
    if different is None:
        return None
    name, values = different
    return f"the runs differ in {name} ({', '.join(values)}): give those of one"
