"""Calibration: the linear costs of this machine's kernels, fitted to wall-clock traces.

Each mini-batch size is run several times, schedules taking turns, and the median run of each is
taken: a virtual machine's cores slow down for others and speed up by a third for a moment, and what
is to be foretold is neither. A run is as long as usual, since less is to be updated as `theta`
settles. All sizes weigh the same, however many mini-batches they make.

Where there is no barrier, whatever a turn takes besides its update and its waiting counts as calc:
the clock's own work too. Where there is one, that belongs to the rounds: what a round takes besides
its slowest calc and the update counts as its barriers'.

An update rule that needs the whole corpus has one mini-batch size and shares nothing. What its
mini-batches take, always the same, is laid on the work of calc, and fixed for an update.
"""

import json
from operator import itemgetter
from pathlib import Path

import numpy as np

from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import FORMAT, Measured
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import whole_file
from staleness.algorithms.machine import allowed_cpus, machine, versions
from staleness.algorithms.program import Instruction
from staleness.algorithms.run import SCHEDULES, TASKS, UPDATES, Configuration, run

MINI_BATCH_SIZES = (1, 4, 16, 64, 256)
MOST_EPOCHS = 10
EXAMPLES = 140_000  # of a run, about: ten epochs of CoNLL-2003
BATCH_EPOCHS = 30  # as many updates: the first may be shorter than those that follow
ROUNDS = 5
AVERAGE_EVERY = 4
AVERAGES = 8
SAME_MACHINE = ("processor", "architecture", "cores", "physical_cores")
INTERRUPTION = 1e-5  # seconds: switching to another thread and back takes longer


