"""What figures of batch beside online learning have in common: two metrics against time."""

from staleness.workflow.analysis import grouping, measures, runs, summaries, words
from staleness.workflow.analysis.phrases import (
    Scale,
    final_value,
    provenance,
    reached,
    seeds_of_curves,
    setting,
    time_unit,
)
from staleness.workflow.figures import curves, style
from staleness.workflow.figures.curves import Curve


def reason_against(cells):
    """Return why cells make no such figure, or None.

    Batch and mini-batch learning may differ in all that they learn by, each by itself in nothing
    but the schedule and its processors.
    """
    return (
        curves.reason_against(cells, (*runs.SCHEDULING, *runs.LEARNING))
        or curves.differ([cell for cell in cells if cell.batch])
        or curves.differ([cell for cell in cells if not cell.batch])
    )


def draw(cells, metrics):
    """Return a figure with a panel a metric, side by side; time is on a logarithmic axis.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    metrics : sequence of str
    """
    unit, seconds = time_unit(curves.longest(cells))
    looks = style.looks(cells)
    panels = [_curves(cells, looks, metric) for metric in metrics]
    every = [curve for panel in panels for curve in panel]
    with style.applied():
        figure, all_axes = style.curve_panels(
            len(metrics), curves.times_shown(every, seconds), sharey=False
        )
        for axes, metric, drawn in zip(all_axes, metrics, panels, strict=True):
            scale = Scale.of(cells, metric)
            level = measures.target(grouping.baseline(cells), metric) / scale.factor
            for curve in drawn:
                curve.draw(axes, seconds, level)
            axes.set_ylim(*curves.limits(drawn, level, scale.about.better))
            curves.target_line(axes, level, "_target")  # the caption says what it is
            axes.set_xlabel(f"time ({unit})")
            axes.set_ylabel(scale.axis)
        style.curve_legend(figure, all_axes[0])
    return figure


def caption(cells, metrics):
    """Return the text below it.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
    metrics : sequence of str
        The left one and the right one.
    """
    delay = words.describe_delays(cells)
    left, right = (measures.described(cells[0], metric) for metric in metrics)
    sentences = [
        f"The {left.description} (left) and the {right.description} (right"
        f"{', lower is better' if right.better == 'lower' else ''}) against time, on a logarithmic "
        f"axis: {setting(cells)}{f'; {delay}' if delay else ''}.",
        seeds_of_curves(cells),
        "Dotted lines are the targets; dots mark the median time at which they are reached for "
        "good.",
        *(_numbers(cells, metric) for metric in metrics),
        *provenance(cells),
    ]
    return " ".join(sentences)


def _curves(cells, looks, metric):
    """Return the curves of a metric, in the unit of its axis."""
    level = measures.target(grouping.baseline(cells), metric)
    factor = Scale.of(cells, metric).factor
    return [
        Curve.of(cell, metric, look, level=level, factor=factor)
        for cell, look in zip(cells, looks, strict=True)
    ]


def _numbers(cells, metric):
    """Return sentences on the times to target and the final values of a metric."""
    table, scale = summaries.summarise(cells, metric), Scale.of(cells, metric)
    unit, seconds = time_unit(curves.longest(cells))
    label = scale.about.label
    times = [reached(row, unit, seconds) for row in table["cells"]]
    finals = [final_value(row, scale) for row in table["cells"]]
    name = f"{label} ({scale.unit})" if scale.unit else label
    return (
        f"The target of {name}, {scale.number(table['target'])}, is {scale.target}: reached "
        f"{'; '.join(times)}. Final {name}: {'; '.join(finals)}."
    )
