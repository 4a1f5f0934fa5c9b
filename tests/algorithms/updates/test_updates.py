"""Update rules: their hyper-parameters, and what holds for each of them."""

import dataclasses

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run
from staleness.kernels.core.learner import Learner

RULES = [pytest.param(rule, id=name) for name, rule in UPDATES.items()]
UNDER_SCHEDULES = [
    pytest.param(rule, schedule, id=f"{rule.name}-{schedule.name}")
    for rule in UPDATES.values()
    for schedule in SCHEDULES.values()
    if "ner" in rule.tasks
]


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_a_frozen_dataclass_with_defaults(rule):
    made = rule()
    assert dataclasses.is_dataclass(rule)
    for field in dataclasses.fields(rule):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, field.name, 0.0)
    assert rule.configure({}) == made


@pytest.mark.parametrize("rule", RULES)
def test_hyper_parameters_go_by_their_names(rule):
    values = {
        field.name: field.default * 0.5
        for field in dataclasses.fields(rule)
        if isinstance(field.default, float)
    }
    assert dataclasses.asdict(rule.configure(values)).items() >= values.items()


@pytest.mark.parametrize("rule", RULES)
def test_a_hyper_parameter_that_there_is_not_lists_those_there_are(rule):
    with pytest.raises(StalenessError) as caught:
        rule.configure({"stepsize": 0.1})
    message = str(caught.value)
    assert message.startswith(f"update '{rule.name}' has no hyper-parameter 'stepsize': it has ")
    for field in dataclasses.fields(rule):
        assert field.name in message


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_for_tasks_that_there_are(rule):
    assert rule.tasks
    for task in rule.tasks:
        assert rule.skip(task) is None
    reason = rule.skip("knitting")
    assert f"'{rule.name}'" in reason
    assert "not knitting" in reason


@pytest.mark.parametrize("rule", [p for p in RULES if "ner" in p.values[0].tasks])
def test_a_rule_makes_a_learner(rule, corpus):
    training = TASKS["ner"]().training(corpus, seed=0)
    learner = rule().learner(training, slots=3, workspaces=2)
    assert isinstance(learner, Learner)
    assert (learner.slots, learner.workspaces) == (3, 2)
    np.testing.assert_array_equal(learner.work, np.diff(corpus["train.offsets"]))
    before = learner.model.evaluate(*training.arrays)[1]
    size = len(learner.work) if rule.batch else 4
    for start in range(0, len(learner.work), size):
        learner.compute(range(start, min(start + size, len(learner.work))))
        learner.update()
    assert learner.model.evaluate(*training.arrays)[1] > before
    assert learner.stopped is None
    learner.close()


@pytest.mark.parametrize(("rule", "schedule"), UNDER_SCHEDULES)
def test_a_rule_runs_under_a_schedule_or_is_refused(rule, schedule, corpus):
    """With one processor both clocks end in the same parameters, to the bit."""
    chosen = {"task": "ner", "update": rule.name, "schedule": schedule.name}
    chosen |= {"epochs": 3, "cost": "paper"}  # known for a rule that nobody has calibrated yet
    if rule.batch and not schedule.batch:
        refused = f"'{rule.name}' needs the whole corpus: .* not '{schedule.name}'"
        with pytest.raises(StalenessError, match=refused):
            Configuration(**chosen)
        return
    thetas = {
        run(Configuration(**chosen, clock=clock), corpus).theta.tobytes()
        for clock in ("simulated", "wall")
    }
    assert len(thetas) == 1


@pytest.mark.parametrize(
    "values", [{"step_size": -1.0}, {"decay": -1.0}, {"l2": -1.0}, {"l2": 1e6}], ids=str
)
def test_sgd_out_of_range(corpus, values):
    training = TASKS["ner"]().training(corpus, seed=0)
    with pytest.raises(StalenessError, match="update 'sgd': step_size"):
        UPDATES["sgd"].configure(values).learner(training, slots=1, workspaces=1)


def test_sgd_hands_its_hyper_parameters_on(corpus):
    training = TASKS["ner"]().training(corpus, seed=0)
    rule = UPDATES["sgd"].configure({"step_size": 0.25, "decay": 0.125, "l2": 2.0})
    learner = rule.learner(training, slots=1, workspaces=1)
    assert (learner.rule.step_size, learner.rule.decay, learner.rule.l2) == (0.25, 0.125, 2.0)


@pytest.mark.parametrize("limit", [0.0, -1.0, float("inf"), float("nan")])
def test_mira_out_of_range(corpus, limit):
    training = TASKS["ner"]().training(corpus, seed=0)
    with pytest.raises(StalenessError, match="update 'mira': step_limit must be positive"):
        UPDATES["mira"].configure({"step_limit": limit}).learner(training, slots=1, workspaces=1)


def test_mira_hands_its_step_limit_on(corpus):
    training = TASKS["ner"]().training(corpus, seed=0)
    rule = UPDATES["mira"].configure({"step_limit": 0.25})
    assert rule.learner(training, slots=1, workspaces=1).rule.step_limit == 0.25


def test_the_perceptron_has_no_hyper_parameters():
    with pytest.raises(StalenessError, match="no hyper-parameter 'step_limit': it has none"):
        UPDATES["perceptron"].configure({"step_limit": 1.0})
