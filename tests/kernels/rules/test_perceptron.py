"""The averaged perceptron: what it decodes, its update, its average and its exactness."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.models.decoded import DecodedChain
from staleness.kernels.rules.perceptron import StructuredPerceptron

from .. import reference
from ..models.test_crf import extremes
from ..reference import Sentences, random_sentences, random_theta

learn = partial(reference.averaged, step=reference.perceptron_step)


def perceptron(corpus, theta=None, **sizes):
    return corpus.learner(DecodedChain, StructuredPerceptron(), theta, **sizes)


def train(learner, mini_batches, slot=0):
    for examples in mini_batches:
        learner.compute(examples, slot=slot)
        learner.update(slot)


@st.composite
def problems(draw, longest=4, most_labels=4):
    """Draw a corpus of short sentences whose features repeat, and parameters with ties."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corpus = random_sentences(
        rng,
        draw(st.lists(st.integers(0, longest), min_size=1, max_size=5)),
        label_count=draw(st.integers(1, most_labels)),
        feature_count=draw(st.integers(1, 6)),
        most_features=draw(st.integers(0, 5)),
    )
    # Small integers are exact in float32, so that every tie is one.
    return corpus, np.round(random_theta(rng, corpus, draw(st.sampled_from([0.0, 0.5, 5.0]))))


# ---- statistics ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(extremes())
def test_the_best_path_at_any_scores(problem):
    """None of those whose scores overflow is lost, nor do infinities make a tie."""
    corpus, theta = problem
    learner = perceptron(corpus, theta)
    learner.compute(np.arange(len(corpus)))
    labels = learner.model.mistakes()[0]
    for sentence in range(len(corpus)):
        emission, transition = reference.scores(theta, corpus, sentence)
        found = reference.by_exact_enumeration(emission, transition)
        exactly = reference.exactly(emission, transition)
        score = reference.path_score(*exactly, labels[corpus.tokens(sentence)])
        scale = len(emission) * float(np.abs(emission).max() + np.abs(transition).max())
        assert float(found.best_score - score) <= 1e-6 * scale


@pytest.mark.parametrize(
    ("emission", "transition"),
    [
        # Path scores beyond float32, of which infinities would make ties.
        ([[2.5, 3.0]] * 5, [[0.0, 0.0], [0.0, 0.0]]),
        # An eighth of each score would not do either, were the greatest not taken at every token.
        ([[2.5, 3.0]] * 12, [[0.0, 0.0], [0.0, 0.0]]),
        # The best path is beyond it on the way, and comes back.
        ([[0.0, -3.0], [0.0, -3.0], [-3.0, 3.0]], [[0.0, -3.4], [-3.0, 2.0]]),
    ],
    ids=["above", "far above", "below"],
)
def test_path_scores_that_overflow(emission, transition):
    tokens = len(emission)
    corpus = Sentences(
        offsets=np.array([0, tokens]),
        labels=np.zeros(tokens, dtype=np.int32),
        feature_offsets=np.arange(tokens + 1),
        features=np.arange(tokens, dtype=np.int32),
        label_count=2,
        feature_count=tokens,
    )
    theta = np.array(emission + transition, dtype=np.float32) * np.float32(1e38)
    learner = perceptron(corpus, theta)
    learner.compute([0])
    expected = reference.by_enumeration(*reference.scores(theta, corpus, 0)).best
    assert set(expected) == {1}
    assert tuple(learner.model.mistakes()[0]) == expected
    assert tuple(learner.model.evaluate(*corpus.arrays)[0]) == expected


@settings(max_examples=60, deadline=None)
@given(problems())
def test_decodes_as_enumeration_does(problem):
    corpus, theta = problem
    learner = perceptron(corpus, theta)
    learner.compute(np.arange(len(corpus)))
    labels, steps = learner.model.mistakes()
    for sentence in range(len(corpus)):
        found = reference.mistake(theta, corpus, sentence, reference.by_enumeration)
        assert tuple(labels[corpus.tokens(sentence)]) == found.path
        assert steps[sentence] == (found.loss > 0)


