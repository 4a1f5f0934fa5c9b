"""Calibration: linear costs from noisy durations."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.arrays import EncodedCorpus
from staleness.algorithms.clocks import TRACE
from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import REFERENCE, Measured
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run
from staleness.algorithms.seeds import visiting_order
from staleness.workflow.machine import calibrate as module
from staleness.workflow.machine.calibrate import (
    MINI_BATCH_SIZES,
    _at_least,
    calibrate,
    fit,
    fit_trace,
    read,
    time_average,
    write,
)

from ...algorithms.synthetic import calibrated, finish, make_clock


def durations(rng, coefficients, noise=0.0, outliers=0.0, count=3000):
    """Return columns and seconds as a calibration's: sizes of 1 to 256, multiplicative noise."""
    examples = rng.choice(MINI_BATCH_SIZES, size=count).astype(float)
    work = np.round(examples * rng.uniform(5, 25, size=count))
    columns = [np.ones(count), examples, work]
    seconds = np.stack(columns, axis=1) @ coefficients
    seconds *= rng.lognormal(sigma=noise, size=count)
    interrupted = rng.random(count) < outliers
    seconds[interrupted] += rng.uniform(1e-3, 1e-2, size=interrupted.sum())
    return columns, seconds


TRUE = np.array([2e-6, 8e-7, 1.5e-7])


def test_exact_durations_give_exact_costs():
    columns, seconds = durations(np.random.default_rng(0), TRUE)
    found = fit(columns, seconds)
    np.testing.assert_allclose(found.coefficients, TRUE, rtol=1e-6)
    assert found.r2 == pytest.approx(1.0, abs=1e-9)
    assert found.residuals == pytest.approx([1.0, 1.0, 1.0])
    assert found.left_out == 0


@pytest.mark.parametrize("outliers", [0.0, 0.02, 0.1])
def test_noise_and_interruptions(outliers):
    columns, seconds = durations(np.random.default_rng(1), TRUE, 0.05, outliers)
    found = fit(columns, seconds)
    coefficients = found.coefficients
    np.testing.assert_allclose(coefficients, TRUE, rtol=0.15)
    assert 0.95 < found.r2 <= 1.0
    # 5 and 95 % of a spread of 5 % are 1.64 times that from the middle.
    np.testing.assert_allclose(found.residuals, np.exp([-0.082, 0, 0.082]), rtol=0.03)
    assert outliers * 0.8 <= found.left_out <= outliers + 0.01
    # What counts: the times that the costs predict, for small mini-batches as for large ones.
    design = np.stack(columns, axis=1)
    np.testing.assert_allclose(design @ coefficients, design @ TRUE, rtol=0.05)


@pytest.mark.parametrize(("late", "share"), [(8e-6, 0.0), (1e-3, 0.02)])
def test_what_is_late_by_less_than_a_switch_of_threads_is_not_left_out(late, share):
    columns, seconds = durations(np.random.default_rng(0), TRUE)
    seconds[::50] += late
    assert fit(columns, seconds).left_out == pytest.approx(share)


def test_a_cost_that_is_not_there_is_zero():
    """Least squares alone would make it negative for about half of the seeds."""
    for seed in range(10):
        true = np.array([0.0, 0.0, 1.5e-7])
        columns, seconds = durations(np.random.default_rng(seed), true, 0.1)
        coefficients = np.array(fit(columns, seconds).coefficients)
        assert (coefficients >= 0).all()
        np.testing.assert_allclose(coefficients[2], true[2], rtol=0.1)
        assert (coefficients[:2] < 2e-7).all()


