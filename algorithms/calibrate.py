"""Calibration: the linear costs of this machine's kernels, fitted to wall-clock traces."""

import json

import numpy as np

from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import FORMAT
from staleness.algorithms.files import whole_file
from staleness.algorithms.machine import machine, versions
from staleness.algorithms.run import Configuration, run

MINI_BATCH_SIZES = (1, 4, 16, 64, 256)
EPOCHS = 3


def calibrate(task, update, corpus, progress=None):
    """Measure one task on this machine, one thread, several mini-batch sizes.

    Parameters
    ----------
    task, update : str
    corpus : EncodedCorpus
    progress : callable, optional
        Called with each mini-batch size before it is measured.

    Returns
    -------
    dict
        costs (seconds, see `Costs`), r2_calc and r2_update (share of the variance between
        mini-batches that the linear model explains), mini_batches, and the corpus' name.
    """
    traces, calc_seconds = [], []
    for size in MINI_BATCH_SIZES:
        if progress:
            progress(size)
        configuration = Configuration(
            task=task,
            update=update,
            schedule="single",
            clock="wall",
            mini_batch_size=size,
            epochs=EPOCHS,
            evaluations=1,
        )
        trace = run(configuration, corpus).trace
        # The first epoch also warms caches and settles memory.
        trace = trace[len(trace) // EPOCHS :]
        # Whatever a turn takes besides its update counts as calc: the clock's own work too.
        calc_seconds.append(np.diff(trace["start"]) - trace["update"][:-1])
        traces.append(trace[:-1])
    trace = np.concatenate(traces)
    ones, work = np.ones(len(trace)), trace["work"].astype(float)
    calc, r2_calc = fit([ones, trace["examples"], work], np.concatenate(calc_seconds))
    update_costs, r2_update = fit([ones, work], trace["update"])
    return {
        "costs": Costs(*map(float, (*calc, *update_costs)))._asdict(),
        "r2_calc": r2_calc,
        "r2_update": r2_update,
        "mini_batches": len(trace),
        "corpus": corpus.about["corpus"],
    }


def fit(columns, seconds):
    """Fit non-negative linear costs to durations.

    Every mini-batch counts by its relative error, so that small ones are met as well as large ones;
    those that the machine interrupted (over 5 median absolute deviations off) are left out.

    Parameters
    ----------
    columns : sequence of ndarray [n]
    seconds : ndarray [n]

    Returns
    -------
    coefficients : ndarray [len(columns)]
    r2 : float
        Of the durations that were kept, in seconds.
    """
    design = np.stack(columns, axis=1).astype(float)
    keep = seconds > 0
    coefficients = np.zeros(design.shape[1])
    for _ in range(3):
        coefficients = _non_negative(design[keep] / seconds[keep, None], np.ones(keep.sum()))
        ratio = seconds / np.maximum(design @ coefficients, 1e-12)
        centre = np.median(ratio[keep])
        deviation = np.median(np.abs(ratio[keep] - centre))
        keep = (seconds > 0) & (np.abs(ratio - centre) <= 5 * deviation + 1e-12)
    residual = seconds[keep] - design[keep] @ coefficients
    return coefficients, float(1 - residual.var() / seconds[keep].var())


def _non_negative(design, target):
    """Least squares with coefficients at least 0: drops the most negative until there is none."""
    active = np.ones(design.shape[1], dtype=bool)
    while True:
        coefficients = np.zeros(design.shape[1])
        coefficients[active] = np.linalg.lstsq(design[:, active], target, rcond=None)[0]
        if (coefficients >= 0).all():
            return coefficients
        active[coefficients.argmin()] = False


def write(path, tasks):
    """Write a calibration file.

    Parameters
    ----------
    path : path-like
    tasks : dict of str to dict of str to dict
        Task and update to what `calibrate` returned.
    """
    about = {"format": FORMAT, "machine": machine(), "versions": versions(), "tasks": tasks}
    with whole_file(path) as part:
        part.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
