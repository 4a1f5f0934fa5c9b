"""Runs: configuration in, curve, trace and theta out."""

import signal
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.costs.paper import Paper
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.run import run
from staleness.workflow.machine import calibrate

from .synthetic import CORES, calibrated

BASE = Configuration(task="ner", schedule="single", epochs=2, evaluations=3)
# A bound on what should take a moment, for machines that are busy.
AT_MOST = 60.0


def test_a_corpus_of_another_task(corpus):
    other = replace(corpus, about=corpus.about | {"task": "tagging"})
    with pytest.raises(StalenessError, match="a corpus for tagging: give one for ner"):
        run(BASE, other)


def test_more_processors_than_cores(corpus):
    wall = {"schedule": "asynchronous", "clock": "wall", "processors": CORES + 1}
    with pytest.raises(StalenessError, match="take '--clock simulated', fewer processors, or"):
        run(replace(BASE, **wall), corpus)
    result = run(replace(BASE, **wall, oversubscribe=True), corpus)
    assert result.curve["examples"][-1] == 120


# ---- curves -------------------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_a_curve_begins_before_any_update_and_ends_after_all(corpus, clock):
    result = run(replace(BASE, clock=clock, mini_batch_size=5), corpus)
    curve = result.curve
    assert curve["examples"].tolist() == [0, 20, 40, 60, 80, 100, 120]
    assert curve["updates"].tolist() == [0, 4, 8, 12, 16, 20, 24]
    np.testing.assert_allclose(curve["epoch"], np.arange(7) / 3, rtol=1e-12)
    assert curve["time_s"][0] == 0.0
    assert (np.diff(curve["time_s"]) > 0).all()
    assert curve["time_s"][-1] == result.seconds
    assert set(curve) == {"time_s", "updates", "examples", "epoch", *TASKS["ner"].metrics}
    tokens = len(corpus["dev.labels"])
    assert curve["log_likelihood"][0] == pytest.approx(-tokens * np.log(5), rel=1e-6)
    assert result.work == 2 * len(corpus["train.labels"])
    assert result.real_seconds > 0


def test_learning_learns(corpus):
    curve = run(replace(BASE, epochs=8), corpus).curve
    assert curve["f1"][0] < 0.2
    assert curve["f1"][-1] > 0.6
    assert curve["log_likelihood"][-1] > 0.5 * curve["log_likelihood"][0]


def test_metrics_are_of_the_final_theta(corpus):
    result = run(BASE, corpus)
    training = TASKS["ner"]().training(corpus, seed=0)
    learner = UPDATES["sgd"]().learner(training, slots=1, workspaces=1)
    learner.theta = result.theta
    metrics = TASKS["ner"]().evaluate(learner, corpus)
    assert metrics["f1"] == result.curve["f1"][-1]
    assert metrics["log_likelihood"] == pytest.approx(result.curve["log_likelihood"][-1], rel=1e-6)


@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_without_evaluations_there_are_the_first_point_and_the_last(corpus, clock):
    curve = run(replace(BASE, evaluations=0, clock=clock), corpus).curve
    examples = len(corpus["train.offsets"]) - 1
    assert curve["examples"].tolist() == [0, BASE.epochs * examples]
    assert (curve["time_s"][0], curve["updates"][0]) == (0, 0)
    assert curve["f1"][-1] == run(replace(BASE, clock=clock), corpus).curve["f1"][-1]


