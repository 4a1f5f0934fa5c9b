"""Figure `ner-convergence`: how F1 grows with time under each schedule."""

from staleness.workflow.analysis import grouping, measures, words
from staleness.workflow.analysis.phrases import (
    Scale,
    final_value,
    provenance,
    reached,
    seeds_of_curves,
    setting,
    time_unit,
)
from staleness.workflow.figures import Figure, curves, style
from staleness.workflow.figures.curves import Curve


class NERConvergence(Figure):
    """F1 of the development set against time, one curve a schedule and number of processors.

    Gimpel, Das & Smith (2010), section 6.1, figure 1, where F1 is that of the test set.
    """

    name = "ner-convergence"
    title = "Named-entity recognition: convergence"
    question = "Do synchronous and asynchronous processors reach the same F1 sooner than one?"
    claims = ("schedules", "no-error")
    place = 2
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        return super().skip(cells) or curves.reason_against(cells)

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        longest = curves.longest(cells)
        unit, seconds = time_unit(longest)
        level = measures.target(grouping.baseline(cells), self.metric)
        drawn = [
            Curve.of(cell, self.metric, look, level=level)
            for cell, look in zip(cells, style.looks(cells), strict=True)
        ]
        with style.applied():
            figure, axes = style.new_figure()
            for curve in drawn:
                curve.draw(axes, seconds, level)
            axes.set_xlim(0, 1.02 * longest / seconds or 1)
            axes.set_ylim(*curves.limits(drawn, level))
            curves.target_line(axes, level, "target")
            axes.set_xlabel(f"time ({unit})")
            axes.set_ylabel("F1, development set")
            style.curve_legend(figure, axes)
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        table = self.table(cells)
        unit, seconds = time_unit(curves.longest(cells))
        scale = Scale.of(cells, self.metric)
        times = [reached(row, unit, seconds) for row in table["cells"]]
        delay = words.describe_delays(cells)
        sentences = [
            f"F1 of the entities of the development set against time: {setting(cells)}"
            f"{f'; {delay}' if delay else ''}.",
            seeds_of_curves(cells),
            f"The dotted line is the target, {table['target']:.4f}: {scale.target}. Dots mark "
            f"when it is reached for good: {'; '.join(times)}.",
            f"Final F1: {'; '.join(final_value(row, scale) for row in table['cells'])}.",
            *provenance(cells),
        ]
        return " ".join(sentences)
