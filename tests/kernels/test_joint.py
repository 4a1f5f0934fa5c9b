"""Two learners driven as one: the same as each by itself."""

import numpy as np
import pytest

from staleness.kernels.core.learner import Learner

from .reference_em import random_hmm, random_model1

RULES = ("em", "stepwise", "incremental")


def directions(**options):
    """Return both directions of Model 1 on the same sentence pairs."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 6, size=(2, 12))
    forward = random_model1(rng, *lengths, source_words=6, target_words=7)
    backward = type(forward)(
        forward.target_offsets,
        forward.target,
        forward.source_offsets,
        forward.source,
        forward.target_words,
        forward.source_words,
    )
    return forward.learner(**options), backward.learner(**options)


def steps(learner, rule, slots):
    """Yield after each update: mini-batches split over the slots."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        examples = np.arange(12) if rule == "em" else rng.integers(0, 12, size=5)
        for slot, part in enumerate(np.array_split(examples, slots)):
            learner.statistics(part, slot=slot)
        learner.update(0, slots)
        yield


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("slots", [1, 3])
def test_learns_what_each_learns_by_itself(rule, slots):
    options = {"rule": rule, "slots": slots}
    joint = Joint(*directions(**options))
    apart = directions(**options)
    before = joint.theta.tobytes()
    driven = [steps(learner, rule, slots) for learner in (joint, *apart)]
    for _ in zip(*driven, strict=True):
        thetas = [one.theta for one in apart]
        assert joint.theta.tobytes() == np.concatenate(thetas).tobytes()
        assert joint.first.theta.tobytes() == thetas[0].tobytes()
        assert (joint.updates, joint.examples) == (apart[1].updates, apart[1].examples)
    assert joint.updates == 20
    assert joint.theta.tobytes() != before


def test_replicas_are_averaged_in_both(probe):
    options = {"rule": "stepwise", "slots": 2, "replicas": 2}
    joint, apart = Joint(*directions(**options)), directions(**options)
    for learner in (joint, *apart):
        for slot in range(2):
            learner.statistics([slot, 5], slot=slot)
            learner.update(slot)
        probe.average(learner)
        learner.settle()
    assert joint.theta.tobytes() == np.concatenate([one.theta for one in apart]).tobytes()
    assert joint.replicas == 2


def test_both_may_be_updated_by_several_at_once():
    joint = Joint(*directions(slots=2))
    assert not joint.overlapping
    joint.let_updates_overlap()
    assert joint.overlapping
    assert joint.first.overlapping
    assert joint.second.overlapping


def test_work_is_that_of_both():
    first, second = directions(slots=2, workspaces=3)
    joint = Joint(first, second)
    assert joint.work.tolist() == (first.work + second.work).tolist()
    assert (joint.slots, joint.workspaces, joint.updates, joint.examples) == (2, 3, 0, 0)


def test_models_of_different_kinds():
    rng = np.random.default_rng(2)
    joint = Joint(
        random_hmm(rng, [3, 2, 4]).learner(rule="stepwise"),
        random_model1(rng, [2, 1, 3], [1, 2, 3]).learner(rule="stepwise"),
    )
    joint.calculate([0, 2])
    joint.update()
    assert joint.theta.shape == (joint.first.theta.size + joint.second.theta.size,)


def test_an_update_without_examples_is_none():
    joint = Joint(*directions(rule="stepwise"))
    before = joint.theta.tobytes()
    joint.calculate([])
    joint.update()
    assert (joint.theta.tobytes(), joint.updates) == (before, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_of_either_is_its_error(probe, which):
    """And neither keeps statistics that the other has not, nor any of before."""
    joint = Joint(*directions(rule="stepwise"))
    joint.calculate([0, 1])
    probe.spoil((joint.first, joint.second)[which])
    with pytest.raises(FloatingPointError, match="not finite"):
        joint.calculate([0, 1])
    joint.update()
    assert (joint.updates, joint.first.updates, joint.second.updates) == (0, 0, 0)


@pytest.mark.parametrize(
    "other",
    [{"slots": 2}, {"workspaces": 2}, {"slots": 1, "replicas": 1}],
    ids=str,
)
def test_of_one_shape(other):
    with pytest.raises(ValueError, match="slots, workspaces, replicas and examples differ"):
        Joint(directions()[0], directions(**other)[1])
    with pytest.raises(ValueError, match="examples differ"):
        Joint(directions()[0], Learner([1, 2], 1, 1))
    with pytest.raises(TypeError):
        Joint(directions()[0], None)


def test_an_example_that_is_too_much_work():
    most = Learner([2**31 - 1, 3], 1, 1)
    with pytest.raises(ValueError, match=r"an example of 2\^31 units of work or more: leave it"):
        Joint(most, Learner([1, 3], 1, 1))
    assert Joint(most, Learner([0, 3], 1, 1)).work.tolist() == [2**31 - 1, 6]
