"""The two clocks side by side: what the same cells did on each.

A machine's speed drifts by more than what is to be seen. So all that is timed takes turns: beside
each run that the simulated clock is calibrated by, the same cell is run once more with another
seed, and both meet the same machine. The simulated clock then runs the cells with those seeds, by a
calibration that has seen none of them. Nothing is evaluated in mid-run: that would push `theta` out
of the caches, which takes learning a while to mend.

Throughput is the work (tokens or cells) a second up to the last update. Utilisation is the share of
that time, over all processors, that was not spent waiting (at a barrier, for the lock, in a delay):
whatever else a clock does counts as busy on both. Each is the median over rounds; the ratio is that
of the two medians, with the lowest and the highest of a round.

What other programs take from the threads is on the wall clock only. A run that was interrupted, by
a criterion that was fixed beforehand (`interruptions`), is made again, up to `TRIES` times; a round
that is not clean even then is left out on both clocks. Where fewer than half of the rounds are
clean, the table says that this machine cannot tell.
"""

import json
import os
from dataclasses import replace

import numpy as np

from staleness.algorithms.configuration import TASKS, UPDATES
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run
from staleness.workflow.machine.calibrate import calibrate, shared_by
from staleness.workflow.machine.calibrate import write as write_calibration
from staleness.workflow.machine.doctor import examine
from staleness.workflow.machine.facts import allowed_cpus, machine, versions
from staleness.workflow.machine.interruptions import Watch
from staleness.workflow.store.files import refuse_foreign, whole_folder
from staleness.workflow.store.findings import brief

FORMAT = 4
TRIES = 3  # of a run, until it is clean
CLOCKS = ("simulated", "wall")
MEASURES = ("throughput", "utilisation", "mean_staleness", "metric")
CANNOT_TELL = (
    " This machine cannot tell: other programs took its cores in more than half of the rounds, "
    "however often these were repeated."
)
FILES = {"validation.md", "validation.json", "calibration.json"}


def validate(
    task, update, corpus, folder, *, schedules, mini_batch_sizes, epochs, rounds, tell=None
):
    """Run cells on both clocks and write what came of it: `FILES`.

    Parameters
    ----------
    task, update : str
    corpus : EncodedCorpus
    folder : path-like
        Made, or replaced, once all is done.
    schedules : list of str
        `single`, and others whose processors share `theta`: as many as this machine has.
    mini_batch_sizes : list of int
    epochs, rounds : int
    tell : callable, optional
        Called with the number of the round and the `Configuration` of each cell before it is run.

    Returns
    -------
    dict
        What validation.json holds: format, task, update, corpus (name and digest), metric (its
        name), work_unit, rounds, cost_model, machine and doctor (both from before), versions, and
        cells: what `compare` returns.

    Raises
    ------
    StalenessError
        If the update rule or a schedule cannot be validated, or the folder holds anything else.
    """
    _check(task, update, schedules, rounds)
    refuse_foreign(folder, FILES)
    tell = tell or (lambda number, cell: None)
    # Before anything is measured: afterwards the load is that of the measurement.
    facts, condition = machine(), brief(examine())
    cells, walls = {}, {}

    def beside(number, cell):
        tell(number, cell)
        if cell.schedule in schedules:
            key = schedules.index(cell.schedule), cell.mini_batch_size
            cells[key] = cell
            walls.setdefault(key, []).append(timed(replace(cell, seed=number + 1), corpus))

    with whole_folder(folder) as part:
        costs = calibrate(
            task,
            update,
            corpus,
            schedules=schedules,
            mini_batch_sizes=mini_batch_sizes,
            epochs=epochs,
            rounds=rounds,
            beside=beside,
            doctor=condition,
        )
        path = part / "calibration.json"
        write_calibration(path, {task: {update: costs}}, facts)
        simulated = {
            key: replace(cell, clock="simulated", calibration=os.fspath(path))
            for key, cell in sorted(cells.items())
        }
        comparison = {
            "format": FORMAT,
            "task": task,
            "update": update,
            "corpus": {name: corpus.about.get(name) for name in ("corpus", "digest")},
            "metric": next(iter(TASKS[task].metrics)),
            "work_unit": TASKS[task].work_unit,
            "rounds": rounds,
            "cost_model": next(iter(simulated.values())).cost_model().describe(),
            "machine": facts,
            "doctor": condition,
            "versions": versions(),
            "cells": [
                compare(cell, _repeat(cell, corpus, rounds, tell), walls[key])
                for key, cell in simulated.items()
            ],
        }
        _write(part, comparison)
    return comparison


def timed(cell, corpus):
    """Return what `measure` says of a run on the wall clock that was left alone, if one was.

    And clean, whether it was; and interruptions, what was taken from it.
    """
    for _ in range(TRIES):
        watch = Watch()
        found = measure(run(cell, corpus))
        taken = watch.since(cell.processors, found["cpu_share"])
        clean = taken.clean
        if clean:
            break
    return {**found, "clean": clean, "interruptions": vars(taken)}


def measure(result):
    """Return what is compared of a run.

    Parameters
    ----------
    result : staleness.algorithms.result.Result

    Returns
    -------
    dict of str to float
        By `MEASURES`, the metric being the first of the task's, after the last update; and
        cpu_share, of its cores' time.
    """
    summary, trace = result.summary(), result.trace
    task = TASKS[result.configuration.task]
    waits = sum(trace[name].sum() for name in ("barrier_wait", "lock_wait", "delay"))
    # Processors wait at the last barrier when the last update has been made.
    whole = max(result.seconds, float(trace["end"].max(initial=0.0)))
    return {
        "throughput": summary[f"{task.work_unit}_per_second"],
        "utilisation": float(1 - waits / (result.configuration.processors * whole)),
        "mean_staleness": summary["mean_staleness"],
        "metric": summary["metrics"][next(iter(task.metrics))],
        "cpu_share": result.cpu_seconds / (result.configuration.processors * result.real_seconds),
    }