@pytest.mark.parametrize("clock", ["simulated", "wall"])
@pytest.mark.parametrize(("epochs", "evaluations"), [(1, 1), (3, 1), (2, 3), (3, 4)])
def test_there_are_as_many_curve_points_as_asked_for(corpus, clock, epochs, evaluations):
    asked = {"mini_batch_size": 1, "epochs": epochs, "evaluations": evaluations, "clock": clock}
    curve = run(replace(BASE, **asked), corpus).curve
    due = [60 * epochs * k // (epochs * evaluations) for k in range(epochs * evaluations + 1)]
    assert curve["examples"].tolist() == due


@pytest.mark.parametrize("schedule", ["single-batch", "parallel-batch"])
@pytest.mark.parametrize(("epochs", "evaluations"), [(1, 0), (3, 0), (3, 1), (3, 2)])
def test_likelihoods_are_those_of_their_iterations_or_not_there(
    corpus, schedule, epochs, evaluations
):
    batch = replace(BASE, schedule=schedule, update="lbfgs", hyper_parameters={})
    every = run(replace(batch, epochs=3, evaluations=1), corpus).curve["log_likelihood"]
    result = run(replace(batch, epochs=epochs, evaluations=evaluations), corpus)
    known = result.summary().get("log_likelihood_by_iteration")
    if evaluations or epochs == 1:
        assert known == every[: epochs + 1].tolist()
    else:
        assert known is None
    without = {name: values for name, values in result.curve.items() if name != "log_likelihood"}
    assert "log_likelihood_by_iteration" not in replace(result, curve=without).summary()


@pytest.mark.parametrize("few", [0, 1])
def test_more_curve_points_change_nothing_else(corpus, few):
    """Evaluation takes no time and touches no bit of theta."""
    seldom = run(replace(BASE, evaluations=few, hyper_parameters={"l2": 50.0}), corpus)
    often = run(replace(BASE, evaluations=15, hyper_parameters={"l2": 50.0}), corpus)
    assert len(often.curve["f1"]) > 15 > len(seldom.curve["f1"])
    assert often.theta.tobytes() == seldom.theta.tobytes()
    assert often.trace.tobytes() == seldom.trace.tobytes()
    assert often.curve["f1"][-1] == seldom.curve["f1"][-1]


@pytest.mark.parametrize("schedule", ["single", "asynchronous", "replicated", "lock-free"])
def test_a_scale_that_nobody_looks_at(corpus, schedule):
    """A strong decay makes SGD's scale leave float32's range many times over."""
    strong = replace(
        BASE,
        schedule=schedule,
        processors=1 if schedule == "single" else 3,
        mini_batch_size=1,
        epochs=30,
        hyper_parameters={"l2": 50.0, "step_size": 0.3},
    )
    never, often = (run(replace(strong, evaluations=n), corpus) for n in (0, 4))
    assert never.theta.tobytes() == often.theta.tobytes()
    assert never.trace.tobytes() == often.trace.tobytes()
    assert never.curve["f1"][-1] == often.curve["f1"][-1]


# ---- reproducibility ----------------------------------------------------------------------------


@pytest.mark.parametrize("cost", ["measured", "paper"])
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_the_same_configuration_gives_the_same_bytes(corpus, schedule, cost):
    processors = 4 if SCHEDULES[schedule].skip(4) is None else 1
    configuration = replace(BASE, schedule=schedule, processors=processors, cost=cost)
    first, second = run(configuration, corpus), run(configuration, corpus)
    assert first.trace.tobytes() == second.trace.tobytes()
    assert first.theta.tobytes() == second.theta.tobytes()
    assert first.summary()["curve_sha256"] == second.summary()["curve_sha256"]
    assert first.seconds == second.seconds > 0
    other = run(replace(configuration, seed=1), corpus)
    assert other.theta.tobytes() != first.theta.tobytes()
    assert other.summary()["curve_sha256"] != first.summary()["curve_sha256"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_processor_is_the_same_on_both_clocks(corpus, schedule):
    configuration = replace(BASE, schedule=schedule)
    simulated = run(configuration, corpus)
    wall = run(replace(configuration, clock="wall"), corpus)
    assert wall.theta.tobytes() == simulated.theta.tobytes()
    for name, values in simulated.curve.items():
        if name != "time_s":
            assert wall.curve[name].tobytes() == values.tobytes(), name
    assert not simulated.trace["staleness"].any()
    assert not wall.trace["staleness"].any()


def test_all_schedules_see_the_same_order(corpus):
    """Common random numbers: mini-batch k is of the same examples whoever does it."""
    runs = [
        run(replace(BASE, schedule=schedule, processors=processors), corpus)
        for schedule, processors in (("single", 1), ("asynchronous", 4))
    ]
    assert runs[0].trace["work"].tolist() == runs[1].trace["work"].tolist()
    synchronous = run(replace(BASE, schedule="synchronous", processors=2), corpus)
    work = synchronous.trace["work"].reshape(-1, 2).sum(axis=1)
    assert work.tolist() == runs[0].trace["work"].tolist()


def test_synchronous_learning_is_single_processor_learning(corpus):
    thetas = [
        run(
            replace(BASE, schedule="synchronous", processors=p, clock=clock), corpus
        ).theta.tobytes()
        for p, clock in ((1, "simulated"), (2, "simulated"), (7, "simulated"), (1, "wall"))
    ]
    assert set(thetas) == {run(BASE, corpus).theta.tobytes()}


def test_the_costs_told_beside_those_of_sharing_are_of_one_processor(corpus):
    alone = run(BASE, corpus).cost_model
    shared = run(replace(BASE, schedule="asynchronous", processors=2), corpus).cost_model
    assert shared["seconds"] == alone["seconds"] == alone["seconds_shared"]
    assert shared["seconds"] != shared["seconds_shared"]


# ---- delays -------------------------------------------------------------------------------------


def test_delays_are_counted_in_mean_mini_batches(corpus):
    """Of the paper's cost one takes 0.62 s, so that 8x and 4.96s are the same pauses."""
    base = replace(BASE, schedule="asynchronous", processors=4, cost="paper")
    relative = run(replace(base, delay_mean="8x"), corpus)
    absolute = run(replace(base, delay_mean="4.96s"), corpus)
    np.testing.assert_allclose(relative.trace["delay"], absolute.trace["delay"], rtol=1e-9)
    paused = relative.trace["delay"][relative.trace["delay"] > 0]
    assert 0 < len(paused) < len(relative.trace)
    assert 4 < paused.mean() < 6
    assert relative.seconds > run(base, corpus).seconds


def test_the_last_mini_batch_has_a_pause_too(corpus):
    base = replace(BASE, mini_batch_size=7, delay_mean="1s", delay_probability=1.0)
    delays = run(base, corpus).trace["delay"]
    assert len(delays) == 18  # the last of a single example
    assert (delays > 0).all()


def test_all_schedules_meet_the_same_delays(corpus):
    """Common random numbers: the j-th pause of processor p, whatever it is computing."""
    base = replace(BASE, delay_mean="1s", delay_probability=0.5, cost="paper")
    single = run(base, corpus).trace["delay"]
    synchronous = run(replace(base, schedule="synchronous", processors=3), corpus).trace
    asynchronous = run(replace(base, schedule="asynchronous", processors=3), corpus).trace
    assert synchronous["delay"][::3].tolist() == single.tolist()
    for p in range(3):
        mine = np.sort(asynchronous[asynchronous["processor"] == p], order="start")["delay"]
        expected = synchronous[synchronous["processor"] == p]["delay"]
        assert mine.tolist() == expected[: len(mine)].tolist()


def test_pauses_in_mini_batches_do_not_depend_on_the_schedule(corpus, tmp_path):
    """Also where a mini-batch takes processors that share theta ten times as long."""
    path = tmp_path / "calibration.json"
    alone, shared = {"compute_work": 1e-3}, {"compute_work": 1e-2}
    fit = calibrated(alone, processors=2, shared={"asynchronous": calibrated(shared)})
    calibrate.write(path, {"ner": {"sgd": fit}})
    base = replace(BASE, delay_mean="2x", delay_probability=1.0, calibration=str(path))
    pauses = {}
    for schedule, processors in (("single", 1), ("synchronous", 2), ("asynchronous", 2)):
        trace = run(replace(base, schedule=schedule, processors=processors), corpus).trace
        mine = np.sort(trace[trace["processor"] == 0], order="start")["delay"]
        pauses[schedule] = mine.tolist()
    shortest = min(map(len, pauses.values()))
    assert len({tuple(found[:shortest]) for found in pauses.values()}) == 1
    # Of 4 sentences, and of the costs of one processor alone.
    mean = 2 * 1e-3 * 4 * len(corpus["train.labels"]) / 60
    np.testing.assert_allclose(np.mean(pauses["single"]), mean, rtol=0.2)


def test_on_the_wall_clock_they_are_those_of_the_cost_model(corpus, tmp_path):
    """Threads sleep as long as virtual processors do."""
    path = tmp_path / "calibration.json"
    calibrate.write(path, {"ner": {"sgd": calibrated({"compute_work": 1e-5})}})
    base = replace(BASE, delay_mean="2x", delay_probability=1.0, calibration=str(path))
    least = run(base, corpus).trace["delay"]
    assert (run(replace(base, clock="wall"), corpus).trace["delay"] >= least).all()
    assert least.min() > 0


@pytest.mark.parametrize(
    ("mean", "said"), [("2x", Paper().describe()), ("0.001s", None), (None, None)]
)
def test_what_pauses_were_counted_by_is_said(corpus, mean, said):
    configuration = replace(BASE, delay_mean=mean, delay_probability=0.0, cost="paper")
    simulated, wall = (
        run(replace(configuration, clock=clock), corpus).summary()["cost_model"]
        for clock in ("simulated", "wall")
    )
    assert wall == {name: said and simulated[name] for name in ("description", "seconds")}
    assert wall["description"] == said


def test_a_calibration_is_of_measured_costs():
    with pytest.raises(StalenessError, match="a calibration is for cost 'measured', not for 'p"):
        replace(BASE, cost="paper", calibration="mine.json")


@pytest.mark.parametrize("probability", [0.0, 1.0])
def test_how_probable_a_delay_is(corpus, probability):
    base = replace(BASE, delay_mean="0.001s", delay_probability=probability)
    for clock in ("simulated", "wall"):
        delays = run(replace(base, clock=clock), corpus).trace["delay"]
        assert (delays > 0).mean() == probability


@pytest.mark.parametrize("mean", [None, "0.001s"])
def test_the_wall_clock_needs_no_calibration(corpus, tmp_path, mean):
    """Or else nothing new could ever be calibrated: `calibrate` runs on it."""
    path = tmp_path / "calibration.json"
    calibrate.write(path, {})
    result = run(replace(BASE, clock="wall", calibration=str(path), delay_mean=mean), corpus)
    assert result.curve["examples"][-1] == 120


# ---- ends before the end ------------------------------------------------------------------------


@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_divergence_is_an_error(corpus, clock):
    configuration = replace(
        BASE, clock=clock, hyper_parameters={"step_size": 1e37, "l2": 0.0}, evaluations=1
    )
    with pytest.raises(Diverged, match="finite"):
        run(configuration, corpus)
    assert not [t for t in threading.enumerate() if t.name.startswith("processor-")]


@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_progress_is_told(corpus, clock):
    told = []
    run(replace(BASE, clock=clock), corpus, progress=lambda *now: told.append(now))
    assert [done for done, _, _ in told] == sorted(done for done, _, _ in told)
    assert told[-1][:2] == (120, 120)
    assert set(told[-1][2]) == set(TASKS["ner"].metrics)


@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_an_error_of_the_progress_bar_ends_all_threads(corpus, clock):
    def fail(*_):
        raise RuntimeError("no terminal")

    configuration = replace(BASE, schedule="asynchronous", clock=clock, processors=CORES)
    with pytest.raises(RuntimeError, match="no terminal"):
        run(configuration, corpus, progress=fail)
    assert not [t for t in threading.enumerate() if t.name.startswith("processor-")]


INTERRUPTED = """
import sys, threading
from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import Configuration
from staleness.algorithms.result import Interrupted
from staleness.algorithms.run import run

folder, clock, schedule = sys.argv[1:]
told = False

def progress(*_):
    global told
    if not told:
        print("running", flush=True)
        told = True

configuration = Configuration(
    task="ner", schedule=schedule, clock=clock, processors=2, epochs=20_000, evaluations=1,
    oversubscribe=True,
)
try:
    run(configuration, load(folder), progress)
except Interrupted as interrupt:
    print("interrupted", interrupt)
print("threads", threading.active_count())
"""


@pytest.mark.parametrize("schedule", ["asynchronous", "synchronous"])
@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_control_c_ends_a_run(corpus_folder, clock, schedule):
    """As a process of its own: one that did not end would be killed at the bound, and fail."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED, corpus_folder, clock, schedule],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout.readline() == "running\n"
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=AT_MOST)
        finally:
            process.kill()
    assert err == ""
    interrupted, threads = out.splitlines()
    assert interrupted.startswith("interrupted after ")
    assert interrupted.endswith(" of 20000")
    assert threads == "threads 1"
    assert process.returncode == 0
