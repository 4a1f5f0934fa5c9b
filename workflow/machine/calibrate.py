"""Calibration: the linear costs of this machine's kernels, fitted to wall-clock traces.

Each mini-batch size is run several times, schedules taking turns, and the median run of each is
taken: a virtual machine's cores slow down for others and speed up by a third for a moment, and what
is to be foretold is neither. A run is as long as usual, since less is to be updated as `theta`
settles. All sizes weigh the same, however many mini-batches they make.

Where there is no barrier, whatever a turn takes besides its update and waiting counts as computing:
the clock's own work too. Where there is one, that belongs to the rounds: what a round takes besides
its slowest compute and the update counts as its barriers'.

An update rule that needs the whole corpus has one mini-batch size and shares nothing. What its
mini-batches take, always the same, is laid on the work of compute, and fixed for an update.

Examples and work go together, and two fits of the same costs may lay them on one or the other. A
line through both would then foretell that some of what is shared becomes cheaper with every
processor. So no cost of sharing is lower than the same cost alone: what is fitted is what sharing
adds. Where that is not what was measured, the residuals of that fit say so.
"""

import json
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import numpy as np

from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import FORMAT, QUANTILES, Measured
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.algorithms.program import Instruction, instructions
from staleness.algorithms.run import run
from staleness.algorithms.updates.lbfgs import linear_algebra
from staleness.workflow.machine.facts import allowed_cpus, machine, versions
from staleness.workflow.store.files import whole_file