def test_a_cost_is_not_dropped_for_good():
    """With both costs in, example comes out most negative; without it, fixed is positive again.

    Dropping the most negative of all three first would leave the work alone.
    """
    rng = np.random.default_rng(5)
    design = np.array([[1.0, 1.0, 9.0], [1.0, 2.0, 12.0], [1.0, 3.0, 30.0], [1.0, 4.0, 28.0]])
    for _ in range(200):
        design[:, 2] = rng.uniform(1, 30, size=4)
        seconds = rng.uniform(0.1, 1.0, size=4)
        found = _at_least(0.0, design, seconds)
        assert (found >= 0).all()
        # The best of all subsets of the columns.
        errors = []
        for kept in itertools.product([False, True], repeat=3):
            columns = design[:, list(kept)]
            some, *_ = np.linalg.lstsq(columns, seconds, rcond=None)
            if (some >= 0).all():
                errors.append(np.sum((columns @ some - seconds) ** 2))
        assert np.sum((design @ found - seconds) ** 2) == pytest.approx(min(errors), rel=1e-9)


def test_costs_have_a_least():
    """What is fitted then is what comes on top, as well as it can be."""
    columns, seconds = durations(np.random.default_rng(3), TRUE)
    least = TRUE * [0.5, 1.5, 0.5]
    found = fit(columns, seconds, least=least)
    assert (found.coefficients >= least).all()
    assert found.coefficients[1] == least[1], "held there"
    design = np.stack(columns, axis=1)
    np.testing.assert_allclose(design @ found.coefficients, seconds, rtol=0.35)
    assert found.residuals[0] < 1 < found.residuals[2], "and that it does not fit is seen"
    np.testing.assert_allclose(fit(columns, seconds, least=TRUE / 2).coefficients, TRUE, rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(0, 1e-5), min_size=3, max_size=3),
    st.floats(0, 0.3),
)
def test_costs_are_never_negative(seed, true, noise):
    true = np.maximum(true, [0.0, 0.0, 1e-8])
    columns, seconds = durations(np.random.default_rng(seed), true, noise, count=300)
    # A clock that is too coarse for the shortest.
    seconds[:5] = 0.0
    coefficients = np.array(fit(columns, seconds).coefficients)
    assert np.isfinite(coefficients).all()
    assert (coefficients >= 0).all()
    assert coefficients.any()


def test_of_a_skewed_spread_the_mean_counts():
    """What a run takes in all is what its costs must add up to."""
    rng = np.random.default_rng(2)
    columns, seconds = durations(rng, TRUE)
    spread = rng.lognormal(sigma=0.3, size=len(seconds))
    coefficients = fit(columns, seconds * spread / spread.mean()).coefficients
    design = np.stack(columns, axis=1)
    np.testing.assert_allclose((design @ coefficients).sum(), (design @ TRUE).sum(), rtol=0.05)


@pytest.mark.parametrize("schedule", ["single", "asynchronous", "lock-free", "synchronous"])
def test_costs_come_back_from_traces_that_they_made(corpus, schedule):
    true = Costs(2e-6, 8e-7, 1.5e-7, 1e-6, 2e-8, 0.0, 5e-7 if schedule == "synchronous" else 0.0)
    task = TASKS["ner"]()
    processors = 1 if schedule == "single" else 2
    traces = []
    for size in (1, 4, 16):
        learner = (
            UPDATES["sgd"]
            .configure({})
            .learner(task.training(corpus, seed=0), slots=processors, workspaces=1)
        )
        order = visiting_order(0, len(learner.work), 2)
        program = SCHEDULES[schedule]().program
        clock = make_clock("simulated", learner, program, processors, size, order, costs=true)
        finish(clock)
        traces.append(clock.trace)
    found = fit_trace(program, processors, traces)
    np.testing.assert_allclose(Costs(**found["costs"]), true, rtol=1e-6, atol=1e-12)
    for part in ("compute", "update"):
        assert found[part]["residuals"] == pytest.approx([1.0, 1.0, 1.0], rel=1e-6)
        assert found[part]["left_out"] == 0
    # Those of one thread alone may be above what was measured here.
    alone = Costs(1e-6, 9e-7, 1.5e-7, 2e-6, 1e-8)
    held = Costs(**fit_trace(program, processors, traces, alone)["costs"])
    assert all(cost >= least for cost, least in zip(held[:5], alone[:5], strict=True))