@pytest.mark.parametrize("labels", [9, 16, 17, 128, 1024])
def test_decodes_as_recursions_do(labels):
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [40, 0, 1, 7, 100], labels)
    theta = random_theta(rng, corpus)
    learner = perceptron(corpus, theta, slots=2)
    learner.compute([4, 0, 1, 4], slot=1)
    decoded, steps = learner.model.mistakes(1)
    assert len(decoded) == 240
    for part, sentence in zip(np.split(decoded, [100, 140, 140]), [4, 0, 1, 4], strict=True):
        emission, transition = reference.scores(theta, corpus, sentence)
        best = reference.by_recursion(emission, transition).best_score
        found = reference.path_score(emission, transition, part)
        np.testing.assert_allclose(found, best, rtol=1e-5, atol=1e-4)
    assert steps.tolist() == [1.0, 1.0, 0.0, 1.0]
    assert [len(part) for part in learner.model.mistakes(0)] == [0, 0]
    with pytest.raises(IndexError, match="no slot 2"):
        learner.model.mistakes(2)


def test_an_update_touches_the_tokens_that_are_wrong(probe):
    rng = np.random.default_rng(9)
    corpus = random_sentences(rng, [4, 0, 9, 30], 5)
    learner = perceptron(corpus, random_theta(rng, corpus), slots=2)
    learner.compute([3, 0, 1], slot=1)
    gold = np.concatenate([corpus.labels[corpus.tokens(sentence)] for sentence in [3, 0, 1]])
    mistakes = np.count_nonzero(learner.model.mistakes(1)[0] != gold)
    assert 0 < mistakes < 34
    assert probe.touched(learner, 1) == mistakes


def test_it_decodes_with_what_is_learned_not_with_the_average(probe):
    rng = np.random.default_rng(3)
    corpus = random_sentences(rng, rng.integers(1, 9, size=30), 5)
    learner = perceptron(corpus)
    train(learner, rng.integers(0, 30, size=(40, 4)))
    learned = probe.learned(learner)
    assert np.abs(learned - learner.theta).max() > 0.5
    learner.compute(range(30))
    labels, _ = learner.model.mistakes()
    paths = [reference.mistake(learned, corpus, sentence).path for sentence in range(30)]
    assert labels.tolist() == [label for path in paths for label in path]
    # `evaluate` does the opposite.
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    paths = [reference.mistake(learner.theta, corpus, sentence).path for sentence in range(30)]
    assert decoded.tolist() == [label for path in paths for label in path]
    expected = reference.log_likelihood(learner.theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5)
    assert decoded.tolist() != labels.tolist()


# ---- the update and the average -----------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(problems(), st.data())
def test_equals_its_definition_in_every_bit(probe, problem, data):
    """Halves and quarters of integers are exact in float32, and so is the average's sum."""
    corpus, theta = problem
    size = data.draw(st.sampled_from([1, 2, 4]))
    sentence = st.integers(0, len(corpus) - 1)
    mini_batches = data.draw(
        st.lists(st.lists(sentence, min_size=size, max_size=size), min_size=1, max_size=12)
    )
    learner = perceptron(corpus, theta)
    train(learner, mini_batches)
    last, average = learn(theta, corpus, mini_batches, infer=reference.by_enumeration)
    assert (probe.learned(learner) == last).all()
    assert (learner.theta == average.astype(np.float32)).all()
    assert (learner.updates, learner.examples) == (len(mini_batches), len(mini_batches) * size)