def compare(cell, simulated, wall):
    """Put the runs of a cell side by side.

    Parameters
    ----------
    cell : Configuration
    simulated, wall : list of dict
        What `measure` and `timed` returned of each round.

    Returns
    -------
    dict
        schedule, processors, mini_batch_size and, for each of `MEASURES`, simulated and wall
        (medians of the clean rounds; of all, if none is), ratio (of these), low and high (of the
        ratios of each round; all three None where a wall's is 0) and rounds (by clock, a list).
        clean is how many rounds are; cpu_share and interruptions are the wall's, of each round.
    """
    pair = {name: getattr(cell, name) for name in ("schedule", "processors", "mini_batch_size")}
    clean = [place for place, made in enumerate(wall) if made["clean"]]
    kept = clean or range(len(wall))
    for name in MEASURES:
        both = zip(CLOCKS, (simulated, wall), strict=True)
        rounds = {clock: [made[place][name] for place in kept] for clock, made in both}
        medians = {clock: float(np.median(values)) for clock, values in rounds.items()}
        ratio = low = high = None
        if all(rounds["wall"]):
            each = np.divide(*rounds.values())
            ratio = medians["simulated"] / medians["wall"]
            low, high = float(each.min()), float(each.max())
        pair[name] = {**medians, "ratio": ratio, "low": low, "high": high, "rounds": rounds}
    each = {name: [made[name] for made in wall] for name in ("cpu_share", "interruptions")}
    return {**pair, "clean": len(clean), **each}


def cannot_tell(comparison):
    """Return whether fewer than half of a comparison's rounds were left alone."""
    clean = sum(cell["clean"] for cell in comparison["cells"])
    return 2 * clean < comparison["rounds"] * len(comparison["cells"])


def table(comparison):
    """Return a comparison as the lines of a Markdown table."""
    unit = comparison["work_unit"]
    head = [
        *("schedule", "P", "m", f"{unit} a second: simulated", "wall", "simulated / wall"),
        *("round by round", "utilisation: simulated", "wall", "staleness: simulated", "wall"),
        *(f"{comparison['metric']}: simulated", "wall", "CPU share: wall", "clean rounds"),
    ]
    rows = []
    for cell in comparison["cells"]:
        rate = cell["throughput"]
        row = [cell["schedule"], str(cell["processors"]), str(cell["mini_batch_size"])]
        row += [f"{rate[clock]:,.0f}" for clock in CLOCKS]
        row += [f"{rate['ratio']:.2f}", f"{rate['low']:.2f} to {rate['high']:.2f}"]
        for name, digits in (("utilisation", 2), ("mean_staleness", 2), ("metric", 4)):
            row += [f"{cell[name][clock]:.{digits}f}" for clock in CLOCKS]
        row.append(f"{np.median(cell['cpu_share']):.2f}")
        rows.append([*row, f"{cell['clean']} of {comparison['rounds']}"])
    widths = [max(2, *map(len, column)) for column in zip(head, *rows, strict=True)]

    def line(row):
        # Words to the left, numbers to the right.
        cells = [row[0].ljust(widths[0])]
        cells += [text.rjust(width) for text, width in zip(row[1:], widths[1:], strict=True)]
        return f"| {' | '.join(cells)} |"

    rule = [f":{'-' * (widths[0] - 1)}", *(f"{'-' * (width - 1)}:" for width in widths[1:])]
    return [line(head), line(rule), *map(line, rows)]


def caption(comparison):
    """Return sentences on where a comparison comes from."""
    machine, rounds = comparison["machine"], comparison["rounds"]
    return (
        f"{comparison['task']} by {comparison['update']} on {comparison['corpus']['corpus']}, "
        f"medians over {rounds} round{'s' if rounds > 1 else ''}, each with a seed of its own. "
        f"Wall clock: {machine['processor']}, {machine['cores']} "
        f"core{'s' if machine['cores'] > 1 else ''}, {machine['system']}. Simulated clock: "
        f"{comparison['cost_model']}, calibrated by runs with another seed that took turns with "
        f"these.{CANNOT_TELL if cannot_tell(comparison) else ''}"
    )


def _check(task, update, schedules, rounds):
    """Raise an error if these cannot be compared on this machine."""
    reason = UPDATES[update].skip(task)
    if not reason and UPDATES[update].batch:
        reason = f"update '{update}' takes the whole corpus: validate one that takes mini-batches"
    if reason:
        raise StalenessError(reason)
    known = ["single", *shared_by(task, update)]
    for name in schedules:
        if name not in known:
            raise StalenessError(f"schedule '{name}': choose from {', '.join(known)}")
    if len(allowed_cpus()) == 1 and "single" not in schedules:
        raise StalenessError("this machine has one core: add schedule 'single'")
    if rounds < 1:
        raise StalenessError(f"rounds must be at least 1, not {rounds}")


def _write(folder, comparison):
    text = ["# The two clocks side by side", "", caption(comparison), "", *table(comparison)]
    about = json.dumps(comparison, indent=1)
    for kind, content in (("md", "\n".join(text)), ("json", about)):
        (folder / f"validation.{kind}").write_text(content + "\n", encoding="utf-8")


def _repeat(cell, corpus, rounds, tell):
    """Return what `measure` says of a cell with the seed of each round."""
    measures = []
    for number in range(rounds):
        tell(number, cell)
        measures.append(measure(run(replace(cell, seed=number + 1), corpus)))
    return measures