def test_all_sizes_weigh_the_same():
    """However many mini-batches they make."""
    traces = []
    for count, seconds in ((300, 1e-5), (3, 2e-5)):
        trace = np.zeros(count, dtype=TRACE)
        trace["examples"] = trace["work"] = 1
        trace["update"] = seconds
        trace["end"] = 2 * seconds
        traces.append(trace)
    found = Costs(**fit_trace(SCHEDULES["single"].program, 1, traces)["costs"])
    assert sum(found[:3]) == pytest.approx(1.5e-5)
    assert found.update_fixed == pytest.approx(1.5e-5)


def record(told):
    """Return a `beside` that keeps round, schedule, processors and mini-batch size."""

    def beside(number, cell):
        assert (cell.clock, cell.seed, cell.evaluations) == ("wall", 0, 0)
        told.append((number, cell.schedule, cell.processors, cell.mini_batch_size))

    return beside


@pytest.mark.slow
@pytest.mark.parametrize("processors", [1, 2])
def test_a_calibration_is_a_cost_model(corpus, tmp_path, monkeypatch, processors):
    monkeypatch.setattr("staleness.workflow.machine.calibrate.ROUNDS", 1)
    told = []
    found = calibrate("ner", "sgd", corpus, processors=processors, beside=record(told))
    sharing = ["asynchronous", "lock-free", "synchronous"] if processors > 1 else []
    assert set(found["shared"]) == set(sharing)
    plan = {"single": 1, **dict.fromkeys(sharing, processors)}
    assert set(told) == {(0, s, p, m) for s, p in plan.items() for m in MINI_BATCH_SIZES}
    costs = Costs(**found["costs"])
    assert all(cost >= 0 for cost in costs)
    assert 0 < costs.of_mini_batch(1, len(corpus["train.labels"]) / 60) < 1e-2
    assert found["corpus"] == "synthetic-tests"
    assert found["mini_batches"] > 100
    path = tmp_path / "own" / "calibration.json"
    write(path, {"ner": {"sgd": found}})
    model = Measured(path)
    assert model.costs("ner", "sgd", None) == costs
    for schedule in sharing:
        shared = Costs(**found["shared"][schedule]["costs"])
        shared = shared._replace(average_replica=costs.average_replica)
        at_two = model.costs("ner", "sgd", None, schedule, 2)
        np.testing.assert_allclose(at_two, shared, rtol=1e-9, atol=1e-15)
    assert json.loads(path.read_text())["machine"]["cores"] >= 1


def test_what_is_measured_can_be_chosen(corpus):
    told = []
    found = calibrate(
        "ner",
        "sgd",
        corpus,
        processors=2,
        schedules={"asynchronous"},
        mini_batch_sizes=[4, 8],
        epochs=3,
        rounds=2,
        beside=record(told),
    )
    cells = [("single", 1, 4), ("asynchronous", 2, 4), ("single", 1, 8), ("asynchronous", 2, 8)]
    assert told == [(number, *cell) for number in (0, 1) for cell in cells]
    assert found["shared"].keys() == {"asynchronous"}
    assert found["mini_batches"] == 45 + 23, "of single, one run a size"


