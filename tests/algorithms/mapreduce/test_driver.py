"""The driver on an engine in this process: what it learns, and what it does when jobs are lost."""

import time
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.mapreduce.driver import ATTEMPTS, Driver, learn
from staleness.algorithms.run import run
from staleness.algorithms.seeds import generator
from staleness.kernels.core.rule import Rule

from .here import Here

HYPER_PARAMETERS = {"tagging": {"states": 5}, "alignment": {}, "ner": {}}
EPOCHS = 4
SEED = 3
# Of rounding alone: sums of float32 here, statistics of whole corpora there.
CLOSE = 1e-6


def driver_of(corpus, update, engine=None, **changes):
    """Return a driver at its beginning."""
    task = TASKS[corpus.about["task"]].configure(HYPER_PARAMETERS[corpus.about["task"]])
    settings = {
        "seed": SEED,
        "epochs": EPOCHS,
        "mini_batch_size": None,
        "mappers": 3,
        "reducers": 1,
        "jobs_in_flight": 1,
    }
    return Driver(engine or Here(), task, update.rule(), corpus, **settings | changes)


def curve_of(driver):
    """Train, and return the log-likelihoods of the beginning and of every epoch."""
    points = [driver.total * (k + 1) for k in range(EPOCHS)]
    return [metrics["log_likelihood"] for *_, metrics in learn(driver, points)]


def alone(corpus, update, **changes):
    """Return the same on one processor."""
    configuration = Configuration(
        task=corpus.about["task"],
        update=update,
        schedule="single-batch",
        epochs=EPOCHS,
        evaluations=1,
        seed=SEED,
        hyper_parameters=HYPER_PARAMETERS[corpus.about["task"]] | changes,
        clock="wall",
    )
    return run(configuration, corpus)


@pytest.mark.parametrize("mappers", [1, 2, 7, 24, 60])
@pytest.mark.parametrize(
    ("task", "update"), [("tagging", "em"), ("alignment", "em"), ("ner", "lbfgs")]
)
def test_batch_learning_is_that_of_one_processor(corpora, task, update, mappers):
    corpus = corpora[task]
    driver = driver_of(corpus, UPDATES[update](), mappers=mappers, reducers=1 + mappers % 3)
    expected = alone(corpus, update)
    np.testing.assert_allclose(curve_of(driver), expected.curve["log_likelihood"], rtol=CLOSE)
    assert driver.parameters.shape == expected.theta.shape
    np.testing.assert_allclose(driver.parameters, expected.theta, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("task", "update"), [("tagging", "em"), ("alignment", "em"), ("ner", "lbfgs")]
)
def test_metrics_are_those_of_the_whole_corpus(corpora, task, update):
    corpus = corpora[task]
    driver = driver_of(corpus, UPDATES[update](), mappers=7)
    for _ in driver.train():
        pass
    found = driver.judge(driver.theta)
    whole = TASKS[task].configure(HYPER_PARAMETERS[task])
    learner = UPDATES[update]().learner(whole.training(corpus, SEED), slots=1, workspaces=1)
    if task == "alignment":
        forward, backward = np.split(driver.parameters, [learner.model.first.parameters])
        learner.model.first.theta, learner.model.second.theta = forward, backward
    else:
        learner.theta = driver.parameters
    expected = whole.evaluate(learner, corpus)
    assert list(found) == list(expected)
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-6), name
    assert found[next(iter(whole.metrics))] != 0


@pytest.mark.parametrize("task", ["tagging", "alignment"])
def test_smoothing_is_that_of_one_processor(corpora, task):
    corpus = corpora[task]
    found = curve_of(driver_of(corpus, UPDATES["em"](smoothing=0.25)))
    expected = alone(corpus, "em", smoothing=0.25)
    np.testing.assert_allclose(found, expected.curve["log_likelihood"], rtol=CLOSE)


