"""Stochastic gradient descent on the CRF: the update's formula, its splitting and its scale."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.core.learner import Learner
from staleness.kernels.models.crf import ConditionalRandomField
from staleness.kernels.rules.sgd import StochasticGradientDescent

from .. import reference
from ..reference import random_sentences, random_theta


def sgd(corpus, theta=None, *, step_size=0.5, decay=0.0, l2=0.0, threshold=0.0, **sizes):
    rule = StochasticGradientDescent(step_size=step_size, decay=decay, l2=l2, threshold=threshold)
    return corpus.learner(ConditionalRandomField, rule, theta, **sizes)


def train(learner, mini_batches):
    for examples in mini_batches:
        learner.compute(examples)
        learner.update()


@pytest.mark.parametrize("labels", [3, 9, 18])
@pytest.mark.parametrize(("decay", "l2"), [(0.0, 0.0), (0.7, 0.0), (0.0, 3.0), (0.7, 3.0)], ids=str)
def test_update_equals_its_formula(labels, decay, l2):
    rng = np.random.default_rng([labels, int(l2)])
    corpus = random_sentences(rng, rng.integers(0, 9, size=15), labels)
    theta = random_theta(rng, corpus)
    learner = sgd(corpus, theta, step_size=0.4, decay=decay, l2=l2)
    expected = theta.astype(np.float64)
    n, examples = len(corpus), 0
    for update in range(40):
        batch = rng.integers(0, n, size=rng.integers(1, 6))
        # eta depends on the passes made before the update.
        eta = 0.4 / (1.0 + decay * examples / n)
        gradient = reference.gradient(expected, corpus, batch)
        expected = expected - eta * (gradient / len(batch) + l2 / n * expected)
        examples += len(batch)
        learner.compute(batch)
        learner.update()
        assert (learner.updates, learner.examples) == (update + 1, examples)
    np.testing.assert_allclose(learner.theta, expected, rtol=1e-4, atol=2e-5)


def test_a_mini_batch_is_one_mean_gradient():
    """Twice the same sentence is the same update as once."""
    rng = np.random.default_rng(1)
    corpus = random_sentences(rng, [5, 3], 4)
    theta = random_theta(rng, corpus)
    once, twice = sgd(corpus, theta), sgd(corpus, theta)
    train(once, [[1]])
    train(twice, [[1, 1]])
    np.testing.assert_allclose(twice.theta, once.theta, rtol=1e-5, atol=1e-6)
    assert np.abs(once.theta - theta).max() > 0.01


def test_learning_raises_the_likelihood():
    rng = np.random.default_rng(2)
    corpus = random_sentences(rng, [5] * 20, 4, feature_count=40)
    learner = sgd(corpus, step_size=0.3, l2=0.01)
    before = learner.model.evaluate(*corpus.arrays)[1]
    assert before == pytest.approx(-100 * np.log(4), rel=1e-6)
    train(learner, np.tile(np.arange(20), 20).reshape(-1, 4))
    assert learner.model.evaluate(*corpus.arrays)[1] > 0.7 * before


@pytest.mark.parametrize("labels", [3, 18])
def test_tokens_below_the_threshold_are_left_out(labels, probe):
    """With a feature for each token alone, its row tells whether the token counted."""
    rng = np.random.default_rng(labels)
    tokens, threshold = 60, 0.4
    theta = rng.normal(0, 3, (tokens + labels, labels)).astype(np.float32)
    # Every other token is labelled as its own parameters would have it.
    gold = np.where(np.arange(tokens) % 2, theta[:tokens].argmax(axis=1), 0)
    arrays = (
        np.array([0, 20, 60]),
        gold.astype(np.int32),
        np.arange(tokens + 1),
        np.arange(tokens, dtype=np.int32),
    )
    sizes = {"label_count": labels, "feature_count": tokens}
    rule = StochasticGradientDescent(step_size=0.5, decay=0.0, l2=0.0, threshold=threshold)
    learner = Learner(ConditionalRandomField(*arrays, **sizes), rule)
    learner.theta = theta
    learner.compute([0, 1])
    gradient = learner.model.statistics()
    residual = np.abs(gradient[:tokens]).max(axis=1)
    counts = np.append(residual >= threshold, np.ones(labels, dtype=bool))
    assert 5 < counts[:tokens].sum() < 55
    # What the update costs on the simulated clock.
    assert probe.touched(learner) == counts[:tokens].sum()
    learner.update()
    expected = theta - 0.25 * gradient * counts[:, None]
    np.testing.assert_allclose(learner.theta, expected, rtol=1e-5, atol=1e-6)
    assert (learner.theta[~counts] == theta[~counts]).all()


@st.composite
def splits(draw):
    """Draw a corpus, parameters, a mini-batch and how it is split over slots."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corpus = random_sentences(
        rng,
        draw(st.lists(st.integers(0, 5), min_size=2, max_size=6)),
        label_count=draw(st.sampled_from([2, 9, 17])),
    )
    batch = draw(st.lists(st.integers(0, len(corpus) - 1), min_size=1, max_size=8))
    cuts = sorted(draw(st.lists(st.integers(0, len(batch)), min_size=0, max_size=4)))
    parts = np.split(np.array(batch), cuts)
    return corpus, random_theta(rng, corpus), batch, parts


