"""Figure `ideal`: how close asynchronous learning comes to P times as fast, on each task."""

from dataclasses import replace

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import grouping, measures, runs, summaries, words
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

SCHEDULE = "asynchronous"
HEIGHT = 66 / 25.4  # inches


class Ideal(Figure):
    """Asynchronous learning on P processors beside the ideal, a panel a task.

    The ideal is the curve of the single processor with its time axis divided by P: P processors
    that learn as much in every second as that one in P. The talk to Gimpel, Das & Smith (2010) asks
    whether asynchronous learning can be better than that.
    """

    name = "ideal"
    title = "Asynchronous learning and the ideal speed-up"
    question = (
        "How far is asynchronous learning from the ideal, the single processor P times as fast? "
        "The talk of 2010 asked whether it can be better than that."
    )
    claims = ("no-error",)
    place = 10
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = grouping.reason_by_task(cells, _reason_against)
        if reason:
            return reason
        processors = sorted({cell.processors for cell in cells if cell.schedule == SCHEDULE})
        if len(processors) > 1:
            return f"the runs have P = {listed(processors)}: give those of one"
        return None

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        groups = grouping.by_task(cells)
        with style.applied():
            figure, grid = style.panels(1, len(groups), height=HEIGHT)
            for axes, (task, group) in zip(grid[0], groups.items(), strict=True):
                _panel(axes, task, *group)
            style.curve_legend(figure, grid[0, 0])
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        groups = grouping.by_task(cells)
        sentences = [
            "Asynchronous learning on P processors beside the ideal: the curve of the single "
            "processor with its time divided by P. Time is on a logarithmic axis, so that the "
            "ideal is that curve moved to the left.",
            *(_numbers(task, *group) for task, group in groups.items()),
            seeds_of_curves(cells),
            "Dotted lines are the targets; dots mark the median time at which they are reached for "
            "good.",
            *provenance(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `summaries.beside_ideal`."""
        return summaries.beside_ideal(cells)


def _reason_against(cells):
    """Return why the cells of a task make no panel, or None."""
    reason = curves.reason_against(cells)
    if not reason and [cell.schedule for cell in cells] != [runs.SINGLE, SCHEDULE]:
        reason = f"it needs one cell of schedule '{SCHEDULE}', and of no other"
    return reason


def _panel(axes, task, alone, cell):
    """Draw the curves of a task: the single processor's, the ideal and the asynchronous one."""
    metric = measures.first_metric(task)
    unit, seconds = time_unit(curves.longest([alone, cell]))
    scale, level = Scale.of([alone, cell], metric), measures.target(alone, metric)
    single, found = (
        Curve.of(one, metric, style.look(one.schedule), level=level, factor=scale.factor)
        for one in (alone, cell)
    )
    count = cell.processors
    ideal = replace(
        single,
        text=f"ideal, P = {count}",
        look=style.IDEAL,
        time=single.time / count,
        reached=single.reached and single.reached / count,
    )
    drawn = [single, ideal, found]
    curves.draw_task(axes, task, drawn, level / scale.factor, scale, unit, seconds)


def _numbers(task, alone, cell):
    """Return sentences on what a task's panel is drawn of, and how close it comes."""
    group = [alone, cell]
    metric = measures.first_metric(task)
    table, scale = summaries.summarise(group, metric), Scale.of(group, metric)
    unit, seconds = time_unit(curves.longest(group))
    single, row = (one["time_to_target_s"]["median"] for one in table["cells"])
    ideal = None if single is None else single / cell.processors
    delay = words.describe_delays(group)
    faster = table["cells"][1]["speed_up"]
    closeness = ""
    if faster and faster["median"]:
        closeness = f", {number(faster['median'], 2)} times as fast as the single processor"
    return (
        f"{TASKS[task].title}: {setting(group)}{f'; {delay}' if delay else ''}; the target of "
        f"{scale.about.label}, {scale.value(table['target'])}, is {scale.target}: the ideal with "
        f"P = {cell.processors} reaches it {when(ideal, unit, seconds)}, asynchronous learning "
        f"{when(row, unit, seconds)}{closeness}."
    )
