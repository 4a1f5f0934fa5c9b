"""The cluster on a clock of its own: what it learns, and when."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from staleness.algorithms.configuration import TASKS, UPDATES, Configuration
from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import Measured
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.counts import Counts, add
from staleness.algorithms.mapreduce.driver import Driver
from staleness.algorithms.mapreduce.simulated import DASK, Simulated, Startup
from staleness.algorithms.run import run

from .here import Here

SETTINGS = {"tagging": {"states": 5}, "alignment": {}}
# Whole seconds: a mapper takes its work, a reducer twice that, the driver's update 3 s.
COSTS, WHOLE = Costs(compute_work=1.0, update_work=2.0), Costs(update_fixed=3.0)


def run_of(corpus, schedule, **changes):
    settings = {"processors": 24, "epochs": 4, "evaluations": 1, "seed": 3}
    task = corpus.about["task"]
    batch = schedule.endswith("batch")
    update = "em" if batch else "stepwise-em"
    chosen = {"update": update, "hyper_parameters": SETTINGS[task], **settings, **changes}
    return run(Configuration(task, schedule, **chosen), corpus)


def mapper(work):
    return Counts(np.zeros(1, np.int32), np.ones((1, 1), np.float32), examples=1, work=work)


def ticks(jobs, workers, startup):
    """Return when mappers begin and end and jobs end, second by second.

    Parameters
    ----------
    jobs : list of list of int
        The work of the mappers, by job; all are submitted at 0.
    """
    waiting = [(j, work) for j, job in enumerate(jobs) for work in job]
    busy, mapped, now = [0] * workers, [[] for _ in jobs], startup
    while waiting:
        for place, until in enumerate(busy):
            if until <= now and waiting:
                job, work = waiting.pop(0)
                mapped[job].append((now, now + work))
                busy[place] = now + work
        now += 1
    spans = [(min(begin for begin, _ in one), max(end for _, end in one)) for one in mapped]
    return spans, [end + 2 * sum(job) for job, (_, end) in zip(jobs, spans, strict=True)]


@given(
    jobs=st.lists(st.lists(st.integers(1, 9), min_size=1, max_size=6), min_size=1, max_size=4),
    workers=st.integers(1, 5),
    startup=st.integers(0, 7),
)
@example(jobs=[[2], [2]], workers=2, startup=1)
def test_mappers_of_jobs_in_flight_compete_for_workers(jobs, workers, startup):
    engine = Simulated(workers, f"{startup}s", COSTS, WHOLE)
    submitted = [engine.submit(mapper, add, job) for job in jobs]
    spans, ends = ticks(jobs, workers, startup)
    assert engine.now() == 0
    left = list(range(len(jobs)))
    while left:
        first = left.pop(engine.first([submitted[k] for k in left]))
        # Of those that end together, the one that was submitted first.
        assert first == min([first, *left], key=lambda job: (ends[job], job))
        counts = engine.result(submitted[first])
        assert engine.now() == ends[first]
        assert counts.mapped == spans[first]
        assert counts.work == sum(jobs[first])


def test_reducers_begin_when_they_have_their_share():
    engine = Simulated(3, "1s", COSTS, WHOLE)
    job = engine.submit(mapper, add, [1, 2, 6], reducers=2)
    # 1 and 6 by 1 + 6 + 14, 2 by 1 + 2 + 4; then all of them.
    engine.result(job)
    assert engine.now() == 21 + 18
    assert engine.updated(job.value) == 42 == engine.now()


def test_a_startup_grows_with_the_tasks_of_a_job():
    assert Startup.parse("2.5s") == Startup(2.5)
    assert Startup.parse("measured").of(25) == DASK.job + 25 * DASK.task
    engine = Simulated(1, "measured", COSTS, WHOLE)
    engine.result(engine.submit(lambda place: 0, sum, [0] * 7, reducers=3))
    assert engine.now() == DASK.of(7 + 3 + 1)
    with pytest.raises(StalenessError, match="'20': expected seconds as in '20s', or 'measured'"):
        Startup.parse("20")


def test_what_is_not_finite_is_told_with_the_result():
    def fail(place):
        raise FloatingPointError("inf")

    engine = Simulated(1, "1s", COSTS, WHOLE)
    job = engine.submit(fail, add, [1])
    with pytest.raises(FloatingPointError):
        engine.result(job)


@pytest.mark.parametrize("task", SETTINGS)
def test_batch_em_is_that_of_one_processor(corpora, task):
    found, alone = (run_of(corpora[task], name) for name in ("mapreduce-batch", "parallel-batch"))
    likelihoods = (one.curve["log_likelihood"] for one in (found, alone))
    np.testing.assert_allclose(*likelihoods, rtol=1e-6)
    assert (np.diff(found.curve["log_likelihood"]) > 0).all()


@pytest.mark.parametrize("task", SETTINGS)
def test_one_job_in_flight_learns_what_any_engine_does(corpora, task):
    """`test_driver` says that this is the stepwise EM of one processor."""
    corpus, drivers = corpora[task], []
    for engine in (Here(), Simulated(1, "1s", COSTS, WHOLE)):
        driver = Driver(
            engine,
            TASKS[task].configure(SETTINGS[task]),
            UPDATES["stepwise-em"]().rule(),
            corpus,
            **{"seed": 3, "epochs": 2, "mini_batch_size": 8},
            **{"mappers": 1, "reducers": 1, "jobs_in_flight": 1},
        )
        assert len(list(driver.train())) == len(driver.trace) > 2
        drivers.append(driver)
    np.testing.assert_array_equal(drivers[0].parameters, drivers[1].parameters)


@pytest.mark.parametrize("schedule", ["mapreduce-batch", "mapreduce-asynchronous"])
def test_a_run_is_a_function_of_its_configuration(corpora, schedule):
    made = [
        run_of(
            corpora["alignment"], schedule, mini_batch_size=8, schedule_parameters={"mappers": 2}
        ).summary()
        for _ in range(2)
    ]
    for name in ("curve_sha256", "theta_sha256", "seconds", "engine"):
        assert made[0][name] == made[1][name]
    assert made[0]["engine"]["workers"] == 24
    assert made[0]["cost_model"]["seconds"]["compute_work"] > 0


def test_a_trace_adds_up(corpora):
    found = run_of(
        corpora["alignment"],
        "mapreduce-asynchronous",
        mini_batch_size=4,
        schedule_parameters={"mappers": 2},
        processors=1,
        job_startup="0.5s",
    )
    trace = found.trace
    parts = sum(trace[name] for name in ("broadcast", "queue", "map", "reduce", "update"))
    np.testing.assert_allclose(parts, trace["end"] - trace["start"])
    assert (trace["queue"] >= 0.5 - 1e-9).all()
    assert trace["staleness"][4:].tolist() == [3] * (len(trace) - 4)
    assert found.seconds == trace["end"].max() == found.curve["time_s"][-1]
    np.testing.assert_allclose(found.engine["empty_job_seconds"], 0.5)
    # Four of them are under way at once.
    assert found.seconds < 0.5 * len(trace)


def test_the_update_takes_the_driver_what_that_of_a_batch_takes(corpora):
    """It has all parameters before it, however few a mini-batch touches."""
    found = run_of(corpora["tagging"], "mapreduce-asynchronous", mini_batch_size=4)
    costs = Measured().costs("tagging", "em", None)
    assert costs.update_fixed != Measured().costs("tagging", "stepwise-em", None).update_fixed
    assert found.engine["update_fixed"] == costs.update_fixed
    assert found.engine["update_work"] == costs.update_work


def test_of_a_batch_the_startup_moves_the_clock_and_nothing_else(corpora):
    corpus = corpora["tagging"]
    short, long = (
        run_of(corpus, "mapreduce-batch", job_startup=f"{seconds}s") for seconds in (1, 3)
    )
    np.testing.assert_array_equal(short.theta, long.theta)
    np.testing.assert_allclose(long.curve["time_s"] - short.curve["time_s"], 2 * np.arange(5))


def test_numbers_of_2010_are_known_for_ner(corpora):
    settings = {"update": "lbfgs", "epochs": 1, "evaluations": 0, "cost": "paper"}
    found = run(Configuration("ner", "mapreduce-batch", **settings), corpora["ner"])
    work = found.trace["work"].sum()
    mean = work / found.trace["examples"].sum()
    assert found.trace["map"][0] == pytest.approx(0.62 / 4 / mean * work)