@settings(max_examples=60, deadline=None)
@given(splits())
def test_splitting_over_slots_changes_no_bit(problem):
    corpus, theta, batch, parts = problem
    options = {"step_size": 0.3, "decay": 0.5, "l2": 1.0}
    whole = sgd(corpus, theta, **options)
    split = sgd(corpus, theta, **options, slots=len(parts), workspaces=2)
    for _ in range(3):
        whole.compute(batch)
        whole.update()
        for slot, part in enumerate(parts):
            split.compute(part, slot=slot, workspace=slot % 2)
        split.update(0, len(parts))
    assert split.theta.tobytes() == whole.theta.tobytes()
    assert (split.updates, split.examples) == (whole.updates, whole.examples)


def test_statistics_wait_for_their_update():
    """An update applies what was computed before others changed theta: that is staleness."""
    rng = np.random.default_rng(6)
    corpus = random_sentences(rng, [4, 6], 3)
    theta = random_theta(rng, corpus)
    learner = sgd(corpus, theta, step_size=0.5, slots=2)
    learner.compute([0], slot=0)
    learner.compute([1], slot=1)
    learner.update(1)
    learner.update(0)
    expected = theta - 0.5 * reference.gradient(theta, corpus)
    np.testing.assert_allclose(learner.theta, expected, rtol=1e-5, atol=1e-5)


def test_an_update_without_examples_is_none():
    rng = np.random.default_rng(7)
    corpus = random_sentences(rng, [4], 3)
    learner = sgd(corpus, random_theta(rng, corpus), l2=0.5, slots=3)
    before = learner.theta.tobytes()
    learner.compute([], slot=1)
    learner.update(0, 3)
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples, learner.table.scale) == (0, 0, 1.0)


# ---- the scale that carries the decay -----------------------------------------------------------


def steep(corpus, theta, **options):
    """A learner whose scale falls to a tenth with each update."""
    return sgd(corpus, theta, step_size=0.9, l2=float(len(corpus)), **options)


