"""How much work was done in a second of the wall clock, beside the single processor."""

import numpy as np

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import grouping, summaries
from staleness.workflow.analysis.measures import Spread
from staleness.workflow.analysis.runs import REMEDY


def of(cell):
    """Return the `Spread` over seeds of the tokens (or cells) a second."""
    return Spread.over(list(_by_seed(cell).values()))


def _by_seed(cell):
    """Return the tokens (or cells) a second of each seed."""
    name = f"{TASKS[cell.configuration['task']].work_unit}_per_second"
    try:
        return {
            seed: float(about[name]) for seed, about in zip(cell.seeds, cell.abouts, strict=True)
        }
    except (KeyError, TypeError) as error:
        raise StalenessError(f"runs of {cell.label} say no '{name}': {REMEDY}") from error


def faster(cell, single):
    """Return the `Spread`, over the seeds that both have, of the ratio of their throughputs."""
    mine, its = _by_seed(cell), _by_seed(single)
    return Spread.over([mine[seed] / its[seed] for seed in mine if seed in its] or [np.nan])


def table(cells):
    """Return the numbers of a table over cells of the wall clock.

    Returns
    -------
    dict
        As of `summaries.of_sizes`, each row with throughput (tokens or cells a second) and faster
        (the ratio to the single processor's), both with median, low and high over seeds.
    """
    made, groups = summaries.of_sizes(cells), grouping.by_task(cells)
    for row, cell in zip(made["cells"], cells, strict=True):
        row["throughput"] = of(cell).as_dict()
        row["faster"] = faster(cell, grouping.baseline(groups[row["task"]])).as_dict()
    return made