def calibrate(
    task,
    update,
    corpus,
    *,
    processors=None,
    schedules=None,
    mini_batch_sizes=MINI_BATCH_SIZES,
    epochs=None,
    rounds=None,
    beside=None,
):
    """Measure one task on this machine, alone and where processors share `theta`.

    Parameters
    ----------
    task, update : str
    corpus : EncodedCorpus
    processors : int, optional
        That share; by default as many as there are cores. With one, sharing is not measured.
    schedules : collection of str, optional
        Those of the schedules that share which are measured; by default all.
    mini_batch_sizes : sequence of int
    epochs : int, optional
        Of a run; by default as many as make it about as long as usual.
    rounds : int, optional
        How often each run is made; by default `ROUNDS`.
    beside : callable, optional
        Called with the number of the round and the `Configuration` right before each run, for
        whatever is to meet the machine in the same state: the same cell measured once more with
        another seed, or a line that says what is going on.

    Returns
    -------
    dict
        What `fit_trace` returns of one thread (costs with average_replica), corpus (its name),
        sources (the digest of what was measured), processors, and shared: schedule to what
        `fit_trace` returns of it on those processors.
    """
    origin = {"corpus": corpus.about["corpus"], "sources": versions()["sources"]}
    rounds = ROUNDS if rounds is None else rounds
    rule = UPDATES[update]
    if rule.batch:
        found = calibrate_batches(task, update, corpus, rounds, beside)
        return {**found, **origin, "processors": 1, "shared": {}}
    processors = processors or len(allowed_cpus())
    plan = {"single": 1}
    if processors > 1:
        sharing = shared_by(task, update)
        plan |= {name: processors for name in sharing if schedules is None or name in schedules}
    examples = TASKS[task]().examples(corpus)
    if epochs is None:
        epochs = min(MOST_EPOCHS, max(2, EXAMPLES // examples))
    cells = [
        wall_cell(
            task,
            update,
            schedule=schedule,
            processors=number,
            mini_batch_size=size,
            epochs=epochs,
        )
        for size in mini_batch_sizes
        for schedule, number in plan.items()
    ]
    traces = median_traces(cells, corpus, rounds, beside)
    fits = {
        schedule: fit_trace(
            SCHEDULES[schedule].program,
            number,
            [trace for cell, trace in zip(cells, traces, strict=True) if cell.schedule == schedule],
        )
        for schedule, number in plan.items()
    }
    costs = fits.pop("single")
    if rule.skip(task, SCHEDULES["replicated"]) is None:
        each = time_average(task, update, corpus, examples, processors, rounds)
        costs["costs"]["average_replica"] = each
    return {**costs, **origin, "processors": processors, "shared": fits}


def shared_by(task, update):
    """Return the names of the schedules whose processors share what an update rule changes."""
    rule = UPDATES[update]
    return [
        name
        for name, kind in SCHEDULES.items()
        if kind.shares_theta() and rule.skip(task, kind) is None
    ]


def wall_cell(task, update, **settings):
    """Return the `Configuration` of runs that are only timed: nothing is evaluated in mid-run."""
    timed = {"clock": "wall", "evaluations": 0, "oversubscribe": True}
    return Configuration(task=task, update=update, **timed, **settings)


def median_traces(cells, corpus, rounds, beside=None):
    """Run cells in turns, and return of each the trace of the run that took the median time."""
    found = [[] for _ in cells]
    for number in range(rounds):
        for cell, results in zip(cells, found, strict=True):
            if beside:
                beside(number, cell)
            result = run(cell, corpus, judge=False)
            results.append((result.seconds, result.trace))
    return [sorted(results, key=itemgetter(0))[rounds // 2][1] for results in found]


def calibrate_batches(task, update, corpus, rounds, beside=None):
    """Measure a rule that needs the whole corpus; returns what `fit_trace` does, without R2."""
    cell = wall_cell(task, update, schedule="single-batch", epochs=BATCH_EPOCHS)
    (trace,) = median_traces([cell], corpus, rounds, beside)
    calc = trace["end"] - trace["start"] - trace["update"]
    (calc_work,), _ = fit([trace["work"]], calc)
    (update_fixed,), _ = fit([np.ones(len(trace))], trace["update"])
    costs = Costs(calc_work=float(calc_work), update_fixed=float(update_fixed))
    return {
        "costs": costs._asdict(),
        "r2_calc": None,
        "r2_update": None,
        "mini_batches": len(trace),
    }


def fit_trace(program, processors, traces):
    """Fit costs to what a schedule did on the wall clock.

    Parameters
    ----------
    program : sequence of Instruction
        The schedule's.
    processors : int
    traces : list of ndarray
        See `staleness.algorithms.clocks.TRACE`.

    Returns
    -------
    dict
        costs (seconds, see `Costs`), r2_calc and r2_update (share of the variance between
        mini-batches that the linear model explains), and mini_batches.
    """
    in_step = Instruction.BARRIER in program
    calc_columns, calc_seconds, update_work, update_seconds, left = [], [], [], [], []
    calc_weights, update_weights = [], []
    for trace in traces:
        seconds = trace["computed"] - trace["start"]
        work, update = trace["update_work"], trace["update"]
        if in_step:
            rounds = trace.reshape(-1, processors)
            work, update = rounds["update_work"].sum(axis=1), rounds["update"].sum(axis=1)
            slowest = seconds.reshape(-1, processors).max(axis=1)
            length = np.diff(rounds["start"].min(axis=1))
            left.append(length - slowest[:-1] - update[:-1])
        else:
            waits = trace["lock_wait"] + trace["delay"]
            seconds = trace["end"] - trace["start"] - waits - update
        calc_columns.append(np.stack([trace["examples"] > 0, trace["examples"], trace["work"]]))
        calc_seconds.append(seconds)
        calc_weights.append(np.full(len(seconds), 1 / len(seconds)))
        update_weights.append(np.full(len(work), 1 / len(work)))
        update_work.append(work)
        update_seconds.append(update)
    columns, seconds = np.concatenate(calc_columns, axis=1), np.concatenate(calc_seconds)
    busy = columns[0] > 0
    calc, r2_calc = fit(columns[:, busy], seconds[busy], np.concatenate(calc_weights)[busy])
    work, seconds = np.concatenate(update_work), np.concatenate(update_seconds)
    update, r2_update = fit([np.ones(len(work)), work], seconds, np.concatenate(update_weights))
    costs = Costs(*map(float, (*calc, *update)))
    if in_step:
        barriers = sum(instruction == Instruction.BARRIER for instruction in program)
        each = float(np.median(np.concatenate(left))) / barriers
        costs = costs._replace(barrier=max(0.0, each))
    return {
        "costs": costs._asdict(),
        "r2_calc": r2_calc,
        "r2_update": r2_update,
        "mini_batches": len(work),
    }


def time_average(task, update, corpus, examples, processors, rounds):
    """Return the seconds that averaging takes for each replica of `theta`.

    The update of processor 0 before each average holds the average too, and is far shorter.
    """
    cell = wall_cell(
        task,
        update,
        schedule="replicated",
        processors=processors,
        mini_batch_size=min(64, max(1, examples // (processors * AVERAGE_EVERY * AVERAGES))),
        epochs=1,
        average_every=AVERAGE_EVERY,
    )
    found = []
    for _ in range(rounds):
        trace = run(cell, corpus, judge=False).trace
        seconds = trace["update"][trace["processor"] == 0]
        averages = seconds[AVERAGE_EVERY - 1 :: AVERAGE_EVERY]
        found.append(np.median(averages) - np.median(seconds))
    return max(0.0, float(np.median(found))) / processors


def fit(columns, seconds, weights=None):
    """Fit non-negative linear costs to durations.

    Every mini-batch counts by its error relative to what the fit before this one says, so that
    small ones are met as well as large ones, and in the mean; those that the machine interrupted
    (over 5 median absolute deviations off, and by more than `INTERRUPTION`) are left out.

    Parameters
    ----------
    columns : sequence of ndarray [n]
    seconds : ndarray [n]
    weights : ndarray [n], optional
        Of the squared errors.

    Returns
    -------
    coefficients : ndarray [len(columns)]
    r2 : float
        Of the durations that were kept, in seconds; 0 if all of them are the same.
    """
    design = np.stack(columns, axis=1).astype(float)
    keep = measured = seconds > 0
    roots = np.ones(len(seconds)) if weights is None else np.sqrt(weights * len(seconds))
    scale = seconds
    for _ in range(5):
        factor = roots[keep] / scale[keep]
        coefficients = _non_negative(design[keep] * factor[:, None], seconds[keep] * factor)
        fitted = design @ coefficients
        ratio = seconds / np.maximum(fitted, 1e-12)
        centre = np.median(ratio[keep])
        deviation = np.median(np.abs(ratio[keep] - centre))
        off = np.abs(ratio - centre) > 5 * deviation + 1e-12
        keep = measured & ~(off & (np.abs(seconds - fitted) > INTERRUPTION))
        scale = np.maximum(fitted, seconds / 10)
    residual = seconds[keep] - fitted[keep]
    spread = seconds[keep].var()
    return coefficients, float(1 - residual.var() / spread) if spread else 0.0


def _non_negative(design, target):
    """Least squares with coefficients at least 0: drops the most negative until there is none."""
    active = np.ones(design.shape[1], dtype=bool)
    while True:
        coefficients = np.zeros(design.shape[1])
        coefficients[active] = np.linalg.lstsq(design[:, active], target, rcond=None)[0]
        if (coefficients >= 0).all():
            return coefficients
        active[coefficients.argmin()] = False


def read(path):
    """Return what a calibration file of this machine holds, to be written again with more.

    Parameters
    ----------
    path : path-like

    Returns
    -------
    dict of str to dict of str to dict
        See `write`; empty if there is no such file.

    Raises
    ------
    StalenessError
        If it is not a calibration file, or one of another machine.
    """
    if not Path(path).exists():
        return {}
    Measured(path)
    about = json.loads(Path(path).read_text(encoding="utf-8"))
    theirs, ours = (
        ", ".join(f"{name} {kind.get(name)}" for name in SAME_MACHINE)
        for kind in (about["machine"], machine())
    )
    if theirs != ours:
        raise StalenessError(
            f"{path}: costs of another machine ({theirs}; this is {ours}) do not mix with those "
            "of this one: write to another file"
        )
    return about["tasks"]


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