@pytest.mark.parametrize("labels", [3, 17])
@pytest.mark.parametrize("replicas", [0, 2])
def test_the_scale_is_kept_in_range_by_updates(labels, replicas, probe):
    """So long that it would have left float32's range many times, whoever looks or nobody."""
    rng = np.random.default_rng(8)
    corpus = random_sentences(rng, [4, 2, 5], labels)
    theta = random_theta(rng, corpus)
    seen, unseen = (steep(corpus, theta, slots=2, replicas=replicas) for _ in range(2))
    for k in range(600):
        for learner in (seen, unseen):
            learner.compute([k % 3], slot=k % 2)
            learner.update(k % 2)
            if replicas and k % 100 == 99:
                probe.average(learner)
        for slot in range(2):
            assert 2.0**-40 <= probe.scale(unseen, slot) <= 1.0
        if k % 7 == 0:
            seen.model.evaluate(*corpus.arrays)
        for slot in range(2):
            assert probe.learned(seen, slot).tobytes() == probe.learned(unseen, slot).tobytes()
    assert seen.theta.tobytes() == unseen.theta.tobytes()
    assert np.abs(seen.theta).max() > 1e-3


@pytest.mark.parametrize("keep", [0.1, 2.0**-39, 2.0**-41, 1e-15])
def test_an_update_equals_its_formula_whatever_it_keeps(keep):
    """Also where one update alone would take the scale out of the range."""
    rng = np.random.default_rng(9)
    corpus = random_sentences(rng, [4, 2, 5], 5)
    expected = random_theta(rng, corpus)
    learner = sgd(corpus, expected, step_size=0.9, l2=(1.0 - keep) * 3 / 0.9)
    for k in range(40):
        gradient = reference.gradient(expected, corpus, [k % 3])
        expected = keep * expected - 0.9 * gradient
        learner.compute([k % 3])
        learner.update()
        # An update finds it above 2^-30, or folds it first.
        assert learner.table.scale >= 2.0**-30 * keep * (1 - 1e-9)
    np.testing.assert_allclose(learner.theta, expected, rtol=1e-4, atol=1e-5)


def test_looking_changes_nothing(probe):
    rng = np.random.default_rng(10)
    corpus = random_sentences(rng, [4, 2, 5], 5)
    learner = steep(corpus, random_theta(rng, corpus))
    train(learner, [[k % 3] for k in range(10)])
    scale = learner.table.scale
    assert 2.0**-40 < scale < 2.0**-30
    probe.settle(learner)
    assert learner.table.scale == scale


@pytest.mark.parametrize("overlapping", [False, True])
def test_the_scale_is_folded_while_others_compute(overlapping, probe):
    """Rows and scale change together for all who read them: no gradient is far from the others."""
    rng = np.random.default_rng(11)
    corpus = random_sentences(rng, [4, 2, 5, 3], 5)
    threads = 3
    learner = steep(corpus, random_theta(rng, corpus), slots=threads, workspaces=threads)
    if overlapping:
        learner.let_updates_overlap()
    mini_batches = rng.integers(0, 4, size=(20, 2), dtype=np.int32)

    def work(slot):
        if overlapping or slot == 0:
            probe.drive(learner, mini_batches, 3000, slot)
        else:
            for _ in range(1500):
                learner.compute(mini_batches[0], slot=slot, workspace=slot)

    workers = [threading.Thread(target=work, args=(slot,)) for slot in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert learner.updates == (3000 * threads if overlapping else 3000)
    assert 2.0**-40 <= learner.table.scale <= 1.0
    assert np.abs(learner.theta).max() < 100.0


def test_rows_are_read_with_the_scale_they_go_with():
    """Though many updates are made while one long sentence is read."""
    rng = np.random.default_rng(13)
    corpus = random_sentences(rng, [20_000, 4, 2], 5)
    learner = steep(corpus, random_theta(rng, corpus), slots=2, workspaces=2)
    train(learner, [[1, 2]] * 50)
    learner.compute([0])
    greatest = np.abs(learner.model.statistics()).max()
    ended = threading.Event()

    def write():
        while not ended.is_set():
            learner.compute([1, 2], slot=1, workspace=1)
            learner.update(1)

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for _ in range(60):
            learner.compute([0])
            assert np.abs(learner.model.statistics()).max() < 2 * greatest
    finally:
        ended.set()
        writer.join()


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([1, 9, 16, 17]))
def test_padding_lanes_stay_zero(probe, seed, labels):
    rng = np.random.default_rng(seed)
    corpus = random_sentences(rng, rng.integers(0, 6, size=4), labels)
    learner = steep(corpus, random_theta(rng, corpus))
    train(learner, rng.integers(0, 4, size=(15, 2)))
    for _ in range(2):
        for rows in probe.rows(learner):
            assert not rows[:, labels:].any()
        probe.settle(learner)


