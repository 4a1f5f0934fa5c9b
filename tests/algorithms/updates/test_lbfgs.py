"""L-BFGS: scipy the other way round, and the optimum that it finds."""

import gc
import os
import subprocess
import sys
import threading
from dataclasses import replace

import numpy as np
import pytest
import scipy.optimize
from scipy.optimize import minimize, rosen, rosen_der

from staleness.algorithms.configuration import TASKS, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.result import Interrupted
from staleness.algorithms.run import run
from staleness.algorithms.updates.lbfgs import KERNELS, OPTIONS, Minimiser

from ...kernels import reference

BASE = Configuration(
    task="ner", schedule="single-batch", update="lbfgs", epochs=12, evaluations=1, cost="paper"
)
START = np.array([[1.2, 0.8, 1.5], [2.0, 1.3, 0.9]])


def threads():
    return [thread for thread in threading.enumerate() if thread.name == "minimiser"]


def rosenbrock(theta):
    return rosen(theta.ravel()), rosen_der(theta.ravel()).reshape(theta.shape)


# ---- scipy, the other way round -----------------------------------------------------------------


@pytest.mark.parametrize("memory", [1, 3, 10])
def test_it_asks_for_what_scipy_asks_for(memory):
    expected = []

    def evaluate(theta):
        expected.append(theta.copy())
        return rosen(theta), rosen_der(theta)

    options = OPTIONS | {"maxcor": memory}
    found = minimize(evaluate, START.ravel(), jac=True, method="L-BFGS-B", options=options)
    assert found.success
    assert len(expected) > 20
    minimiser, theta, asked = Minimiser(memory), START, []
    while minimiser.stopped is None:
        asked.append(theta)
        theta = minimiser.step(theta, *rosenbrock(theta))
        assert theta.shape == START.shape
    assert np.stack(asked).tobytes() == np.stack(expected).tobytes()
    assert theta.tobytes() == found.x.tobytes()
    np.testing.assert_allclose(theta, 1.0, rtol=1e-2)
    how = f"L-BFGS-B converged after {len(expected)} evaluations: CONVERGENCE: "
    assert minimiser.stopped.startswith(how)
    assert not threads()


def test_a_minimum_is_a_place_to_stay():
    minimiser, theta = Minimiser(5), START
    while minimiser.stopped is None:
        theta = minimiser.step(theta, (theta**2).sum(), 2 * theta)
    said = minimiser.stopped
    for _ in range(3):
        assert minimiser.step(theta, 7.0, np.ones_like(theta)) is theta
    assert minimiser.stopped == said


def test_where_there_is_no_way_down_it_goes_back():
    """A gradient that contradicts the values ends the search, whatever scipy calls that."""
    minimiser, theta = Minimiser(5), START
    for _ in range(100):
        theta = minimiser.step(theta, (theta**2).sum(), -2 * theta)
    assert " after 21 evaluations: " in minimiser.stopped
    np.testing.assert_allclose(theta, START, rtol=1e-9)


def test_two_take_turns_without_disturbing_each_other():
    alone, together = Minimiser(3), (Minimiser(3), Minimiser(3))
    points = [START]
    for _ in range(15):
        points.append(alone.step(points[-1], *rosenbrock(points[-1])))
    thetas = [START, START + 1]
    for expected in points[1:]:
        thetas = [m.step(t, *rosenbrock(t)) for m, t in zip(together, thetas, strict=True)]
        assert thetas[0].tobytes() == expected.tobytes()
    for minimiser in (alone, *together):
        minimiser.close()
    assert not threads()


def test_errors_of_scipy_are_raised():
    minimiser = Minimiser(5)
    with pytest.raises(ValueError, match="objective function must return a scalar value"):
        minimiser.step(START, np.zeros(2), START)
    assert not threads()
    with pytest.raises(RuntimeError, match="has been closed"):
        minimiser.step(START, 1.0, START)


def test_whoever_drops_it_ends_its_thread():
    minimiser = Minimiser(5)
    assert not threads()
    minimiser.step(START, *rosenbrock(START))
    assert len(threads()) == 1
    del minimiser
    gc.collect()
    assert not threads()


