"""What processors did when, read off traces.

At any time a processor is in one of four states. A row of a trace is one mini-batch (or a
processor's share of it), and in it the states come in this order: busy while statistics are
computed, from `start` to `computed`; `delay`; the wait at the barrier or for the lock; and busy
again while `update` is applied, which is the end of the row. Where there are two barriers, what is
waited at both stands before the update: at the second all arrive at nearly the same time.

A processor's time ends with its last mini-batch.
"""

import numpy as np

from staleness.workflow.analysis import summaries
from staleness.workflow.analysis.measures import Spread

STATES = ("busy", "barrier", "lock", "delayed")


def spans(trace):
    """Return when processors were in which state.

    Parameters
    ----------
    trace : dict of str to ndarray
        See `runs.TRACE`.

    Returns
    -------
    dict of str to ndarray [spans, 3]
        For each of `STATES` processor, start and length in seconds, of those that are not empty.
    """
    delayed = trace["computed"]
    waiting = delayed + trace["delay"]
    parts = {
        "busy": [
            (trace["start"], trace["computed"] - trace["start"]),
            (trace["end"] - trace["update"], trace["update"]),
        ],
        "delayed": [(delayed, trace["delay"])],
        "barrier": [(waiting, trace["barrier_wait"])],
        "lock": [(waiting + trace["barrier_wait"], trace["lock_wait"])],
    }
    return {state: _filled(trace["processor"], parts[state]) for state in STATES}


def _filled(processor, parts):
    """Return starts and lengths as an array [spans, 3], without the empty ones."""
    rows = np.concatenate([np.column_stack([processor, *part]) for part in parts])
    return rows[rows[:, 2] > 0]


def shares(trace):
    """Return the share of each of `STATES` in the time of all processors, a dict of float."""
    processors = np.unique(trace["processor"])
    total = sum(trace["end"][trace["processor"] == processor].max() for processor in processors)
    return {
        state: float(rows[:, 2].sum() / total) if total > 0 else 0.0
        for state, rows in spans(trace).items()
    }


def greatest_staleness(cell):
    """Return the staleness of the stalest update, the median over the seeds of a cell."""
    return float(np.median([trace["staleness"][_made(trace)].max() for trace in cell.traces]))


def mean_staleness(cell):
    """Return the mean staleness of the updates made, the median over the seeds of a cell."""
    return float(np.median([trace["staleness"][_made(trace)].mean() for trace in cell.traces]))


def update_times(trace):
    """Return when each update was done, an ascending ndarray [updates] of seconds."""
    made = _made(trace)
    _, first = np.unique(trace["update_number"][made], return_index=True)
    return np.sort(trace["end"][made][first])


def window(cells, updates):
    """Return the seconds after which the fastest of some cells has made so many updates.

    Of each the first seed counts; one that makes fewer counts with its last.
    """
    times = [update_times(cell.traces[0]) for cell in cells]
    return float(min(one[min(updates, len(one)) - 1] for one in times))


def _made(trace):
    """Return which rows of a trace have an update: those that are dropped have the number 0."""
    return trace["update_number"] > 0


def summarise(cells):
    """Return what the processors of cells did over whole runs, what JSON can hold.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell

    Returns
    -------
    dict
        states, and cells: a list of dict of label, schedule, processors, mini_batch_size,
        delay_mean, seeds and shares, which for each state holds median, low and high over seeds.
    """
    rows = []
    for cell in cells:
        seeds = [shares(trace) for trace in cell.traces]
        spreads = {state: Spread.over([one[state] for one in seeds]).as_dict() for state in STATES}
        rows.append({**summaries.named(cell), "shares": spreads})
    return {"states": list(STATES), "cells": rows}