# ---- replicas -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [3, 18])
def test_replicas_learn_by_themselves_until_they_are_averaged(labels, probe):
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [4, 5, 3, 6], labels)
    theta = random_theta(rng, corpus)
    options = {"step_size": 0.4, "decay": 0.0, "l2": 3.0}
    replicated = sgd(corpus, theta, **options, slots=2, replicas=2)
    alone = [sgd(corpus, theta, **options) for _ in range(2)]
    for _ in range(2):
        for slot, batch in enumerate([[0, 1], [2, 3]]):
            for _ in range(3):
                replicated.compute(batch, slot=slot)
                replicated.update(slot)
                alone[slot].compute(batch)
                alone[slot].update()
        mean = (alone[0].theta.astype(np.float64) + alone[1].theta) / 2
        # Looking at theta changes nothing; only `average` does.
        np.testing.assert_allclose(replicated.theta, mean, rtol=1e-5, atol=1e-6)
        probe.average(replicated)
        np.testing.assert_allclose(replicated.theta, mean, rtol=1e-5, atol=1e-6)
        for learner in alone:
            learner.theta = replicated.theta
    assert replicated.updates == 12


def test_setting_theta_sets_every_replica():
    """Whatever its rows were to be multiplied with before."""
    rng = np.random.default_rng(5)
    corpus = random_sentences(rng, [4, 5], 3)
    theta = random_theta(rng, corpus)
    learner = sgd(corpus, theta, step_size=0.4, l2=1.0, slots=2, replicas=2)
    for slot in range(2):
        learner.compute([slot], slot=slot)
        learner.update(slot)
    learner.theta = theta
    np.testing.assert_array_equal(learner.theta, theta)


def test_there_is_a_replica_for_each_slot_or_none():
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    with pytest.raises(ValueError, match="replicas must be 0 or 2"):
        sgd(corpus, slots=2, replicas=1)


# ---- what is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {"step_size": 0.0},
        {"step_size": -1.0},
        {"step_size": np.nan},
        {"decay": -0.1},
        {"decay": np.nan},
        {"l2": -1.0},
        {"l2": np.nan},
        {"threshold": -1e-3},
        {"threshold": np.nan},
    ],
    ids=str,
)
def test_hyper_parameters_out_of_range(wrong):
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    with pytest.raises(ValueError, match="step_size must be positive, decay, l2"):
        sgd(corpus, **wrong)


def test_a_decay_that_would_turn_theta_around():
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    sgd(corpus, step_size=0.5, l2=3.9)
    with pytest.raises(ValueError, match="step_size times l2 must be under the number of sentence"):
        sgd(corpus, step_size=0.5, l2=4.0)


def test_an_update_that_is_not_finite_is_not_made():
    rng = np.random.default_rng(11)
    corpus = random_sentences(rng, [3, 2], 4)
    learner = sgd(corpus, random_theta(rng, corpus), step_size=np.inf)
    before = learner.theta.tobytes()
    learner.compute([0])
    with pytest.raises(FloatingPointError, match="smaller step size"):
        learner.update()
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples, learner.table.scale) == (0, 0, 1.0)


def test_divergence_is_noticed():
    """A step so long that theta overflows ends in an error, not in numbers that are not."""
    rng = np.random.default_rng(12)
    corpus = random_sentences(rng, [5, 5, 5], 4)
    learner = sgd(corpus, random_theta(rng, corpus), step_size=3e38)
    with pytest.raises(FloatingPointError):
        train(learner, [[k % 3] for k in range(50)])
