"""What every learner has: slots, workspaces, work, and checks of all three."""

import numpy as np
import pytest

from staleness.kernels.core.learner import Learner
from staleness.kernels.core.model import Model
from staleness.kernels.core.rule import Rule
from staleness.kernels.models.crf import ConditionalRandomField
from staleness.kernels.models.decoded import DecodedChain
from staleness.kernels.rules.batch_em import ExpectationMaximization
from staleness.kernels.rules.incremental_em import IncrementalEM
from staleness.kernels.rules.perceptron import StructuredPerceptron
from staleness.kernels.rules.sgd import StochasticGradientDescent

from ..reference import random_sentences, random_theta
from ..reference_em import random_model1


def sentences():
    return random_sentences(np.random.default_rng(0), [4, 0, 7], 3)


def learner(rule=None, kind=ConditionalRandomField, **sizes):
    return sentences().learner(kind, rule or Rule(), **sizes)


def sgd():
    return StochasticGradientDescent(step_size=0.5, decay=0.1, l2=0.3)


def test_it_is_composed_of_a_model_and_a_rule():
    corpus, rule = sentences(), sgd()
    model = ConditionalRandomField(*corpus.arrays, **corpus.sizes)
    made = Learner(model, rule, slots=3, workspaces=2)
    assert made.model is model
    assert made.rule is rule
    assert made.table is model.table
    assert made.work.tolist() == [4, 0, 7]
    assert (made.slots, made.workspaces, made.replicas) == (3, 2, 0)
    assert (made.updates, made.examples, made.stopped) == (0, 0, None)
    with pytest.raises(ValueError, match="read-only"):
        made.work[0] = 5


@pytest.mark.parametrize("wrong", [(None, Rule()), (Rule(), Rule())], ids=["no model", "a rule"])
def test_it_takes_nothing_else(wrong):
    with pytest.raises(TypeError):
        Learner(*wrong)
    with pytest.raises(TypeError):
        learner(rule=3)


@pytest.mark.parametrize(("slots", "workspaces"), [(0, 1), (1, 0), (-1, 1)])
def test_there_must_be_slots_and_workspaces(slots, workspaces):
    with pytest.raises(ValueError, match="slots and workspaces must be positive"):
        learner(slots=slots, workspaces=workspaces)


def test_there_is_a_replica_for_each_slot_or_none():
    for replicas in (1, 3, -1):
        with pytest.raises(
            ValueError, match=f"replicas must be 0 or 2, one a slot, not {replicas}"
        ):
            learner(slots=2, replicas=replicas)
    assert learner(slots=2, replicas=2).replicas == 2
    model = random_model1(np.random.default_rng(0), [2, 1], [1, 3]).model()
    with pytest.raises(ValueError, match="IncrementalEM cannot average replicas"):
        Learner(model, IncrementalEM(), slots=2, replicas=2)


@pytest.mark.parametrize("examples", [[-1], [3], [0, 1, 3], [-(2**31)]])
def test_examples_that_are_not_there(examples):
    with pytest.raises(IndexError, match="examples are numbered 0 to 2"):
        learner().compute(examples)


@pytest.mark.parametrize("where", [{"slot": 2}, {"slot": -1}, {"workspace": 3}, {"workspace": -1}])
def test_slots_and_workspaces_that_are_not_there(where):
    with pytest.raises(IndexError, match=r"no slot -?\d or no workspace -?\d"):
        learner(slots=2, workspaces=3).compute([0], **where)


@pytest.mark.parametrize("slots", [(0, 3), (-1, 1), (1, 1), (2, 1), (2,)])
def test_updates_of_slots_that_are_not_there(slots):
    with pytest.raises(IndexError, match="no slots"):
        learner(slots=2).update(*slots)


@pytest.mark.parametrize(
    ("kind", "rule"),
    [
        (ConditionalRandomField, ExpectationMaximization()),
        (DecodedChain, sgd()),
    ],
    ids=["counts of a gradient", "a gradient of mistakes"],
)
def test_a_model_that_has_not_what_its_rule_asks_for(kind, rule):
    with pytest.raises(TypeError, match=r"smoothing|threshold"):
        learner(rule, kind)


# ---- methods that nobody has written ------------------------------------------------------------


def test_a_rule_that_does_not_say_what_its_step_is():
    made = learner()
    made.compute([0])
    with pytest.raises(NotImplementedError, match="ConditionalRandomField or Rule lacks a method"):
        made.update()
    assert (made.updates, made.examples) == (0, 0)
    with pytest.raises(NotImplementedError, match="Rule does not say what its step is"):
        Rule().keep_and_gain(corpus=3, mini_batch=1)


class Bare(Model):
    """Has no statistics."""

    def prepare(self, slots, workspaces, replicas=0, **asked):
        super().prepare(slots, workspaces, replicas, **asked)


def test_a_model_without_statistics():
    model = Bare([1, 2])
    with pytest.raises(NotImplementedError, match="Bare does not say what its theta is"):
        print(model.theta)
    with pytest.raises(NotImplementedError, match="Bare does not show its statistics"):
        model.statistics()


# ---- weights and staleness ----------------------------------------------------------------------


def visits(made, weights, examples=(0, 2)):
    for weight in weights:
        made.compute(examples)
        made.update(weight=weight)


RULES = {
    "sgd": lambda: learner(sgd()),
    "perceptron": lambda: learner(StructuredPerceptron(), DecodedChain),
    "em": lambda: Learner(model1(), ExpectationMaximization()),
    "incremental em": lambda: Learner(model1(), IncrementalEM()),
}


def model1():
    return random_model1(np.random.default_rng(0), [2, 1, 4], [1, 3, 2]).model()


@pytest.mark.parametrize("make", RULES.values(), ids=RULES)
def test_an_update_of_no_weight_is_dropped(make):
    """Its examples have come, but it changes nothing: theta, scale or how many there were."""
    made = make()
    visits(made, [1.0])
    theta, scale = made.theta.tobytes(), made.table.scale
    visits(made, [0.0])
    assert (made.theta.tobytes(), made.table.scale) == (theta, scale)
    assert (made.updates, made.examples) == (1, 4)


def test_steps_shrink_with_the_examples_that_have_come():
    """Those of an update that was dropped too: a pass over the corpus is one, with any policy."""
    corpus = sentences()
    theta = random_theta(np.random.default_rng(1), corpus)
    made = corpus.learner(ConditionalRandomField, sgd(), theta)
    visits(made, [0.0, 0.0])
    made.compute([1, 2])
    gradient = made.model.statistics()
    keep, gain = made.rule.keep_and_gain(corpus=3, mini_batch=2, examples=4, updates=0)
    made.update()
    np.testing.assert_allclose(made.theta, keep * theta + gain * gradient, rtol=1e-5, atol=1e-6)


def test_staleness_alone_changes_nothing():
    """What it means, a policy says, by the weight."""
    fresh, stale = learner(sgd()), learner(sgd())
    for made, staleness in (fresh, 0), (stale, 7):
        made.compute([0, 2])
        made.update(staleness=staleness)
    assert fresh.theta.any()
    assert fresh.theta.tobytes() == stale.theta.tobytes()
