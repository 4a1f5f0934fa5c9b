"""Part-of-speech induction: where it begins, how it is judged, what its runs show."""

from dataclasses import replace

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.metrics.gold.clustering import (
    contingency,
    many_to_one,
    one_to_one,
    v_measure,
)
from staleness.algorithms.run import run
from staleness.algorithms.tasks.tagging import Tagging

from ..synthetic import FEATURES, finish, make_clock, tagged

STATES = 5


def result_of(corpus, **changes):
    """Return what a run leaves, one that is short unless changed."""
    hyper_parameters = {"states": STATES} | changes.pop("hyper_parameters", {})
    settings = {"schedule": "single", "epochs": 8, "evaluations": 1} | changes
    configuration = Configuration(
        task="tagging",
        clock="wall",
        oversubscribe=True,
        hyper_parameters=hyper_parameters,
        **settings,
    )
    return run(configuration, corpus)


@pytest.fixture(scope="module")
def corpus(corpora):
    return corpora["tagging"]


def without(corpus, *names, **about):
    """Return a corpus without some arrays."""
    arrays = {name: corpus[name] for name in corpus.arrays if name not in names}
    return replace(corpus, arrays=arrays, about=corpus.about | about)


def learner_of(corpus, task, seed):
    return UPDATES["em"]().learner(task.training(corpus, seed), slots=1, workspaces=1)


def test_begins_from_the_seed(corpus):
    begun = [Tagging(states=STATES).training(corpus, seed) for seed in (0, 0, 1)]
    for words in begun:
        assert words.responsibilities.shape == (FEATURES, STATES)
        assert words.transitions.shape == (STATES, STATES)
        for rows in (words.responsibilities, words.transitions):
            np.testing.assert_allclose(rows.sum(axis=1), 1.0)
            assert rows.min() >= 0
            # No two states are alike.
            assert len(np.unique(rows, axis=1).T) == STATES
    same = (begun[0].responsibilities == begun[1].responsibilities).all()
    assert same
    assert (begun[0].transitions == begun[1].transitions).all()
    assert (begun[0].responsibilities != begun[2].responsibilities).any()
    assert (begun[0].transitions != begun[2].transitions).any()


def test_states_are_those_asked_for(corpus):
    assert Tagging().states == 45
    learner = learner_of(corpus, Tagging.configure({"states": 7}), seed=0)
    assert (learner.model.states, learner.model.words) == (7, FEATURES)
    assert learner.work.tolist() == np.diff(corpus["train.offsets"]).tolist()


@pytest.mark.parametrize(
    ("states", "message"),
    [
        (0, "states must be 1 to 1024, not 0"),
        (-3, "states must be 1 to 1024, not -3"),
        (1025, "states must be 1 to 1024, not 1025"),
        (2.5, "hyper-parameter 'states' is a whole number, not 2.5"),
    ],
)
def test_states_out_of_range(corpus, states, message):
    with pytest.raises(StalenessError, match=f"^{message}$"):
        result_of(corpus, hyper_parameters={"states": states})


@pytest.mark.parametrize(
    ("update", "values", "message"),
    [
        ("stepwise-em", {"alpha": 0.5}, "alpha must be above 0.5"),
        ("stepwise-em", {"smoothing": -1.0}, "smoothing must be at least 0"),
        ("em", {"smoothing": float("nan")}, "smoothing must be at least 0"),
        ("incremental-em", {"smoothing": -1.0}, "smoothing must be at least 0"),
    ],
    ids=str,
)
def test_rules_out_of_range(corpus, update, values, message):
    training = Tagging().training(corpus, 0)
    with pytest.raises(StalenessError, match=f"^update '{update}': {message}"):
        UPDATES[update].configure(values).learner(training, slots=1, workspaces=1)


