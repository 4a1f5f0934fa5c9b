"""Figure `ner-delays`: what delays do to each schedule, and when the single processor wins."""

import math

from staleness.workflow.analysis import grouping, measures, runs, words
from staleness.workflow.analysis.effects import break_even
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


class NERDelays(Figure):
    """F1 of the development set against time, a panel a schedule, a curve a mean delay.

    Gimpel, Das & Smith (2010), section 6.1, figure 3, where asynchronous learning alone is delayed.
    Times are on a logarithmic axis: an equal ratio is an equal distance.
    """

    name = "ner-delays"
    title = "Named-entity recognition: delays"
    question = (
        "How much is lost where processors pause now and then, as on computers that others use "
        "too? In 2010 asynchronous processors alone had pauses."
    )
    claims = ("delays",)
    place = 4
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        delayed = [cell for cell in cells if cell.delay]
        reason = (
            super().skip(cells)
            or curves.reason_against(cells, (*runs.SCHEDULING, *runs.DELAYS))
            or curves.differ(delayed, (*runs.SCHEDULING, "delay_mean"))
        )
        if reason:
            return reason
        if not delayed:
            return "it needs runs with delays"
        if grouping.baseline(cells).delay:
            return "it needs runs of schedule 'single' without delays to compare with"
        units = {cell.delay.unit for cell in delayed}
        if len(units) > 1:
            return "the mean delays have two units (s and x): give those of one"
        for schedule, group in _panels(cells).items():
            processors = sorted({cell.processors for cell in group})
            if len(processors) > 1:
                return f"the runs of {schedule} have P = {listed(processors)}: give those of one"
        return None

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        unit, seconds = time_unit(curves.longest(cells))
        alone = grouping.baseline(cells)
        level = measures.target(alone, self.metric)
        black = style.look(runs.SINGLE)
        reference = Curve.of(alone, self.metric, black, "single", level)
        panels = _panels(cells)
        # The same delay looks the same in every panel, whichever are missing there.
        order = sorted({_mean(cell) for group in panels.values() for cell in group})
        groups = {}
        for schedule, group in panels.items():
            looks = [style.weaker(style.look(schedule), order.index(_mean(cell))) for cell in group]
            groups[f"{schedule}, P = {group[0].processors}"] = [
                reference,
                *(
                    Curve.of(cell, self.metric, look, _name(cell), level)
                    for cell, look in zip(group, looks, strict=True)
                ),
            ]
        return curves.draw_panels(groups, level, "F1, development set", unit, seconds)

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        table = self.table(cells)
        unit, seconds = time_unit(curves.longest(cells))
        rows = dict(zip(cells, table["cells"], strict=True))
        alone = grouping.baseline(cells)
        delayed = [cell for cell in cells if cell.delay]
        share = 100 * delayed[0].configuration["delay_probability"]
        single = rows[alone]["time_to_target_s"]["median"]
        sentences = [
            f"F1 of the entities of the development set against time, on a logarithmic axis: "
            f"{setting(cells)}.",
            f"After {share:g} % of its mini-batches a processor is delayed, by "
            f"{_lengths(delayed, alone)} on average; the single processor in black is never.",
            seeds_of_curves(cells),
            f"The dotted line is the target, {table['target']:.4f}: "
            f"{Scale.of(cells, self.metric).target}; dots mark the median time at which it is "
            f"reached for good: {when(single, unit, seconds)} by the single processor.",
            *(
                _who_wins(schedule, [(_mean(cell), rows[cell]) for cell in group], unit, seconds)
                for schedule, group in _panels(cells).items()
            ),
            *provenance(cells),
        ]
        return " ".join(sentences)


def _panels(cells):
    """Return the cells of each schedule that has some with delays, by rising delay, a dict."""
    alone, groups = grouping.baseline(cells), {}
    for cell in cells:
        if cell is not alone:
            groups.setdefault(cell.schedule, []).append(cell)
    return {name: group for name, group in groups.items() if any(cell.delay for cell in group)}


def _mean(cell):
    """Return the mean delay of a cell in its own unit."""
    return cell.delay.value if cell.delay else 0.0


def _name(cell):
    return words.describe_mean(cell.delay) if cell.delay else "no delays"


def _lengths(delayed, alone):
    """Return the mean delays in their unit and, if that is seconds, in mini-batches."""
    means = sorted({cell.delay for cell in delayed}, key=lambda mean: mean.value)
    if means[0].unit != "s":
        return f"{listed([f'{mean.value:g}' for mean in means])} mini-batches"
    mini_batch = measures.mini_batch_seconds(alone)
    multiples = listed([number(mean.value / mini_batch, 2) for mean in means])
    lengths = listed([f"{mean.value:g}" for mean in means])
    return f"{lengths} s (as long as {multiples} mini-batches)"


def _who_wins(schedule, rows, unit, seconds):
    """Return a sentence on the times to target of a schedule, and from where the single wins.

    Parameters
    ----------
    schedule : str
    rows : list of tuple of float and dict
        Mean delay and row of `summaries.summarise`, by rising delay.
    unit : str
    seconds : float
        What `time_unit` returned.
    """
    times = [when(row["time_to_target_s"]["median"], unit, seconds) for _, row in rows]
    mean = runs.Mean.parse(next(row["delay_mean"] for _, row in rows if row["delay_mean"]))
    names = [
        f"with {words.describe_mean(runs.Mean(value, mean.unit))}" if value else "without delays"
        for value, _ in rows
    ]
    who = f"{schedule[0].upper()}{schedule[1:]}, P = {rows[0][1]['processors']}"
    said = [f"{time} {name}" for time, name in zip(times, names, strict=True)]
    return f"{who}: {listed(said)}; {_break_even(rows, mean.unit)}."


def _break_even(rows, unit):
    """Return a phrase on the mean delay past which the single processor is sooner at the target."""
    ratios = [(row["speed_up"] or {"median": 0.0})["median"] for _, row in rows]
    ratios = [math.inf if ratio is None else ratio for ratio in ratios]
    behind = [index for index, ratio in enumerate(ratios) if ratio < 1]
    if not behind:
        return "the single processor never wins"
    index = behind[0]
    if index == 0:
        return "the single processor always wins"
    (before, _), (after, _) = rows[index - 1], rows[index]
    low, high = (words.describe_mean(runs.Mean(value, unit)) for value in (before, after))
    if before == 0:
        phrase = f"the single processor wins already with mean delays of {high}"
    else:
        phrase = f"the single processor loses with mean delays of {low} and wins with {high}"
    slower = [1 / ratio if ratio else math.inf for ratio in ratios]
    value = break_even([mean for mean, _ in rows], slower)
    if math.isfinite(value):
        exact = words.describe_mean(runs.Mean(float(f"{value:.2g}"), unit))
        phrase += f" (by linear interpolation, from {exact} on)"
    return phrase