@pytest.mark.parametrize("labels", [3, 9, 18])
@pytest.mark.parametrize("size", [1, 4, 3])
def test_equals_a_plain_perceptron(probe, labels, size):
    rng = np.random.default_rng([labels, size])
    corpus = random_sentences(rng, rng.integers(0, 9, size=15), labels)
    theta = random_theta(rng, corpus)
    mini_batches = rng.integers(0, 15, size=(80, size))
    learner = perceptron(corpus, theta)
    train(learner, mini_batches)
    last, average = learn(theta, corpus, mini_batches)
    assert np.abs(last - theta).max() > 1
    np.testing.assert_allclose(probe.learned(learner), last, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(learner.theta, average, rtol=1e-4, atol=1e-4)


def test_the_average_is_exact_after_many_updates(probe):
    """Sums that float32 has no room for: contradictory labels, features 601 times at a token."""
    rng = np.random.default_rng(5)
    sentences, copies, updates = 12, 601, 40_000
    features = rng.integers(0, 3, size=sentences)
    corpus = Sentences(
        offsets=np.arange(sentences + 1),
        labels=rng.integers(0, 3, size=sentences, dtype=np.int32),
        feature_offsets=np.arange(sentences + 1) * copies,
        features=np.repeat(features, copies).astype(np.int32),
        label_count=3,
        feature_count=3,
    )
    gold = corpus.labels.tolist()
    learner = perceptron(corpus)
    rows = [[0, 0, 0] for _ in range(3)]
    sums = [[0, 0, 0] for _ in range(3)]
    greatest = 0
    for number, sentence in enumerate(rng.integers(0, sentences, size=updates).tolist()):
        learner.compute([sentence])
        learner.update()
        row, right = features[sentence], gold[sentence]
        wrong = rows[row].index(max(rows[row]))
        for label, sign in ((right, copies), (wrong, -copies)):
            rows[row][label] += sign
            sums[row][label] += sign * number
            greatest = max(greatest, abs(sums[row][label]))
    assert greatest > 2**24
    assert (probe.learned(learner)[:3] == rows).all()
    exact = [
        [(updates * theta - u) / updates for theta, u in zip(*pair, strict=True)]
        for pair in zip(rows, sums, strict=True)
    ]
    assert (learner.theta[:3] == np.array(exact, dtype=np.float32)).all()


def test_a_mini_batch_is_one_mean_step():
    """Twice the same sentence is the same update as once."""
    rng = np.random.default_rng(1)
    corpus = random_sentences(rng, [5, 3], 4)
    theta = random_theta(rng, corpus)
    once, twice = perceptron(corpus, theta), perceptron(corpus, theta)
    train(once, [[1]])
    train(twice, [[1, 1]])
    np.testing.assert_allclose(twice.theta, once.theta, rtol=1e-5, atol=1e-6)
    assert np.abs(once.theta - theta).max() > 0.5


def test_updates_without_a_mistake_count_in_the_average():
    corpus = random_sentences(np.random.default_rng(0), [2, 3], 2)
    right = np.zeros((14, 2), dtype=np.float32)
    corpus.labels[:2] = 0
    corpus.labels[2:] = 1
    learner = perceptron(corpus, right)
    train(learner, [[0]] * 3)
    assert not learner.theta.any()
    assert learner.updates == 3
    train(learner, [[1]])
    _, average = learn(right, corpus, [[1]])
    assert average.any()
    assert (learner.theta == (average / 4).astype(np.float32)).all()


def test_setting_theta_begins_anew():
    rng = np.random.default_rng(2)
    corpus = random_sentences(rng, [5, 3, 4], 4)
    theta = random_theta(rng, corpus)
    used, fresh = perceptron(corpus), perceptron(corpus, theta)
    train(used, [[0], [1], [2]])
    used.theta = theta
    assert used.theta.tobytes() == theta.tobytes()
    for learner in (used, fresh):
        train(learner, [[0, 1], [2, 1]])
    assert used.theta.tobytes() == fresh.theta.tobytes()
    with pytest.raises(ValueError, match=r"theta is \[16, 4\]"):
        used.theta = theta[1:]


def test_it_learns_what_can_be_learned():
    """Labels that a perceptron of other parameters gave are decoded without mistake in the end."""
    rng = np.random.default_rng(4)
    corpus = random_sentences(rng, [5] * 20, 4, feature_count=60)
    teacher = perceptron(corpus, random_theta(rng, corpus))
    corpus.labels[:] = teacher.model.evaluate(*corpus.arrays)[0]
    learner = perceptron(corpus)
    train(learner, np.tile(np.arange(20), 100)[:, None])
    learner.compute(range(20))
    assert not learner.model.mistakes()[1].any()
    assert (learner.model.evaluate(*corpus.arrays)[0] == corpus.labels).mean() > 0.98


@st.composite
def splits(draw):
    """Draw a corpus, parameters, a mini-batch and how it is split over slots."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corpus = random_sentences(
        rng,
        draw(st.lists(st.integers(0, 5), min_size=2, max_size=6)),
        label_count=draw(st.sampled_from([2, 9, 17, 130])),
    )
    batch = draw(st.lists(st.integers(0, len(corpus) - 1), min_size=1, max_size=8))
    cuts = sorted(draw(st.lists(st.integers(0, len(batch)), min_size=0, max_size=4)))
    return corpus, random_theta(rng, corpus), batch, np.split(np.array(batch), cuts)


@settings(max_examples=40, deadline=None)
@given(splits())
def test_splitting_over_slots_changes_no_bit(problem):
    corpus, theta, batch, parts = problem
    whole = perceptron(corpus, theta)
    split = perceptron(corpus, theta, slots=len(parts), workspaces=2)
    for _ in range(3):
        whole.compute(batch)
        whole.update()
        for slot, part in enumerate(parts):
            split.compute(part, slot=slot, workspace=slot % 2)
        split.update(0, len(parts))
    assert split.theta.tobytes() == whole.theta.tobytes()
    assert (split.updates, split.examples) == (whole.updates, whole.examples)


def test_statistics_wait_for_their_update(probe):
    """An update applies what was decoded before others changed theta: that is staleness."""
    rng = np.random.default_rng(6)
    corpus = random_sentences(rng, [4, 6], 3)
    theta = np.round(random_theta(rng, corpus))
    learner = perceptron(corpus, theta, slots=2)
    learner.compute([0], slot=0)
    learner.compute([1], slot=1)
    learner.update(1)
    learner.update(0)
    first, second = (
        reference.steps_of(theta, corpus, [sentence], reference.perceptron_step)
        for sentence in (1, 0)
    )
    assert first.any()
    assert second.any()
    assert (probe.learned(learner) == theta + first + second).all()
    assert (learner.theta == theta + first + second / 2).all()


def test_an_update_without_examples_is_none():
    rng = np.random.default_rng(7)
    corpus = random_sentences(rng, [4], 3)
    learner = perceptron(corpus, random_theta(rng, corpus), slots=3)
    before = learner.theta.tobytes()
    learner.compute([], slot=1)
    learner.update(0, 3)
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples) == (0, 0)


@pytest.mark.parametrize("labels", [1, 9, 16, 17])
def test_padding_lanes_stay_zero(probe, labels):
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, rng.integers(0, 6, size=4), labels)
    learner = perceptron(corpus, random_theta(rng, corpus))
    train(learner, rng.integers(0, 4, size=(15, 2)))
    probe.settle(learner)
    for copy in (0, 1):
        for rows in probe.rows(learner, copy):
            assert not rows[:, labels:].any()


# ---- replicas -----------------------------------------------------------------------------------


@pytest.mark.parametrize("labels", [3, 18])
def test_replicas_learn_by_themselves_until_they_are_averaged(probe, labels):
    """The model is the mean over all updates, of however many each replica made."""
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [4, 5, 3, 6], labels)
    theta = random_theta(rng, corpus).astype(np.float64)
    learner = perceptron(corpus, theta, slots=2, replicas=2)
    replicas, total, updates = [theta, theta], np.zeros(theta.shape), 0
    for turns in (3, 2, 4):
        for slot, (batch, number) in enumerate([([0, 1], turns), ([2, 3], 2)]):
            for _ in range(number):
                step = reference.steps_of(
                    probe.learned(learner, slot), corpus, batch, reference.perceptron_step
                )
                replicas[slot] = replicas[slot] + step
                total += replicas[slot]
                updates += 1
                train(learner, [batch], slot)
            np.testing.assert_allclose(
                probe.learned(learner, slot), replicas[slot], rtol=1e-5, atol=1e-5
            )
        # Looking at theta changes nothing; only `average` does.
        np.testing.assert_allclose(learner.theta, total / updates, rtol=1e-5, atol=1e-5)
        probe.average(learner)
        np.testing.assert_allclose(learner.theta, total / updates, rtol=1e-5, atol=1e-5)
        replicas = [np.mean(replicas, axis=0)] * 2
        for slot in range(2):
            np.testing.assert_allclose(
                probe.learned(learner, slot), replicas[0], rtol=1e-5, atol=1e-5
            )
    assert learner.updates == updates == 15


def test_averaging_replicas_that_have_not_learned_changes_nothing(probe):
    rng = np.random.default_rng(8)
    corpus = random_sentences(rng, [4, 5], 3)
    theta = random_theta(rng, corpus)
    learner = perceptron(corpus, theta, slots=4, replicas=4)
    probe.average(learner)
    assert learner.theta.tobytes() == theta.tobytes()


# ---- broken numbers -----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("part", ["emission", "transition"])
def test_numbers_that_are_not_finite_are_refused(part, value):
    corpus = random_sentences(np.random.default_rng(0), [3], 3, feature_count=1, most_features=2)
    corpus.labels[:] = 2
    theta = np.full((4, 3), value, dtype=np.float32)
    theta[1:] = 0.0 if part == "emission" else theta[1:]
    theta[:1] = 0.0 if part == "transition" else theta[:1]
    learner = perceptron(corpus, theta)
    with pytest.raises(FloatingPointError, match="not finite"):
        learner.compute([0])
    assert np.isnan(learner.model.evaluate(*corpus.arrays)[1])
    # Nothing of it is left for an update.
    learner.update()
    assert learner.updates == 0