@pytest.mark.parametrize("steps", [0, 1, 4])
def test_closing(steps):
    minimiser, theta = Minimiser(5), START
    for _ in range(steps):
        theta = minimiser.step(theta, *rosenbrock(theta))
    assert len(threads()) == min(steps, 1)
    for _ in range(2):
        minimiser.close()
        assert not threads()
    assert minimiser.stopped is None
    with pytest.raises(RuntimeError, match="has been closed"):
        minimiser.step(theta, *rosenbrock(theta))


def test_scipy_is_for_those_who_use_it():
    program = "import sys, staleness.workflow.cli, staleness.algorithms.run; "
    look = "print('scipy' in sys.modules, 'threadpoolctl' in sys.modules)"
    use = "import staleness.algorithms.updates.lbfgs as m; "
    for extra, expected in (("", "False False\n"), (use + "m.Minimiser(3); ", "True True\n")):
        done = subprocess.run(
            [sys.executable, "-c", program + extra + look],
            check=True,
            capture_output=True,
            text=True,
        )
        assert done.stdout == expected


@pytest.mark.processor("x86_64")
def test_the_arithmetic_is_not_the_processors_choice():
    program = """
import os
from threadpoolctl import threadpool_info
from staleness.algorithms.updates.lbfgs import Minimiser
Minimiser(3)
print([lib["architecture"] for lib in threadpool_info() if "scipy.libs" in lib["filepath"]])
print("OPENBLAS_CORETYPE" in os.environ)
"""
    for chosen, expected in (({}, KERNELS), ({"OPENBLAS_CORETYPE": "Haswell"}, "Haswell")):
        done = subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={"PATH": os.environ["PATH"]} | chosen,
        )
        assert done.stdout == f"['{expected}']\n{bool(chosen)}\n"


# ---- the rule -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"memory": 0}, "update 'lbfgs': memory must be at least 1, not 0"),
        ({"memory": 2.5}, "hyper-parameter 'memory' is a whole number, not 2.5"),
        ({"memory": float("nan")}, "hyper-parameter 'memory' is a whole number, not nan"),
        ({"memory": float("inf")}, "hyper-parameter 'memory' is a whole number, not inf"),
        ({"l2": -1.0}, "update 'lbfgs': l2 must not be negative, not -1"),
    ],
    ids=str,
)
def test_out_of_range(corpus, values, message):
    training = TASKS["ner"]().training(corpus, seed=0)
    with pytest.raises(StalenessError, match=f"^{message}$"):
        UPDATES["lbfgs"].configure(values).learner(training, slots=1, workspaces=1)


def test_it_finds_the_optimum(corpus):
    """That of a plain float64 reference, minimised by scipy as it is meant to be used."""
    training = TASKS["ner"]().training(corpus, seed=0)
    sentences = reference.Sentences(
        *training.arrays,
        label_count=training.label_count,
        feature_count=training.feature_count,
    )
    n, l2 = len(sentences), 2.0
    shape = (training.feature_count + training.label_count, training.label_count)

    def evaluate(flat):
        theta = flat.reshape(shape)
        objective = -reference.log_likelihood(theta, sentences) + l2 / 2 * (theta**2).sum()
        gradient = reference.gradient(theta, sentences) + l2 * theta
        return objective / n, gradient.ravel() / n

    optimum = minimize(evaluate, np.zeros(np.prod(shape)), jac=True, method="L-BFGS-B")
    assert optimum.success
    result = run(replace(BASE, epochs=60, hyper_parameters={"l2": l2}), corpus)
    assert "L-BFGS-B" in result.stopped
    assert evaluate(result.theta.astype(np.float64).ravel())[0] == pytest.approx(
        optimum.fun, abs=1e-5
    )
    np.testing.assert_allclose(result.theta, optimum.x.reshape(shape), atol=0.02)
    assert np.abs(optimum.x).max() > 1.0
    assert result.summary()["stopped"] == result.stopped
    # The epochs that are left change nothing more.
    longer = run(replace(BASE, epochs=70, hyper_parameters={"l2": l2}), corpus)
    assert longer.theta.tobytes() == result.theta.tobytes()
    assert longer.curve["updates"][-1] == 70