def test_a_rule_of_batches_is_measured_in_batches(corpus, tmp_path, monkeypatch):
    """Whole passes: their time is laid on the tokens, that of updates on nothing."""
    monkeypatch.setattr(module, "ROUNDS", 2)
    told = []
    found = calibrate("ner", "lbfgs", corpus, processors=2, beside=record(told))
    assert told == [(0, "single-batch", 1, None), (1, "single-batch", 1, None)]
    assert (found["processors"], found["shared"]) == (1, {})
    assert found["mini_batches"] == module.BATCH_EPOCHS
    costs = Costs(**found["costs"])
    assert costs == Costs(compute_work=costs.compute_work, update_fixed=costs.update_fixed)
    path = tmp_path / "calibration.json"
    write(path, {"ner": {"lbfgs": found}})
    settings = {"task": "ner", "update": "lbfgs", "epochs": 3, "calibration": str(path)}
    alone = run(Configuration(schedule="single-batch", **settings), corpus)
    tokens = len(corpus["train.labels"])
    each = costs.compute_work * tokens + costs.update_fixed
    assert alone.seconds == pytest.approx(3 * each, rel=1e-9)
    # Calc is split over the processors, the update is not.
    halves = run(Configuration(schedule="parallel-batch", processors=2, **settings), corpus)
    shares = halves.trace["work"].reshape(3, 2).max(axis=1).sum()
    expected = costs.compute_work * shares + 3 * costs.update_fixed
    assert halves.seconds == pytest.approx(expected, rel=1e-9)
    assert halves.theta.tobytes() == alone.theta.tobytes()


def test_what_a_batch_costs_comes_back(corpus, monkeypatch):
    true = Costs(compute_work=3e-7, update_fixed=2e-3)

    def simulate(cell, corpus, judge):
        learner = UPDATES[cell.update]().learner(
            TASKS[cell.task]().training(corpus, seed=0), slots=1, workspaces=1
        )
        size = len(learner.work)
        order = visiting_order(0, size, cell.epochs)
        clock = make_clock(
            "simulated", learner, SCHEDULES[cell.schedule]().program, 1, size, order, costs=true
        )
        finish(clock)
        learner.close()
        return SimpleNamespace(trace=clock.trace, seconds=clock.time)

    monkeypatch.setattr(module, "run", simulate)
    found = calibrate("ner", "lbfgs", corpus)
    np.testing.assert_allclose(Costs(**found["costs"]), true, rtol=1e-9)


@pytest.mark.parametrize("processors", [2, 3])
def test_an_average_is_timed_from_the_rows_that_hold_it(corpus, monkeypatch, processors):
    """The rows are by mini-batch; every fourth update of processor 0 holds an average too."""
    update, average, turns = 1e-5, 6e-3, 21
    trace = np.zeros(turns * processors, dtype=TRACE)
    trace["processor"] = np.tile(np.arange(processors), turns)
    trace["update"] = update
    mine = np.flatnonzero(trace["processor"] == 0)
    trace["update"][mine[3::4]] += average
    # What others do is no average, however long it takes.
    trace["update"][trace["processor"] != 0] = 1.0
    cells = []

    def made_up(cell, corpus, judge):
        cells.append(cell)
        return SimpleNamespace(trace=trace)

    monkeypatch.setattr(module, "run", made_up)
    found = time_average("ner", "sgd", corpus, 60, processors, rounds=3)
    assert found == pytest.approx(average / processors, rel=1e-9)
    assert [(c.schedule, c.processors, c.schedule_parameters) for c in cells] == [
        ("replicated", processors, {"average_every": 4})
    ] * 3


def test_an_average_that_takes_nothing_costs_nothing(corpus, monkeypatch):
    trace = np.zeros(40, dtype=TRACE)
    trace["update"] = np.linspace(2e-5, 1e-5, 40)  # the later the faster
    monkeypatch.setattr(module, "run", lambda *_, **__: SimpleNamespace(trace=trace))
    assert time_average("ner", "sgd", corpus, 60, 1, rounds=1) == 0.0


