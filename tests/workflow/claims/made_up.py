"""Made-up cells, for claims that are to be judged: curves by hand, and no files."""

import numpy as np

from staleness.algorithms.configuration import TASKS, Configuration
from staleness.workflow.analysis import runs

from ..figures import toy

START, BEST = 0.0, 0.9  # of a curve, as shares of all that there is to learn
EPOCHS = 10
SINGLE = [400, 440, 480]  # seconds to the target
TIMES = 4  # that each number stands for a seed: 12 seeds tell apart what five parts claim
trace = toy.trace


def curve(task, reached, end=BEST, step=1.0, epochs=EPOCHS):
    """Return a curve that rises at once to where it ends.

    Parameters
    ----------
    task : str
    reached : float or None
        When, in seconds and in updates alike; None is never.
    end : float
        Where, as a share of all that there is to learn.
    step : float
        Seconds of an update.
    """
    late = [1e6] if reached is None else [reached * (1 - 1e-12), reached, 1e6]
    updates = np.array([0.0, *late])
    learned = np.full(len(updates), START)
    if reached is not None:
        learned[-2:] = end
    return {
        "time_s": updates * step,
        "updates": updates,
        "examples": updates,
        "epoch": np.linspace(0, epochs, len(updates)),
        **{name: toy.shown(metric, learned) for name, metric in TASKS[task].metrics.items()},
    }


def cell(task, schedule, curves, processors=1, trace=None, **settings):
    """Return a cell of made-up curves, one a seed, from 0.

    `trace` is that of every seed; `settings` are those of a `Configuration`, changes to run.json if
    their names have a dot.
    """
    changes = {name: settings.pop(name) for name in list(settings) if "." in name}
    chosen = Configuration(task, schedule, processors=processors, **settings)
    abouts = []
    for seed in range(len(curves)):
        made = toy.about(schedule, processors, seed, **changes)
        made["configuration"] = {**vars(chosen), "seed": seed}
        made[runs.DIGEST] = f"{task} {schedule} {processors} {sorted(settings.items())} {seed}"
        abouts.append(made)
    configuration = {name: value for name, value in vars(chosen).items() if name != "seed"}
    found = runs.Cell(configuration, tuple(range(len(curves))), tuple(curves), tuple(abouts))
    if trace is not None:
        vars(found)["traces"] = (trace,) * len(curves)
    return found


def of_configuration(chosen, corpus):
    """Return a cell of one seed for a `Configuration`; of no use but to be selected."""
    settings = {name: value for name, value in vars(chosen).items() if name != "seed"}
    task, schedule = settings.pop("task"), settings.pop("schedule")
    settings["corpus.corpus"] = corpus
    return cell(task, schedule, [curve(task, 100)], settings.pop("processors"), **settings)


def reaching(task, schedule, times, processors=1, end=BEST, **settings):
    """Return a cell of seeds that reach the target at some times, over and over; None is never."""
    curves = [curve(task, time, end) for time in list(times) * TIMES]
    return cell(task, schedule, curves, processors, **settings)


def ending(task, schedule, ends, processors=1, **settings):
    """Return a cell of seeds that reach the target at one time and end at some shares."""
    return cell(
        task,
        schedule,
        [curve(task, 100, end) for end in list(ends) * TIMES],
        processors,
        **settings,
    )
