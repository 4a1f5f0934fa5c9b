"""Figure `wall-clock`: learning in real time on the cores of the machine at hand."""

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, measures, summaries, throughput, words
from staleness.workflow.analysis.phrases import (
    Scale,
    multiple,
    number,
    provenance,
    reached,
    seeds_of_curves,
    setting,
    time_unit,
)
from staleness.workflow.figures import Figure, curves, style
from staleness.workflow.figures.curves import Curve
from staleness.workflow.store.findings import GOOD, UNKNOWN, WARNING, Finding, conclude

HEIGHT = 66 / 25.4  # inches
BY_CONCERN = (GOOD, UNKNOWN, WARNING)


class WallClock(Figure):
    """A metric against seconds as they passed, a panel a task and a curve a schedule.

    What the other figures say of virtual processors, as far as this machine has real ones. Its
    numbers are not the same twice.
    """

    name = "wall-clock"
    title = "On the cores of this machine"
    question = "What do the cores of this machine make of it, in real time?"
    place = 12
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = grouping.reason_by_task(cells, curves.reason_against)
        if reason:
            return reason
        clocks = {cell.configuration["clock"] for cell in cells} - {"wall"}
        if clocks:
            return f"it is about the wall clock, not the {clocks.pop()} one"
        return None

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        groups = grouping.by_task(cells)
        with style.applied():
            figure, grid = style.panels(1, len(groups), height=HEIGHT)
            for axes, (task, group) in zip(grid[0], groups.items(), strict=True):
                _panel(axes, task, group)
            style.curve_legend(figure, *grid[0])
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        sentences = [
            "Learning in real time on the cores of one machine. Time is on a logarithmic axis; it "
            "stands still for evaluations.",
            *(_numbers(task, group) for task, group in grouping.by_task(cells).items()),
            seeds_of_curves(cells),
            "Dotted lines are the targets; dots mark the median time at which they are reached for "
            "good.",
            *provenance(cells),
            _doctor(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `throughput.table`."""
        return throughput.table(cells)


def _panel(axes, task, cells):
    """Draw the curves of a task."""
    metric = measures.first_metric(task)
    unit, seconds = time_unit(curves.longest(cells))
    scale, level = Scale.of(cells, metric), measures.target(grouping.baseline(cells), metric)
    drawn = [
        Curve.of(cell, metric, look, level=level, factor=scale.factor)
        for cell, look in zip(cells, style.looks(cells), strict=True)
    ]
    curves.draw_task(axes, task, drawn, level / scale.factor, scale, unit, seconds)


def _numbers(task, cells):
    """Return sentences on what a task's panel is drawn of, how soon and how fast."""
    metric = measures.first_metric(task)
    table, scale = summaries.summarise(cells, metric), Scale.of(cells, metric)
    unit, seconds = time_unit(curves.longest(cells))
    delay = words.describe_delays(cells)
    times = [reached(row, unit, seconds) for row in table["cells"]]
    single = grouping.baseline(cells)
    name, factor = multiple(max(throughput.of(cell).median for cell in cells))
    rates = [_rate(cell, single, factor) for cell in cells]
    work = f"{TASKS[task].work_unit} a second{f' ({name})' if name else ''}"
    return (
        f"{TASKS[task].title}: {setting(cells)}{f'; {delay}' if delay else ''}; the target of "
        f"{scale.about.label}, {scale.value(table['target'])}, is {scale.target}, reached "
        f"{'; '.join(times)}. {work[0].upper()}{work[1:]}: {'; '.join(rates)}."
    )


def _rate(cell, single, factor):
    """Return a phrase on a cell's throughput, and how it compares with the single processor's."""
    phrase = f"{number(throughput.of(cell).median / factor)} {cell.label}"
    if cell is single:
        return phrase
    faster = throughput.faster(cell, single)
    low, middle, high = (number(value, 2) for value in (faster.low, faster.median, faster.high))
    return f"{phrase}, {middle} times as many ({low} to {high})"


def _doctor(cells):
    """Return a sentence on what was found about the machine, of each thing the worst."""
    worst = {}
    for about in (about for cell in cells for about in cell.abouts):
        for found in about.get("doctor") or ():
            finding = Finding(**found)
            known = worst.setdefault(finding.name, finding)
            if BY_CONCERN.index(finding.verdict) > BY_CONCERN.index(known.verdict):
                worst[finding.name] = finding
    if not worst:
        return "Whether it is fit for that was not looked at."
    found = conclude(list(worst.values()))
    return f"What 'staleness doctor' found before the runs, at worst: {found}."