def without_gold(task):
    """Return a small corpus for unsupervised learning."""
    rng = np.random.default_rng(1)
    about = {"task": task, "corpus": "synthetic-tests", "words": 9, "tags": [], "linked_pairs": 0}
    about |= {"source_words": 9, "target_words": 9}
    arrays = {}
    for prefix, name in (("", "words"), ("source_", "source"), ("target_", "target")):
        offsets = np.cumsum([0, *rng.integers(1, 9, size=150)])
        arrays[f"train.{prefix}offsets"] = offsets
        words = np.arange(offsets[-1], dtype=np.int32) % 9
        arrays[f"train.{name}"] = rng.permutation(words)
    return EncodedCorpus(about, arrays)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("task", "update"),
    [(task, name) for name, rule in UPDATES.items() for task in rule.tasks if task != "ner"],
)
def test_every_rule_of_every_task_can_be_measured(task, update, monkeypatch):
    monkeypatch.setattr(module, "ROUNDS", 1)
    monkeypatch.setattr(module, "MOST_EPOCHS", 2)
    found = calibrate(task, update, without_gold(task), processors=2)
    rule = UPDATES[update]
    shared = {
        name
        for name, kind in SCHEDULES.items()
        if kind.shares_theta() and rule.skip(task, kind) is None
    }
    assert found["shared"].keys() == (set() if rule.batch else shared)
    assert sum(found["costs"].values()) > 0
    if not rule.replicas:
        assert found["costs"]["average_replica"] == 0.0


FIT = calibrated({"compute_work": 1e-6})


def test_a_file_is_read_to_be_written_with_more(tmp_path):
    path = tmp_path / "calibration.json"
    assert read(path) == {}
    write(path, {"ner": {"sgd": FIT}})
    kept = read(path)
    assert kept == {"ner": {"sgd": FIT}}
    kept["ner"]["lbfgs"] = calibrated({"compute_work": 2e-6})
    write(path, kept)
    model = Measured(path)
    assert model.costs("ner", "sgd", None) == Costs(compute_work=1e-6)
    assert model.costs("ner", "lbfgs", None) == Costs(compute_work=2e-6)


def test_what_is_measured_now_does_not_mix_with_an_old_format(tmp_path):
    path = tmp_path / "calibration.json"
    path.write_text(json.dumps({**json.loads(REFERENCE.read_text()), "format": 2}))
    with pytest.raises(StalenessError, match="its format is 2, not 4"):
        read(path)


def test_the_machine_is_what_it_was_before(tmp_path):
    """Its load afterwards is that of the measurement."""
    path = tmp_path / "calibration.json"
    write(path, {"ner": {"sgd": FIT}}, {"processor": "abacus", "load": 0.1})
    assert json.loads(path.read_text())["machine"]["load"] == 0.1


def test_costs_of_two_machines_do_not_mix(tmp_path, monkeypatch):
    path = tmp_path / "calibration.json"
    write(path, {"ner": {"sgd": FIT}})
    here = module.machine()
    monkeypatch.setattr(module, "machine", lambda: here | {"load": 99.0})
    assert read(path)
    for name in ("processor", "architecture", "cores", "physical_cores"):
        monkeypatch.setattr(module, "machine", lambda name=name: here | {name: "abacus"})
        with pytest.raises(StalenessError, match=rf"of another machine .*; this is .*{name} abacu"):
            read(path)
    path.write_text("{}")
    with pytest.raises(StalenessError, match="not a calibration file"):
        read(path)


def test_of_some_rounds_the_median_counts(monkeypatch):
    results = iter([SimpleNamespace(seconds=s, trace=s) for s in (3.0, 1.0, 2.0)])
    monkeypatch.setattr(module, "run", lambda *_, **__: next(results))
    assert module.median_traces(["cell"], None, 3) == [2.0]


def test_a_run_has_two_epochs_at_least(corpus, monkeypatch):
    """In the first, theta is far from where it settles."""
    told = []
    monkeypatch.setattr(module, "EXAMPLES", 1)
    monkeypatch.setattr(module, "run", lambda cell, *_, **__: told.append(cell) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        calibrate("ner", "sgd", corpus, processors=1, rounds=1)
    assert [cell.epochs for cell in told] == [2]