@pytest.mark.parametrize("update", ["em", "stepwise-em", "incremental-em"])
def test_rules_hand_their_hyper_parameters_on(corpus, update):
    chosen = UPDATES[update].configure({"smoothing": 0.25})
    learner = chosen.learner(Tagging().training(corpus, 0), slots=3, workspaces=2)
    assert type(learner.rule) is type(UPDATES[update]().rule())
    assert (learner.rule.smoothing, learner.slots, learner.workspaces) == (0.25, 3, 2)
    if update == "stepwise-em":
        chosen = UPDATES[update].configure({"alpha": 0.625})
        learner = chosen.learner(Tagging().training(corpus, 0), slots=1, workspaces=1)
        assert learner.rule.alpha == 0.625


def test_metrics_are_those_of_the_best_states(corpus):
    learner = learner_of(corpus, Tagging(states=STATES), seed=1)
    found = Tagging().evaluate(learner, corpus)
    assert list(found) == list(Tagging.metrics)
    states, log_likelihood = learner.model.evaluate(corpus["train.offsets"], corpus["train.words"])
    table = contingency(states, corpus["train.tags"])
    expected = (log_likelihood, many_to_one(table), one_to_one(table), v_measure(table))
    assert tuple(found.values()) == expected
    # Without gold tags, only the likelihood.
    untagged = without(corpus, "train.tags", tags=[])
    assert Tagging().evaluate(learner, untagged) == {"log_likelihood": log_likelihood}


@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize(
    ("update", "schedule"),
    [("em", "single-batch"), ("stepwise-em", "single"), ("incremental-em", "single")],
)
def test_learning_raises_the_likelihood(corpus, update, schedule, seed):
    curve = result_of(corpus, update=update, schedule=schedule, seed=seed).curve
    assert curve["log_likelihood"][-1] > 0.97 * curve["log_likelihood"][0]
    assert ((curve["many_to_one"] >= 0.2) & (curve["many_to_one"] <= 1.0)).all()


def test_states_find_their_words(corpus):
    """Five labels with words of their own, but for a fifth of the tokens."""
    arrays = {f"train.{name}": a for name, a in tagged(np.random.default_rng(1), 600).items()}
    larger = replace(corpus, arrays=arrays)
    found = [result_of(larger, epochs=15, seed=seed).curve["many_to_one"][-1] for seed in range(4)]
    chance = np.bincount(arrays["train.tags"]).max() / len(arrays["train.tags"])
    assert max(found) > chance + 0.15


@pytest.mark.parametrize("schedule", ["single-batch", "parallel-batch"])
def test_batch_em_never_lowers_the_likelihood(corpus, schedule):
    processors = 3 if schedule == "parallel-batch" else 1
    result = result_of(corpus, update="em", schedule=schedule, processors=processors, epochs=30)
    summary = result.summary()
    iterations = summary["log_likelihood_by_iteration"]
    assert len(iterations) == 31
    assert (np.diff(iterations) >= -1e-6 * abs(iterations[0])).all()
    assert iterations[-1] == summary["metrics"]["log_likelihood"]
    assert summary["tokens"] == 30 * len(corpus["train.words"])


@pytest.mark.parametrize("update", ["stepwise-em", "incremental-em"])
@pytest.mark.parametrize("schedule", ["synchronous", "asynchronous"])
def test_no_update_is_lost_on_real_threads(corpus, update, schedule):
    """Words are divided by totals that are counted apart from them: what is lost would show."""
    learner = UPDATES[update]().learner(
        Tagging(states=STATES).training(corpus, 0), slots=2, workspaces=2
    )
    examples = len(learner.work)
    order = np.tile(np.arange(examples, dtype=np.int32), 30)
    clock = make_clock("wall", learner, SCHEDULES[schedule]().program, 2, 1, order)
    finish(clock)
    assert (learner.updates, learner.examples) == (len(order), len(order))
    emissions, transitions = learner.theta[:FEATURES], learner.theta[FEATURES:]
    np.testing.assert_allclose(emissions.sum(axis=0, dtype=np.float64), 1.0, rtol=1e-4)
    np.testing.assert_allclose(transitions.sum(axis=1, dtype=np.float64), 1.0, rtol=1e-4)
