"""Both directions of Model 1 driven as one: the same as each by itself."""

import numpy as np
import pytest

from staleness.kernels.core.learner import Learner
from staleness.kernels.core.memory import padded_width
from staleness.kernels.core.model import Model
from staleness.kernels.models.alignment import BothDirections
from staleness.kernels.rules.batch_em import ExpectationMaximization

from ..reference_em import RULES, random_hmm, random_model1


def directions(pairs=12):
    """Return the corpora of both directions, of the same sentence pairs."""
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 6, size=(2, pairs))
    forward = random_model1(rng, *lengths, source_words=6, target_words=7)
    backward = type(forward)(
        forward.target_offsets,
        forward.target,
        forward.source_offsets,
        forward.source,
        forward.target_words,
        forward.source_words,
    )
    return forward, backward


def models(pairs=12):
    return [corpus.model() for corpus in directions(pairs)]


def both(rule="em", **sizes):
    """Return a learner of both directions."""
    return Learner(BothDirections(*models()), RULES[rule](), **sizes)


def apart(rule="em", **sizes):
    """Return a learner of each direction."""
    return [corpus.learner(rule, **sizes) for corpus in directions()]


def steps(learner, rule, slots):
    """Yield after each update: mini-batches split over the slots."""
    rng = np.random.default_rng(1)
    for _ in range(20):
        examples = np.arange(12) if rule == "em" else rng.integers(0, 12, size=5)
        for slot, part in enumerate(np.array_split(examples, slots)):
            learner.compute(part, slot=slot)
        learner.update(0, slots)
        yield


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("slots", [1, 3])
def test_learns_what_each_learns_by_itself(rule, slots):
    joint = both(rule, slots=slots)
    alone = apart(rule, slots=slots)
    before = joint.theta.tobytes()
    driven = [steps(learner, rule, slots) for learner in (joint, *alone)]
    for _ in zip(*driven, strict=True):
        thetas = [one.theta for one in alone]
        assert joint.theta.tobytes() == np.concatenate(thetas).tobytes()
        assert joint.model.first.theta.tobytes() == thetas[0].tobytes()
        held = [one.model.statistics() for one in alone]
        assert joint.model.statistics().tobytes() == np.concatenate(held).tobytes()
        assert (joint.updates, joint.examples) == (alone[1].updates, alone[1].examples)
    assert joint.updates == 20
    assert joint.theta.tobytes() != before


def test_both_are_folded_at_once(probe):
    """So often that float32 could not hold one scale without the other."""
    joint, alone = both("stepwise"), apart("stepwise")
    mini_batches = np.arange(12, dtype=np.int32)[:, None]
    for learner in (joint, *alone):
        assert probe.drive(learner, mini_batches, 5000) == 5000
    assert 2.0**-31 < joint.table.scale == alone[0].table.scale == alone[1].table.scale <= 1.0
    assert joint.theta.tobytes() == np.concatenate([one.theta for one in alone]).tobytes()


def test_replicas_are_averaged_in_both(probe):
    joint, alone = both("stepwise", slots=2, replicas=2), apart("stepwise", slots=2, replicas=2)
    for learner in (joint, *alone):
        for slot in range(2):
            learner.compute([slot, 5], slot=slot)
            learner.update(slot)
        probe.average(learner)
    assert joint.theta.tobytes() == np.concatenate([one.theta for one in alone]).tobytes()
    for slot in range(2):
        for learner in (joint, *alone):
            learner.compute([slot + 2], slot=slot)
            learner.update(slot)
    assert joint.theta.tobytes() == np.concatenate([one.theta for one in alone]).tobytes()
    assert joint.replicas == 2


def test_both_may_be_updated_by_several_at_once():
    joint = both(slots=2)
    assert joint.model.first.table is joint.model.second.table is joint.table
    assert not joint.table.overlapping
    joint.let_updates_overlap()
    assert joint.table.overlapping


def test_work_is_that_of_both():
    first, second = models()
    joint = Learner(BothDirections(first, second), RULES["em"](), slots=2, workspaces=3)
    work = [np.asarray(one.work) for one in apart()]
    assert joint.work.tolist() == (work[0] + work[1]).tolist()
    assert (joint.slots, joint.workspaces, joint.updates, joint.examples) == (2, 3, 0, 0)


def test_an_update_touches_what_both_do(probe):
    joint = both(slots=2)
    joint.compute([3, 1], slot=1)
    assert probe.touched(joint, 1) == joint.work[[3, 1]].sum()


def test_an_update_without_examples_is_none():
    joint = both("stepwise")
    before = joint.theta.tobytes()
    joint.compute([])
    joint.update()
    assert (joint.theta.tobytes(), joint.updates) == (before, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_an_error_of_either_is_its_error(probe, which):
    """And neither keeps statistics that the other has not, nor any of before."""
    joint = both("stepwise")
    joint.compute([0, 1])
    begin = padded_width(joint.model.first.parameters)
    probe.spoil(joint, slice(begin, None) if which else slice(begin))
    with pytest.raises(FloatingPointError, match="not finite"):
        joint.compute([0, 1])
    assert not joint.model.statistics().any()
    before = joint.theta.tobytes()
    joint.update()
    assert (joint.theta.tobytes(), joint.updates, joint.examples) == (before, 0, 0)


def test_of_the_same_sentence_pairs():
    with pytest.raises(ValueError, match="12 and 11 sentence pairs"):
        BothDirections(models()[0], models(11)[1])
    with pytest.raises(TypeError):
        BothDirections(models()[0], None)
    with pytest.raises(TypeError):
        BothDirections(models()[0], random_hmm(np.random.default_rng(2), [3] * 12).model())


@pytest.mark.parametrize("which", [0, 1])
def test_a_direction_that_is_learned_by_itself(which):
    """Its counts would lie elsewhere, and its slots be as many as another's."""
    pair = models()
    Learner(pair[which], ExpectationMaximization())
    with pytest.raises(ValueError, match="a direction has a learner already"):
        Learner(BothDirections(*pair), ExpectationMaximization())


def test_a_sentence_pair_that_is_too_much_work():
    first, second = models(2)

    def of(*work):
        Model.__init__(second, list(work))
        return BothDirections(first, second)

    Model.__init__(first, [2**31 - 1, 3])
    with pytest.raises(ValueError, match=r"an example of 2\^31 units of work or more: leave it"):
        of(1, 3)
    assert Learner(of(0, 3), ExpectationMaximization()).work.tolist() == [2**31 - 1, 6]