def test_processors_seeds_and_clocks_change_no_bit(corpus):
    curves = set()
    for changes in (
        {},
        {"seed": 3},
        {"clock": "wall"},
        {"cost": "measured"},
        *({"schedule": "parallel-batch", "processors": p} for p in (1, 2, 3)),
        {"schedule": "parallel-batch", "processors": 2, "clock": "wall", "oversubscribe": True},
    ):
        result = run(replace(BASE, **changes), corpus)
        assert result.stopped is None
        curves.add((result.theta.tobytes(), result.curve["log_likelihood"].tobytes()))
    assert len(curves) == 1
    assert len(np.unique(result.curve["log_likelihood"])) == 13


def test_the_objective_goes_down(corpus):
    training = TASKS["ner"]().training(corpus, seed=0)
    learner = UPDATES["lbfgs"]().learner(training, slots=1, workspaces=1)
    objectives = []
    for _ in range(15):
        learner.compute(range(len(learner.work)))
        learner.update()
        objectives.append(learner.rule.objective)
    tokens = len(corpus["train.labels"])
    assert objectives[0] == pytest.approx(tokens / len(learner.work) * np.log(5), rel=1e-6)
    assert objectives[-1] < 0.5 * objectives[0]
    assert (np.diff(objectives) < 0).mean() > 0.7
    learner.close()


def test_hyper_parameters_count(corpus):
    thetas = {
        run(replace(BASE, hyper_parameters=values), corpus).theta.tobytes()
        for values in ({}, {"l2": 3.0}, {"memory": 2.0})
    }
    assert len(thetas) == 3


# ---- ends before the end ------------------------------------------------------------------------

CLOCKS = pytest.mark.parametrize("clock", ["simulated", "wall"])


@CLOCKS
def test_a_run_that_ends_leaves_no_thread(corpus, clock):
    seen = []
    run(replace(BASE, clock=clock), corpus, progress=lambda *_: seen.append(len(threads())))
    assert max(seen) == 1
    assert not threads()


@CLOCKS
@pytest.mark.parametrize("kind", [KeyboardInterrupt, RuntimeError])
def test_a_run_that_is_ended_leaves_no_thread(corpus, clock, kind):
    def fail(*_):
        if threads():
            raise kind("from outside")

    with pytest.raises(Interrupted if kind is KeyboardInterrupt else kind):
        run(replace(BASE, clock=clock, epochs=40), corpus, progress=fail)
    assert not threads()


@pytest.mark.parametrize(
    ("clock", "kind"),
    # Signals come to the main thread, which makes updates on the simulated clock alone.
    [("simulated", KeyboardInterrupt), ("simulated", RuntimeError), ("wall", RuntimeError)],
)
def test_a_run_whose_optimiser_fails_leaves_no_thread(corpus, clock, kind, monkeypatch):
    """An interrupt that comes while scipy is waited for is an interrupt of the run."""
    answer = Minimiser._hear
    answers = []

    def hear(minimiser):
        answers.append(answer(minimiser))
        if len(answers) == 5:
            raise kind("from within")
        return answers[-1]

    monkeypatch.setattr(Minimiser, "_hear", hear)
    with pytest.raises(Interrupted if kind is KeyboardInterrupt else kind) as caught:
        run(replace(BASE, clock=clock), corpus)
    said = "after 3 updates, epoch 3.00 of 12" if kind is KeyboardInterrupt else "from within"
    assert str(caught.value) == said
    assert not threads()


@CLOCKS
def test_a_run_in_which_scipy_fails_says_what_scipy_says(corpus, clock, monkeypatch):
    def fail(evaluate, start, **_):
        evaluate(start)
        evaluate(start + 0.1)
        raise ArithmeticError("of its own")

    monkeypatch.setattr(scipy.optimize, "minimize", fail)
    with pytest.raises(ArithmeticError, match="of its own"):
        run(replace(BASE, clock=clock), corpus)
    assert not threads()
