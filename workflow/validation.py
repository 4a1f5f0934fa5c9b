"""The two clocks side by side: what the same cells did on each.

Throughput is the work (tokens or cells) a second up to the last update. Utilisation is the share of
that time, over all processors, that was not spent waiting (at a barrier, for the lock, in a delay):
whatever else a clock does counts as busy on both. Each is the median over seeds; the ratio is that
of the two medians.
"""

import json
from pathlib import Path

import numpy as np

from staleness.algorithms import record
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import whole_file
from staleness.algorithms.run import TASKS

FORMAT = 1
CLOCKS = ("simulated", "wall")
MEASURES = ("throughput", "utilisation", "mean_staleness", "metric")
# Settings in which the two runs of a pair may differ.
OF_THE_CLOCK = ("clock", "cost", "calibration", "oversubscribe", "seed")


def measure(folder):
    """Return what is compared of one run.

    Parameters
    ----------
    folder : path-like
        What `staleness run --out` wrote.

    Returns
    -------
    about : dict
        The contents of run.json.
    measures : dict of str to float
        By `MEASURES`; the metric is the first of the task's, after the last update.
    """
    about = record.read_about(folder)
    trace = record.read_trace(folder)
    try:
        task = TASKS[about["configuration"]["task"]]
        processors = about["configuration"]["processors"]
        waits = sum(trace[name].sum() for name in ("barrier_wait", "lock_wait", "delay"))
        return about, {
            "throughput": about[f"{task.work_unit}_per_second"],
            "utilisation": float(1 - waits / (processors * about["seconds"])),
            "mean_staleness": about["mean_staleness"],
            "metric": about["metrics"][next(iter(task.metrics))],
        }
    except (KeyError, TypeError, ZeroDivisionError) as error:
        raise StalenessError(
            f"{folder}: not a run ({error!r}): make it with 'staleness run'"
        ) from error


def compare(folders):
    """Return the runs of both clocks in pairs.

    Parameters
    ----------
    folders : iterable of path-like

    Returns
    -------
    dict
        What results/validation.json holds: format, task, metric (its name), work_unit, the machine
        and the cost model, and cells. Each has schedule, processors, mini_batch_size, its whole
        configuration, seeds by clock and, for each of `MEASURES`, simulated, wall and ratio (None
        where the wall's is 0).

    Raises
    ------
    StalenessError
        If a folder is no run, a cell has been run on one clock only, or the runs do not belong
        together.
    """
    groups, shared = {}, {}
    for folder in map(Path, folders):
        about, measures = measure(folder)
        configuration = about["configuration"]
        clock, seed = configuration["clock"], configuration["seed"]
        _same(shared, folder, "task", configuration["task"])
        _same(shared, folder, "corpus", about["corpus"]["digest"])
        _same(shared, folder, "build", about["versions"]["sources"])
        if clock == "wall":
            # The load differs from run to run; the processor must not.
            _same(shared, folder, "machine", about["machine"]["processor"])
            shared.setdefault("about", about)
        else:
            _same(shared, folder, "cost", about["cost_model"]["description"])
        cell = {name: v for name, v in configuration.items() if name not in OF_THE_CLOCK}
        group = groups.setdefault(json.dumps(cell, sort_keys=True), (cell, {}, {}))
        seeds = group[1].setdefault(clock, [])
        if seed in seeds:
            raise StalenessError(f"{folder}: a second run of seed {seed}: give each run once")
        seeds.append(seed)
        group[2].setdefault(clock, []).append(measures)
    cells = [_pair(*group) for group in groups.values()]
    if not cells:
        raise StalenessError("no runs: give at least one folder of each clock")
    task = TASKS[shared["task"]]
    machine = shared["about"]["machine"]
    return {
        "format": FORMAT,
        "task": shared["task"],
        "corpus": shared["about"]["corpus"]["corpus"],
        "metric": next(iter(task.metrics)),
        "work_unit": task.work_unit,
        "machine": {name: machine[name] for name in ("processor", "cores", "system")},
        "cost_model": shared["cost"],
        "cells": sorted(cells, key=_rank),
    }


def table(comparison):
    """Return a comparison as the lines of a Markdown table."""
    unit = comparison["work_unit"]
    head = [
        *("schedule", "P", "m", f"{unit} a second: simulated", "wall", "simulated / wall"),
        *("utilisation: simulated", "wall", "staleness: simulated", "wall"),
        *(f"{comparison['metric']}: simulated", "wall"),
    ]
    rows = []
    for cell in comparison["cells"]:
        rate, ratio = cell["throughput"], cell["throughput"]["ratio"]
        row = [cell["schedule"], str(cell["processors"]), str(cell["mini_batch_size"] or "all")]
        row += [f"{rate[clock]:,.0f}" for clock in CLOCKS]
        row.append(f"{ratio:.2f}" if ratio is not None else "")
        for name, digits in (("utilisation", 2), ("mean_staleness", 2), ("metric", 4)):
            row += [f"{cell[name][clock]:.{digits}f}" for clock in CLOCKS]
        rows.append(row)
    widths = [max(map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(row):
        # Words to the left, numbers to the right.
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return [line(head), line(rule), *map(line, rows)]


def caption(comparison):
    """Return a sentence on where a comparison comes from."""
    machine = comparison["machine"]
    seeds = sorted({seed for cell in comparison["cells"] for seed in cell["seeds"]["wall"]})
    return (
        f"{comparison['task']} on {comparison['corpus']}, medians over seeds "
        f"{', '.join(map(str, seeds))}. Wall clock: {machine['processor']}, {machine['cores']} "
        f"cores, {machine['system']}. Simulated clock: {comparison['cost_model']}."
    )


def write(comparison, folder):
    """Write validation.md and validation.json to a folder, and return their paths."""
    text = "\n".join(
        ["# The two clocks side by side", "", caption(comparison), "", *table(comparison), ""]
    )
    paths = [Path(folder) / f"validation.{kind}" for kind in ("md", "json")]
    for path, content in zip(paths, (text, json.dumps(comparison, indent=1) + "\n"), strict=True):
        with whole_file(path) as part:
            part.write_text(content, encoding="utf-8")
    return paths


def _same(shared, folder, name, value):
    if shared.setdefault(name, value) != value:
        raise StalenessError(
            f"{folder}: its {name} is another than that of the runs before it: "
            "give runs that belong together"
        )


def _pair(cell, seeds, measures):
    what = f"{cell['schedule']}, P = {cell['processors']}, m = {cell['mini_batch_size'] or 'all'}"
    for clock in CLOCKS:
        if clock not in measures:
            raise StalenessError(f"{what}: no run on the {clock} clock: give runs of both")
    pair = {name: cell[name] for name in ("schedule", "processors", "mini_batch_size")}
    pair |= {"configuration": cell, "seeds": {clock: sorted(seeds[clock]) for clock in CLOCKS}}
    for name in MEASURES:
        values = {
            clock: float(np.median([run[name] for run in measures[clock]])) for clock in CLOCKS
        }
        ratio = values["simulated"] / values["wall"] if values["wall"] else None
        pair[name] = {**values, "ratio": ratio}
    return pair


def _rank(pair):
    order = ("single", "synchronous", "asynchronous")
    schedule = pair["schedule"]
    place = order.index(schedule) if schedule in order else len(order)
    return place, schedule, pair["processors"], pair["mini_batch_size"] or 0, str(pair)
