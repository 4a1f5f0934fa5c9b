"""Figure `ner-convergence`: how F1 grows with time under each schedule."""

import numpy as np

from staleness.workflow.figures import Figure, measures, runs, style
from staleness.workflow.figures.labels import Label, place
from staleness.workflow.figures.phrases import final_value, metric_name, reached, time_unit

STEEP = 0.06  # the first share of a curve: it may leave the axes
ROOM = (0.04, 0.16)  # of the y axis, below and above, where the labels of curves go


class NERConvergence(Figure):
    """F1 of the development set against time, one curve a schedule and number of processors.

    Gimpel, Das & Smith (2010), section 4.1, the first of the figures on named-entity recognition.
    """

    name = "ner-convergence"
    title = "Named-entity recognition: convergence"
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = super().skip(cells)
        if reason is None and runs.baseline(cells) is None:
            reason = "it needs runs of schedule 'single' to compare with"
        different = runs.differing(cells)
        if reason is None and different:
            name, values = different
            reason = f"the runs differ in {name} ({', '.join(values)}): give those of one"
        return reason

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        curves = [measures.median_curve(cell, self.metric) for cell in cells]
        longest = max(time[-1] for time, _ in curves)
        unit, seconds = time_unit(longest)
        level = measures.target(runs.baseline(cells), self.metric)
        with style.applied():
            figure, axes = style.new_figure()
            labels = []
            for cell, look, (time, spread) in zip(cells, style.looks(cells), curves, strict=True):
                axes.fill_between(
                    time / seconds,
                    spread.low,
                    spread.high,
                    color=look.colour,
                    alpha=style.BAND_OPACITY,
                    linewidth=0,
                )
                (line,) = axes.plot(
                    time / seconds,
                    spread.median,
                    color=look.colour,
                    linestyle=look.dashes,
                    linewidth=look.width,
                    label=cell.label,
                )
                points = np.column_stack([time / seconds, spread.median])
                labels.append(Label(cell.label, line, points, (spread.low, spread.high)))
            axes.set_xlim(0, 1.02 * longest / seconds or 1)
            axes.set_ylim(*_limits([spread for _, spread in curves], level))
            labels.append(_target_line(axes, level, self.metric))
            axes.set_xlabel(f"time ({unit})")
            axes.set_ylabel("F1, development set")
            place(axes, labels)
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        shared = runs.common(cells)
        table = self.table(cells)
        longest = max(curve["time_s"][-1] for cell in cells for curve in cell.curves)
        unit, seconds = time_unit(longest)
        configuration = cells[0].configuration
        times = [reached(row, unit, seconds) for row in table["cells"]]
        clock, delay = runs.describe_clock(shared), runs.describe_delay(configuration)
        sentences = [
            f"F1 of the entities of the development set against time: corpus {shared['corpus']}, "
            f"update {configuration['update']}, mini-batches of m = "
            f"{configuration['mini_batch_size']} examples, {configuration['epochs']} epochs"
            f"{f'; {delay}' if delay else ''}.",
            f"Lines are medians over {runs.seed_lists(cells)}; bands reach from the lowest seed to "
            f"the highest.",
            f"The dotted line is the target, {table['target']:.4f}: 99 % of the best F1 of the "
            f"single processor. It is reached for good {'; '.join(times)}.",
            f"Final F1: {'; '.join(final_value(row) for row in table['cells'])}.",
            f"{clock[0].upper()}{clock[1:]}.",
            f"Machine: {'; '.join(runs.machines(cells))}.",
        ]
        return " ".join(sentences)


def _limits(spreads, level):
    """Return the limits of the y axis: all but the steep beginning, and the target."""
    late = [spread.median[int(STEEP * len(spread.median)) :].min() for spread in spreads]
    low = min(*late, level)
    high = max(level, *(spread.high.max() for spread in spreads))
    height = (high - low) or 0.01
    return low - ROOM[0] * height, high + ROOM[1] * height


def _target_line(axes, level, metric):
    """Draw the target and return its `Label`."""
    line = axes.axhline(
        level,
        color=style.QUIET,
        linestyle=(0, (1, 2)),
        linewidth=0.9,
        zorder=1.5,
        label="target",
    )
    points = np.column_stack([axes.get_xlim(), [level, level]])
    text = f"99 % of the best single-processor {metric_name(metric)}"
    return Label(text, line, points, leader=False, part=(0.5, 1.0))
