"""Runs that are timed with another's curve: the bytes of those that learn in full."""

from dataclasses import replace

import numpy as np
import pytest

from staleness.algorithms.configuration import ALL_SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.retimed import Learned
from staleness.algorithms.run import run

SAME = [name for name, schedule in ALL_SCHEDULES.items() if schedule.updates_of]
EXACT = [name for name, task in TASKS.items() if task.example_by_example]


def learned(result):
    """Return what is taken from a run."""
    about = result.summary()
    return Learned(
        curve=result.curve,
        touched=result.trace["update_work"].astype(np.int64),
        **{name: about[name] for name in ("parameters", "theta_sha256", "stopped")},
    )


def that_make_sense():
    return [
        pytest.param(task, update, schedule, id=f"{task}-{update}-{schedule}")
        for schedule in SAME
        for update, kind in UPDATES.items()
        for task in kind.tasks
        if task in EXACT and kind.skip(task, ALL_SCHEDULES[schedule]) is None
    ]


@pytest.mark.parametrize(("task", "update", "schedule"), that_make_sense())
@pytest.mark.parametrize(("processors", "delay"), [(2, None), (4, None), (3, "2x")])
def test_it_is_the_run_that_learns_in_full(task, update, schedule, processors, delay, corpora):
    corpus = corpora[task]
    configuration = Configuration(
        task=task,
        update=update,
        schedule=schedule,
        processors=processors,
        mini_batch_size=5,
        epochs=2,
        evaluations=2,
        delay_mean=delay,
        seed=3,
    )
    alone = run(configuration.learned_as(), corpus)
    full = run(configuration, corpus)
    timed = run(configuration, corpus, learned=learned(alone))
    assert timed.trace.tobytes() == full.trace.tobytes()
    assert {k: v.tobytes() for k, v in timed.curve.items()} == {
        k: v.tobytes() for k, v in full.curve.items()
    }
    spent = {"cpu_seconds", "real_seconds"}
    mine, its = timed.summary(), full.summary()
    assert {k: v for k, v in mine.items() if k not in spent} == {
        k: v for k, v in its.items() if k not in spent
    }


def test_who_makes_whose_updates():
    base = Configuration(task="ner", schedule="synchronous", processors=4, delay_mean="2x", seed=7)
    assert base.learned_as() == Configuration(task="ner", schedule="single", seed=7)
    assert replace(base, clock="wall", cost=None, delay_mean=None).learned_as() is None
    assert Configuration(task="ner", schedule="asynchronous", processors=4).learned_as() is None
    # Sums over a processor's part are rounded as parts.
    assert Configuration(task="tagging", schedule="synchronous", processors=4).learned_as() is None


def test_another_run_is_refused(corpora):
    configuration = Configuration(
        task="ner", schedule="synchronous", processors=2, epochs=2, evaluations=2
    )
    alone = run(replace(configuration.learned_as(), evaluations=4), corpora["ner"])
    with pytest.raises(StalenessError, match="no curve point after"):
        run(configuration, corpora["ner"], learned=learned(alone))
