"""How many more updates are needed the staler they are: against the greatest staleness of any."""

import math

from staleness.workflow.analysis import activity, grouping, measures, summaries

FEWEST = 3  # cells through which a line says anything


def rows(cells):
    """Return the rows of the cells of a task, see `table`."""
    task = cells[0].configuration["task"]
    metric = measures.first_metric(task)
    made = summaries.summarise(cells, metric)
    return [
        {
            "task": task,
            "target": made["target"],
            **row,
            "greatest_staleness": activity.greatest_staleness(cell),
            "updates_to_target": measures.updates_to_target(cell, metric, made["target"]).as_dict(),
        }
        for cell, row in zip(cells, made["cells"], strict=True)
    ]


def line(rows):
    """Return slope, intercept and r_squared of the line through what reaches the target."""
    points = [
        (row["greatest_staleness"], row["updates_to_target"]["median"])
        for row in rows
        if row["updates_to_target"]["median"] is not None
    ]
    fitted = measures.line(*zip(*points, strict=True)) if len(points) >= FEWEST else [math.nan] * 3
    return dict(zip(("slope", "intercept", "r_squared"), fitted, strict=True))


def table(cells):
    """Return the numbers of all tasks.

    Returns
    -------
    dict
        metrics, by task; lines, by task, each a dict of slope (updates for a unit of
        staleness), intercept (updates) and r_squared, None where there are too few points; and
        cells: the rows of `summaries.summarise`, each with its task and target,
        greatest_staleness, and updates_to_target: median, low and high, None where infinite.
    """
    groups = grouping.by_task(cells)
    found = {task: rows(group) for task, group in groups.items()}
    of_cells = {
        cell: row
        for task, group in groups.items()
        for cell, row in zip(group, found[task], strict=True)
    }
    return {
        "metrics": {task: measures.first_metric(task) for task in groups},
        "lines": {
            task: {
                name: value if math.isfinite(value) else None
                for name, value in line(found[task]).items()
            }
            for task in groups
        },
        "cells": [of_cells[cell] for cell in cells],
    }