@pytest.mark.parametrize("mappers", [1, 2])
@pytest.mark.parametrize("task", ["tagging", "alignment"])
def test_stepwise_em_is_that_of_one_processor(corpora, task, mappers):
    """The mini-batches are known: a kernel that is given the same ones ends in the same theta."""
    corpus, update = corpora[task], UPDATES["stepwise-em"](alpha=0.8)
    driver = driver_of(corpus, update, mappers=mappers, mini_batch_size=8)
    for _ in driver.train():
        pass
    training = driver.task.training(corpus, SEED)
    learner = update.learner(training, slots=1, workspaces=1)
    size = driver.total // mappers
    orders = [
        [generator(SEED, "order", epoch, k).permutation(size) + k * size for k in range(mappers)]
        for epoch in range(EPOCHS)
    ]
    for order in orders:
        for begin in range(0, driver.total, 8):
            share = slice(begin // mappers, (begin + 8) // mappers)
            learner.compute(np.concatenate([part[share] for part in order]))
            learner.update()
    assert driver.trace["examples"].tolist() == EPOCHS * [8, 8, 8, 8, 8, 8, 8, 4]
    assert driver.updates == learner.updates == EPOCHS * 8
    np.testing.assert_allclose(driver.parameters, learner.theta, rtol=2e-3, atol=1e-5)


@pytest.mark.parametrize(
    ("epochs", "evaluations"), [(1, 0), (3, 0), (1, 1), (3, 1), (2, 3), (3, 4)]
)
@pytest.mark.parametrize("schedule", ["mapreduce-batch", "mapreduce-asynchronous"])
def test_there_are_as_many_curve_points_as_asked_for(corpora, schedule, epochs, evaluations):
    batch = schedule == "mapreduce-batch"
    configuration = Configuration(
        task="tagging",
        schedule=schedule,
        update="em" if batch else "stepwise-em",
        hyper_parameters=HYPER_PARAMETERS["tagging"],
        mini_batch_size=5,
        epochs=epochs,
        evaluations=evaluations,
    )
    result = run(configuration, corpora["tagging"])
    # None within a batch.
    points = min(evaluations, 1) if batch else evaluations
    due = np.linspace(0, epochs * 60, epochs * points + 1 if points else 2)
    assert result.curve["examples"].tolist() == due.tolist()
    known = result.summary().get("log_likelihood_by_iteration")
    if batch and (evaluations or epochs == 1):
        assert known == result.curve["log_likelihood"].tolist()
        assert len(known) == epochs + 1
    else:
        assert known is None


class Noting(Rule):
    """A rule that keeps all and only notes whose counts come."""

    asks = {"smoothing": 0.0}  # noqa: RUF012

    def __init__(self):
        self.noted = []

    def keep_and_gain(self, *, updates, mini_batch, **_):
        self.noted.append((updates, mini_batch))
        return 1.0, 0.0


@settings(max_examples=25, deadline=None)
@given(
    mappers=st.integers(1, 5),
    jobs_in_flight=st.integers(1, 5),
    mini_batch_size=st.integers(1, 100),
    order=st.lists(st.integers(0, 100), max_size=40),
    # Not so many that it is given up.
    losses=st.lists(st.booleans(), max_size=20).filter(lambda lost: sum(lost[::2]) < ATTEMPTS),
)
def test_every_job_counts_once_whatever_is_lost(
    corpora, mappers, jobs_in_flight, mini_batch_size, order, losses
):
    corpus = corpora["alignment"]
    places = iter(order)
    engine = Here(lambda jobs: next(places, 0) % jobs)
    noting = Noting()
    driver = driver_of(
        corpus,
        SimpleNamespace(rule=lambda: noting),
        engine,
        mappers=mappers,
        jobs_in_flight=jobs_in_flight,
        mini_batch_size=mini_batch_size,
        epochs=2,
    )
    # Some of them, but never so many in a row that it is given up.
    engine._losses = (lost and k % 2 == 0 for k, lost in enumerate(losses))
    start, begun, done = driver.start, [], []
    driver.start = lambda number, *rows: begun.append(number) or start(number, *rows)
    for _ in driver.train():
        done.append(driver.updates)
    trace = driver.trace
    assert done == list(range(1, len(trace) + 1)) == sorted(trace["update_number"])
    assert [updates for updates, _ in noting.noted] == list(range(len(trace)))
    assert [examples for _, examples in noting.noted] == [
        row["examples"] for row in np.sort(trace, order="update_number")
    ]
    assert driver.examples == trace["examples"].sum() == 2 * driver.total
    # Every example of the corpus in each epoch.
    training = driver.task.training(corpus, SEED)
    work = UPDATES["em"]().learner(training, slots=1, workspaces=1).work.sum()
    by_epoch = trace["work"].reshape(2, -1).sum(axis=1)
    assert by_epoch.tolist() == [work, work]
    assert (trace["attempts"] >= 1).all()
    assert trace["attempts"].sum() >= len(trace)
    assert trace["staleness"].max() < len(trace)
    if jobs_in_flight == 1:
        assert not trace["staleness"].any()
    # Of an epoch none begins before all of the one before have.
    first = list(dict.fromkeys(begun))
    assert sorted(first[: driver.deal.jobs]) == list(range(driver.deal.jobs))
    assert set(trace["examples"][:-1]) <= {mini_batch_size, trace["examples"][driver.deal.jobs - 1]}
    # Nothing is kept of what is done: a sum and a theta a job.
    assert engine.released >= 2 * len(trace)


def test_staleness_is_that_of_the_jobs_in_flight(corpora):
    driver = driver_of(
        corpora["tagging"],
        UPDATES["stepwise-em"](),
        mappers=1,
        jobs_in_flight=4,
        mini_batch_size=3,
    )
    for _ in driver.train():
        pass
    assert driver.trace["staleness"][:4].tolist() == [0, 1, 2, 3]
    assert set(driver.trace["staleness"][3:]) == {3}


@pytest.mark.parametrize("mappers", [1, 2])
@pytest.mark.parametrize("task", ["tagging", "alignment"])
def test_theta_goes_out_as_far_as_mini_batches_need_it(corpora, task, mappers):
    """A single mapper knows the rows itself."""
    engine, sent = Here(), []
    settings = {"jobs_in_flight": 2, "mini_batch_size": 2, "mappers": mappers}
    driver = driver_of(corpora[task], UPDATES["stepwise-em"](), engine, **settings)
    whole = len(driver.theta)
    broadcast, engine.broadcast = engine.broadcast, lambda v: sent.append(v) or broadcast(v)
    for _ in driver.train():
        pass
    assert len(sent) == len(driver.trace)
    assert [len(theta.values) for theta in sent[:2]] == [whole, whole]
    for theta in sent[2:]:
        assert theta.for_one == (theta.rows is None) == (mappers == 1)
        assert theta.for_one or len(theta.rows) == len(theta.values)
        assert 0 < len(theta.values) < whole


def test_what_a_job_takes_is_the_sum_of_its_parts(corpora):
    engine = Here()
    broadcast, engine.broadcast = engine.broadcast, lambda v: time.sleep(0.01) or broadcast(v)
    driver = driver_of(corpora["tagging"], UPDATES["em"](), engine)
    assert len(list(driver.train())) == EPOCHS
    trace = driver.trace
    parts = sum(trace[name] for name in ("broadcast", "queue", "map", "reduce", "update"))
    np.testing.assert_allclose(parts, trace["end"] - trace["start"], atol=1e-3)
    assert min(driver.spent) > 0


def test_an_engine_is_asked_once_what_it_is(corpora):
    engine = Here()
    driver = driver_of(corpora["tagging"], UPDATES["em"](), engine)
    assert len(list(driver.train())) == EPOCHS
    assert engine.described == 1
    theta = driver.theta.nbytes
    assert (driver.trace["bytes_moved"] > theta).all()


def test_theta_is_moved_to_every_worker(corpora, monkeypatch):
    moved = []
    for workers in (1, 3):
        about = {"name": "here", "workers": workers}
        monkeypatch.setattr(Here, "describe", lambda engine, about=about: about)
        driver = driver_of(corpora["tagging"], UPDATES["em"]())
        list(driver.train())
        moved.append(driver.trace["bytes_moved"])
    assert (moved[1] - moved[0] == 2 * driver.theta.nbytes).all()


def test_an_empty_job_changes_nothing(corpora):
    engine = Here()
    driver = driver_of(corpora["tagging"], UPDATES["em"](), engine)
    engine._losses = iter([True])
    before = driver.theta
    assert min(driver.empty_jobs(2)) > 0
    assert engine.lost == 1
    np.testing.assert_array_equal(driver.theta, before)
    assert (driver.updates, driver.examples) == (0, 0)


def test_batch_em_that_loses_jobs_is_what_it_would_have_been(corpora):
    corpus = corpora["tagging"]
    engine = Here(losses=[False] * 3 + [True, False] * 4)
    found = curve_of(driver_of(corpus, UPDATES["em"](), engine))
    assert engine.lost == 4
    assert found == curve_of(driver_of(corpus, UPDATES["em"]()))


@pytest.mark.parametrize("mappers", [1, 2])
@pytest.mark.parametrize("task", ["tagging", "alignment"])
def test_stepwise_em_that_loses_jobs_is_what_it_would_have_been(corpora, task, mappers):
    corpus, update = corpora[task], UPDATES["stepwise-em"]()
    settings = {"mappers": mappers, "mini_batch_size": 8}
    whole = driver_of(corpus, update, **settings)
    engine = Here()
    driver = driver_of(corpus, update, engine, **settings)
    engine._losses = iter([False] * 3 + [True, False, False] * 4)
    for one in (whole, driver):
        assert len(list(one.train())) == EPOCHS * one.deal.jobs
    assert engine.lost == 4
    np.testing.assert_array_equal(driver.theta, whole.theta)


def test_theta_that_is_not_finite_is_told(corpora):
    driver = driver_of(corpora["tagging"], UPDATES["em"]())
    driver.learner.model.values[:] = np.nan
    with pytest.raises(Diverged, match="not finite in mini-batch 0, after 0 updates"):
        list(driver.train())


def test_a_cluster_that_loses_everything_is_given_up(corpora):
    with pytest.raises(StalenessError, match=f"lost {ATTEMPTS} times in one job .*logs"):
        driver_of(corpora["tagging"], UPDATES["em"](), Here(losses=[True] * 100))
    driver = driver_of(corpora["tagging"], UPDATES["em"]())
    driver.engine = Here(losses=[True] * 100)
    with pytest.raises(StalenessError, match=f"lost {ATTEMPTS} times in one job .*logs"):
        list(driver.train())


def test_a_job_whose_result_is_lost_every_time_is_given_up(corpora):
    driver = driver_of(corpora["tagging"], UPDATES["em"]())
    driver.engine = Here(losses=[False, True] * 100)  # theta arrives, the result does not
    with pytest.raises(StalenessError, match=f"lost {ATTEMPTS} times in one job"):
        list(driver.train())
    assert driver.engine.lost == ATTEMPTS


def test_rows_are_those_of_theta(corpora):
    """What has no counts keeps none, and nothing is counted for what is not in a partition."""
    driver = driver_of(corpora["alignment"], UPDATES["em"](), mappers=60)
    for _ in driver.train():
        pass
    pairs = len(driver.parameters)
    assert driver.learner.model.values[:pairs].min() >= 0
    assert not driver.learner.model.values[pairs:].any()
    totals = driver.learner.model.sums()
    work = driver.task.training(corpora["alignment"], SEED)
    # Every word is explained once in each direction.
    assert totals.sum() == pytest.approx(len(work.source) + len(work.target), rel=1e-6)


def test_there_are_no_more_mappers_than_examples(corpora):
    driver = driver_of(corpora["tagging"], UPDATES["em"](), mappers=100)
    assert len(driver.deal.seats) == 60
    driver = driver_of(corpora["tagging"], UPDATES["stepwise-em"](), mappers=6, mini_batch_size=4)
    assert len(driver.deal.seats) == 4


def test_batches_have_the_whole_corpus_one_at_a_time(corpora):
    with pytest.raises(StalenessError, match="2 jobs in flight, each with the whole corpus"):
        driver_of(corpora["ner"], UPDATES["lbfgs"](), jobs_in_flight=2)


def test_schedules_of_jobs_are_no_programs():
    assert not {"mapreduce-batch", "mapreduce-asynchronous"} & set(SCHEDULES)