MINI_BATCH_SIZES = (1, 4, 16, 64, 256)
MOST_EPOCHS = 10
EXAMPLES = 140_000  # of a run, about: ten epochs of CoNLL-2003
BATCH_EPOCHS = 30  # as many updates: the first may be shorter than those that follow
ROUNDS = 5
AVERAGE_EVERY = 4
AVERAGES = 8
SAME_MACHINE = ("processor", "architecture", "cores", "physical_cores")
NOTHING = Costs()
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
    doctor=None,
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
    doctor : dict, optional
        What `doctor.brief` says of the machine before.

    Returns
    -------
    dict
        What `fit_trace` returns of one thread (costs with average_replica), corpus (its name),
        sources (the digest of what was measured), rounds, doctor, processors, and shared: schedule
        to what `fit_trace` returns of it on those processors.
    """
    rounds = ROUNDS if rounds is None else rounds
    origin = {
        "corpus": corpus.about["corpus"],
        "sources": versions()["sources"],
        "rounds": rounds,
        "doctor": doctor,
    }
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
    fits, least = {}, NOTHING
    for schedule, number in plan.items():
        made = zip(cells, traces, strict=True)
        fits[schedule] = fit_trace(
            SCHEDULES[schedule]().program,
            number,
            [trace for cell, trace in made if cell.schedule == schedule],
            least,
        )
        # The first is alone.
        least = Costs(**fits["single"]["costs"])
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
    compute = fit([trace["work"]], trace["end"] - trace["start"] - trace["update"])
    update = fit([np.ones(len(trace))], trace["update"])
    costs = Costs(compute_work=compute.coefficients[0], update_fixed=update.coefficients[0])
    # All are alike: there is nothing for a line to explain.
    return _found(costs, compute._replace(r2=None), update._replace(r2=None), len(trace))


def fit_trace(program, processors, traces, least=NOTHING):
    """Fit costs to what a schedule did on the wall clock.

    Parameters
    ----------
    program : tuple
        The schedule's.
    processors : int
    traces : list of ndarray
        See `staleness.algorithms.clocks.TRACE`.
    least : Costs
        Those that compute and an update have at least.

    Returns
    -------
    dict
        costs (seconds, see `Costs`), mini_batches; compute and update, of each how well it fits:
        r2, residuals and left_out of `Fit`.
    """
    program = instructions(program)
    in_step = Instruction.BARRIER in program
    calc_columns, calc_seconds, update_work, update_seconds, left = [], [], [], [], []
    calc_weights, update_weights = [], []
    for trace in traces:
        seconds = trace["computed"] - trace["start"]
        work, update = trace["update_work"], trace["update"]
        if in_step:
            rounds = trace.reshape(-1, processors)
            work, update = rounds["update_work"].max(axis=1), rounds["update"].max(axis=1)
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
    weights = np.concatenate(calc_weights)[busy]
    compute = fit(columns[:, busy], seconds[busy], weights, least[:3])
    work, seconds = np.concatenate(update_work), np.concatenate(update_seconds)
    weights = np.concatenate(update_weights)
    update = fit([np.ones(len(work)), work], seconds, weights, least[3:5])
    costs = Costs(*compute.coefficients, *update.coefficients)
    if in_step:
        barriers = program.count(Instruction.BARRIER)
        each = float(np.median(np.concatenate(left))) / barriers
        costs = costs._replace(barrier=max(0.0, each))
    return _found(costs, compute, update, len(work))


def _found(costs, compute, update, mini_batches):
    """Return what a calibration file says of costs and their two `Fit`s."""
    parts = {"compute": compute._asdict(), "update": update._asdict()}
    for part in parts.values():
        del part["coefficients"]
    return {"costs": costs._asdict(), "mini_batches": mini_batches, **parts}


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
        schedule_parameters={"average_every": AVERAGE_EVERY},
    )
    found = []
    for _ in range(rounds):
        trace = run(cell, corpus, judge=False).trace
        seconds = trace["update"][trace["processor"] == 0]
        averages = np.arange(len(seconds)) % AVERAGE_EVERY == AVERAGE_EVERY - 1
        found.append(np.median(seconds[averages]) - np.median(seconds[~averages]))
    return max(0.0, float(np.median(found))) / processors


class Fit(NamedTuple):
    """A line through durations.

    Attributes
    ----------
    coefficients : tuple of float
    r2 : float or None
        The share of the variance that it explains; 0 if all durations are the same.
    residuals : list of float
        Measured over fitted, at `QUANTILES` of the mini-batches.
    left_out : float
        The share of the mini-batches that were interrupted: in none of the rest.
    """

    coefficients: tuple
    r2: float | None
    residuals: list
    left_out: float


def fit(columns, seconds, weights=None, least=0.0):
    """Fit linear costs to durations.

    Every mini-batch counts by its error relative to what the fit before this one says, so that
    small ones are met as well as large ones, and in the mean; those that the machine interrupted
    (over 5 median absolute deviations off, and by more than `INTERRUPTION`) are left out.

    Parameters
    ----------
    columns : sequence of ndarray [n]
    seconds : ndarray [n]
    weights : ndarray [n], optional
        Of the squared errors.
    least : float or sequence of float [len(columns)], optional
        What the coefficients are at least.

    Returns
    -------
    Fit
    """
    design = np.stack(columns, axis=1).astype(float)
    keep = measured = seconds > 0
    roots = np.ones(len(seconds)) if weights is None else np.sqrt(weights * len(seconds))
    scale = seconds
    for _ in range(5):
        factor = roots[keep] / scale[keep]
        coefficients = _at_least(least, design[keep] * factor[:, None], seconds[keep] * factor)
        fitted = design @ coefficients
        ratio = seconds / np.maximum(fitted, 1e-12)
        centre = np.median(ratio[keep])
        deviation = np.median(np.abs(ratio[keep] - centre))
        off = np.abs(ratio - centre) > 5 * deviation + 1e-12
        keep = measured & ~(off & (np.abs(seconds - fitted) > INTERRUPTION))
        scale = np.maximum(fitted, seconds / 10)
    residual = seconds[keep] - fitted[keep]
    spread = seconds[keep].var()
    return Fit(
        tuple(map(float, coefficients)),
        float(1 - residual.var() / spread) if spread else 0.0,
        np.quantile(ratio[keep], QUANTILES).tolist(),
        float(1 - keep.sum() / measured.sum()),
    )


def _at_least(least, design, target):
    """Return the coefficients of least squares among those that are not below some values."""
    # A rule that is measured after this may need scipy as that chooses it.
    linear_algebra()
    # Whoever does without scipy does not wait half a second for it.
    from scipy.optimize import nnls  # noqa: PLC0415

    least = np.broadcast_to(least, design.shape[1])
    # Of columns that differ by many powers of ten, the small ones would be lost.
    lengths = np.linalg.norm(design, axis=0)
    lengths[lengths == 0] = 1.0
    more, _ = nnls(design / lengths, target - design @ least)
    return least + more / lengths


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
    Measured(path)  # raises an error if it is none, or of an old format
    about = read_json(path)
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


def write(path, tasks, facts=None):
    """Write a calibration file.

    Parameters
    ----------
    path : path-like
    tasks : dict of str to dict of str to dict
        Task and update to what `calibrate` returned.
    facts : dict, optional
        What `machine` said before anything was measured; what it says of the load afterwards is
        the load of the measurement.
    """
    about = {
        "format": FORMAT,
        "machine": facts or machine(),
        "versions": versions(),
        "tasks": tasks,
    }
    with whole_file(path) as part:
        part.write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
