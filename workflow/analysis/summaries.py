"""What tables say of cells, as JSON can hold it: a row a cell, with what it is and how it did."""

from staleness.workflow.analysis import grouping, measures
from staleness.workflow.analysis.measures import Spread
from staleness.workflow.analysis.runs import SINGLE


def named(cell):
    """Return what a row says of who a cell is: label, schedule, ..., seeds."""
    return {
        "label": cell.label,
        "schedule": cell.schedule,
        "processors": cell.processors,
        "mini_batch_size": cell.configuration["mini_batch_size"],
        "delay_mean": cell.configuration.get("delay_mean"),
        "seeds": list(cell.seeds),
    }


def summarise(cells, metric):
    """Return the numbers of a table over cells.

    Parameters
    ----------
    cells : list of Cell
        Comparable ones, see `common`.
    metric : str

    Returns
    -------
    dict
        metric, target (None without a single processor) and cells: a list of dict of label,
        schedule, processors, mini_batch_size, delay_mean, seeds, final, mean_staleness,
        time_to_target_s, first_time_to_target_s and speed_up. The last five hold median, low and
        high; a time that was not reached and a ratio that does not exist are None. The times also
        say how many seeds reached the target, for good or once.
    """
    single = grouping.baseline(cells)
    level = None if single is None else measures.target(single, metric)
    rows = []
    for cell in cells:
        row = {
            **named(cell),
            "final": measures.final(cell, metric).as_dict(),
            "mean_staleness": Spread.over([a["mean_staleness"] for a in cell.abouts]).as_dict(),
            "time_to_target_s": None,
            "first_time_to_target_s": None,
            "speed_up": None,
        }
        if single is not None:
            for name, first in (("time_to_target_s", False), ("first_time_to_target_s", True)):
                times = measures.times_to_target(cell, metric, level, first=first)
                row[name] = {
                    **Spread.over(measures.lateness(times)).as_dict(),
                    "reached": sum(time is not None for time in times),
                }
            ratio = measures.speed_up(cell, single, metric, level)
            row["speed_up"] = ratio.as_dict() if ratio.median > 0 else None
        rows.append(row)
    return {"metric": metric, "target": level, "cells": rows}


def by_size(cells):
    """Return the row of `summarise` of each cell of a task, with its task and target."""
    task, found = cells[0].configuration["task"], {}
    for group in grouping.by_mini_batch_size(cells).values():
        made = summarise(group, measures.first_metric(task))
        for cell, row in zip(group, made["cells"], strict=True):
            found[cell] = {"task": task, "target": made["target"], **row}
    return found


def of_sizes(cells):
    """Return the numbers of a table over cells of several tasks and mini-batch sizes.

    Returns
    -------
    dict
        metrics, by task, and cells: the rows of `summarise`, each with its task and the
        target of its mini-batch size.
    """
    groups = grouping.by_task(cells)
    rows = {cell: row for group in groups.values() for cell, row in by_size(group).items()}
    return {
        "metrics": {task: measures.first_metric(task) for task in groups},
        "cells": [rows[cell] for cell in cells],
    }


def beside_ideal(cells):
    """Return the numbers of a table over a single processor and another cell of each task.

    The ideal is the single processor's curve with its time divided by P.

    Returns
    -------
    dict
        metric and target, each a dict by task, and cells: the rows of `summarise`, each with its
        task and, where it is not the single processor's, of_ideal: its speed-up divided by P, with
        median, low and high.
    """
    metrics, targets, rows = {}, {}, []
    for task, group in grouping.by_task(cells).items():
        metrics[task] = measures.first_metric(task)
        made = summarise(group, metrics[task])
        targets[task] = made["target"]
        for row in made["cells"]:
            shares = row["speed_up"] if row["schedule"] != SINGLE else None
            if shares is not None:
                shares = {
                    name: value and value / row["processors"] for name, value in shares.items()
                }
            rows.append({"task": task, **row, "of_ideal": shares})
    return {"metric": metrics, "target": targets, "cells": rows}
