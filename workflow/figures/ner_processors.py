"""Figure `ner-processors`: what more processors do for each schedule."""

from staleness.workflow.analysis import grouping, measures, runs, words
from staleness.workflow.analysis.phrases import (
    Scale,
    listed,
    number,
    provenance,
    seeds_of_curves,
    setting,
    time_unit,
    when,
)
from staleness.workflow.figures import Figure, curves, style
from staleness.workflow.figures.curves import Curve


class NERProcessors(Figure):
    """F1 of the development set against time, a panel a schedule, a curve a number of processors.

    Gimpel, Das & Smith (2010), section 6.1, figure 2.
    With one processor all schedules are the same: where a schedule has no run of its own with
    P = 1, the single processor stands for it. Times are on a logarithmic axis: twice as fast is
    the same distance everywhere.
    """

    name = "ner-processors"
    title = "Named-entity recognition: more processors"
    question = "What do more processors bring to synchronous and to asynchronous learning?"
    claims = ("more-processors",)
    place = 3
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = super().skip(cells) or curves.reason_against(cells)
        if reason is None and not _panels(cells):
            reason = f"it needs runs of another schedule than '{runs.SINGLE}'"
        return reason

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        unit, seconds = time_unit(curves.longest(cells))
        level = measures.target(grouping.baseline(cells), self.metric)
        looks = dict(zip(cells, style.looks(cells), strict=True))
        groups = {
            schedule: [
                Curve.of(cell, self.metric, looks[cell], f"P = {cell.processors}", level)
                for cell in group
            ]
            for schedule, group in _panels(cells).items()
        }
        return curves.draw_panels(groups, level, "F1, development set", unit, seconds)

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        table = self.table(cells)
        unit, seconds = time_unit(curves.longest(cells))
        delay = words.describe_delays(cells)
        rows = dict(zip(cells, table["cells"], strict=True))
        panels = _panels(cells)
        stands_in = any(grouping.baseline(cells) in group for group in panels.values())
        sentences = [
            "F1 of the entities of the development set against time, on a logarithmic axis, with "
            f"P processors: {setting(cells)}{f'; {delay}' if delay else ''}.",
            "With P = 1 every schedule is the single processor." if stands_in else "",
            seeds_of_curves(cells),
            f"The dotted line is the target, {table['target']:.4f}: "
            f"{Scale.of(cells, self.metric).target}; dots mark the median time at which it is "
            "reached for good.",
            *(
                _times(schedule, [rows[cell] for cell in group], unit, seconds)
                for schedule, group in panels.items()
            ),
            *provenance(cells),
        ]
        return " ".join(filter(None, sentences))


def _panels(cells):
    """Return the cells of each schedule, a dict, the single processor in place of P = 1."""
    alone = grouping.baseline(cells)
    groups = {}
    for cell in cells:
        if cell.schedule != runs.SINGLE:
            groups.setdefault(cell.schedule, []).append(cell)
    for group in groups.values():
        if group[0].processors > 1:
            group.insert(0, alone)
    return groups


def _times(schedule, rows, unit, seconds):
    """Return a sentence on the times to target of a schedule, and what each step brought."""
    times, gains, before = [], [], None
    for row in rows:
        median = row["time_to_target_s"]["median"]
        times.append(when(median, unit, seconds))
        if before is not None:
            last, count = before
            if last and median:
                gains.append(
                    f"{number(last / median, 2)} times sooner with {row['processors']} than with "
                    f"{count}"
                )
        before = median, row["processors"]
    text = (
        f"{schedule[0].upper()}{schedule[1:]}: with {listed([row['processors'] for row in rows])} "
        f"processors the target is reached {listed(times)}"
    )
    return f"{text}; {listed(gains)}." if gains else f"{text}."
