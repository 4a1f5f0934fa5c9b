"""Configurations: what makes no sense is refused, and what says nothing is left out."""

from dataclasses import asdict

import pytest

from staleness.algorithms.configuration import TASKS, Configuration, varies
from staleness.algorithms.errors import StalenessError

BASE = Configuration(task="ner", schedule="single", epochs=2, evaluations=3)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"task": "knitting"}, "unknown task 'knitting': choose one of .*ner"),
        ({"schedule": "late"}, "unknown schedule 'late': choose one of asynchronous"),
        ({"update": "up"}, "unknown update 'up': choose one of .*sgd"),
        ({"clock": "cuckoo"}, "unknown clock 'cuckoo': choose one of simulated, wall"),
        ({"cost": "free"}, "unknown cost model 'free': choose one of measured, paper"),
        ({"processors": 0}, "processors must be at least 1, not 0"),
        ({"mini_batch_size": 0}, "mini_batch_size must be at least 1, not 0"),
        ({"epochs": 0}, "epochs must be at least 1, not 0"),
        ({"evaluations": -2}, "evaluations must be at least 0, not -2"),
        ({"seed": -1}, "seed must be at least 0, not -1"),
        ({"seed": 2**70}, "seed must be at most 2,147,483,647, not 1180591620717411303424"),
        ({"mini_batch_size": 10**20}, "mini_batch_size must be at most 2,147,483,647, not 1000"),
        ({"epochs": 10**20}, "epochs must be at most 2,147,483,647, not 1000"),
        ({"processors": 10**9}, "processors must be at most 16,384, not 1000000000"),
        ({"delay_mean": "long"}, "delay mean 'long': expected seconds as in '5s', or multiples"),
        ({"delay_probability": 1.5}, "delay_probability must lie between 0 and 1, not 1.5"),
        ({"delay_probability": -0.1}, "delay_probability must lie between 0 and 1, not -0.1"),
        ({"delay_probability": float("nan")}, "delay_probability must lie between 0 and 1"),
        ({"processors": 2}, "schedule 'single' has 1 processor, not 2"),
    ],
    ids=str,
)
def test_configurations_that_make_no_sense(changes, message):
    with pytest.raises(StalenessError, match=f"^{message}"):
        Configuration(**asdict(BASE) | changes)


def test_a_hyper_parameter_that_there_is_not():
    with pytest.raises(
        StalenessError, match="'sgd' has no hyper-parameter 'eta': it has step_size"
    ):
        Configuration(task="ner", schedule="single", hyper_parameters={"eta": 1.0})


def test_the_update_is_the_tasks_own_unless_said():
    assert BASE.update == TASKS["ner"].update == "sgd"


WALL = {"clock": "wall"}
JOBS = {"task": "tagging", "update": "em", "schedule": "mapreduce-batch"}


@pytest.mark.parametrize(
    ("settings", "nothing"),
    [
        ({}, {"oversubscribe": True}),
        ({}, {"engine": "tcp://127.0.0.1:8786"}),
        (JOBS, {"engine": "tcp://127.0.0.1:8786"}),
        (WALL, {"engine": "tcp://127.0.0.1:8786"}),
        (WALL, {"cost": "paper"}),
        (WALL, {"calibration": "mine.json"}),
        (WALL | {"delay_mean": "5s"}, {"cost": "paper"}),
    ],
    ids=str,
)
def test_what_says_nothing_makes_no_difference(settings, nothing):
    base = {"task": "ner", "schedule": "single", **settings}
    assert Configuration(**base, **nothing) == Configuration(**base)


@pytest.mark.parametrize(
    ("settings", "something"),
    [
        (WALL, {"oversubscribe": True}),
        (JOBS | WALL, {"engine": "tcp://127.0.0.1:8786"}),
        ({}, {"cost": "paper"}),
        (WALL | {"delay_mean": "5x"}, {"cost": "paper"}),
        (WALL | {"delay_mean": "5x"}, {"calibration": "mine.json"}),
        ({"schedule": "replicated"}, {"schedule_parameters": {"average_every": 3}}),
    ],
    ids=str,
)
def test_what_says_something_makes_a_difference(settings, something):
    base = {"task": "ner", "schedule": "single", **settings}
    assert Configuration(**base, **something) != Configuration(**base)


# ---- MapReduce ----------------------------------------------------------------------------------

JOBS_OF = {
    "mapreduce-batch": {"mappers": 24, "reducers": 1, "jobs_in_flight": 1},
    "mapreduce-asynchronous": {"mappers": 6, "reducers": 1, "jobs_in_flight": 4},
}


@pytest.mark.parametrize("schedule", JOBS_OF)
def test_jobs_are_those_of_the_schedule_unless_told_otherwise(schedule):
    update = "em" if schedule.endswith("batch") else "stepwise-em"
    settings = {"task": "alignment", "update": update, "schedule": schedule, "clock": "wall"}
    chosen = Configuration(**settings)
    assert chosen.schedule_parameters == JOBS_OF[schedule]
    assert (chosen.mini_batch_size is None) == schedule.endswith("batch")
    more = Configuration(**settings, schedule_parameters={"mappers": 3})
    assert more.schedule_parameters == JOBS_OF[schedule] | {"mappers": 3}
    assert chosen.job_startup is None
    assert Configuration(**settings | {"clock": "simulated"}).job_startup == "measured"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"job_startup": "1s"}, "job_startup is for the simulated clock"),
        ({"clock": "simulated", "job_startup": "1"}, "job start-up '1': expected seconds"),
        ({"delay_mean": "5s"}, "knows no artificial delays"),
        ({"schedule_parameters": {"mappers": 0}}, "mappers must be at least 1, not 0"),
        ({"update": "incremental-em"}, "needs more than the sums that 'mapreduce-batch' has"),
        ({"schedule": "mapreduce-asynchronous"}, "'em' needs the whole corpus"),
        (
            {"schedule": "single-batch", "schedule_parameters": {"reducers": 2}},
            "schedule 'single-batch' has no parameter 'reducers': it has none",
        ),
        ({"schedule": "single-batch", "job_startup": "1s"}, "job_startup is for MapReduce, not"),
    ],
)
def test_jobs_that_make_no_sense_are_refused(settings, message):
    with pytest.raises(StalenessError, match=message):
        Configuration(
            **{
                "task": "tagging",
                "update": "em",
                "schedule": "mapreduce-batch",
                "clock": "wall",
                **settings,
            }
        )


@pytest.mark.parametrize(
    ("task", "changes", "expected"),
    [
        ("alignment", {"schedule": "single"}, True),
        ("alignment", {"schedule": "single-batch", "update": "em"}, False),
        ("alignment", {"schedule": "parallel-batch", "update": "em", "delay_mean": "2x"}, True),
        ("alignment", {"schedule": "single-batch", "update": "em", "clock": "wall"}, True),
        ("tagging", {"schedule": "single-batch", "update": "em"}, True),
        ("ner", {"schedule": "single-batch", "update": "lbfgs"}, False),
    ],
)
def test_seeds_matter_where_something_is_drawn(task, changes, expected):
    assert varies(asdict(Configuration(task=task, **changes))) is expected
