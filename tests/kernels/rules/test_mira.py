"""1-best MIRA: the step it takes. What it shares with the perceptron is tested there."""

from functools import partial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.models.decoded import DecodedChain
from staleness.kernels.rules.mira import MarginInfusedRelaxedAlgorithm

from .. import reference
from ..reference import Sentences, random_sentences, random_theta
from .test_perceptron import perceptron, problems, train

UNLIMITED = 1e30


def mira(corpus, theta=None, *, step_limit=UNLIMITED, **sizes):
    rule = MarginInfusedRelaxedAlgorithm(step_limit=step_limit)
    return corpus.learner(DecodedChain, rule, theta, **sizes)


def steps(learner, sentences):
    """Return how far an update steps from each sentence."""
    learner.compute(sentences)
    learner.update()
    return learner.model.mistakes()[1]


@settings(max_examples=100, deadline=None)
@given(problems(longest=5), st.sampled_from([0.01, 0.25, UNLIMITED]))
def test_the_step_equals_its_formula(problem, limit):
    """Also where a feature comes at several tokens, or several times at one."""
    corpus, theta = problem
    found = steps(mira(corpus, theta, step_limit=limit), range(len(corpus)))
    for sentence in range(len(corpus)):
        wrong = reference.mistake(theta, corpus, sentence, reference.by_enumeration)
        expected = reference.mira_step(wrong, limit)
        assert found[sentence] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("labels", [2, 9, 17])
@pytest.mark.parametrize("lengths", [[300], [3, 60, 1, 0, 20]], ids=str)
def test_the_squared_norm_is_exact(labels, lengths):
    """From theta = 0 the margin is 0, so that the step is the loss over the squared norm."""
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, lengths, labels, feature_count=20, most_features=30)
    theta = np.zeros((20 + labels, labels), dtype=np.float32)
    found = steps(mira(corpus), range(len(corpus)))
    for sentence in range(len(corpus)):
        wrong = reference.mistake(theta, corpus, sentence)
        squares = int(np.sum(wrong.difference**2))
        assert found[sentence] == (wrong.loss / squares if squares else 0.0)
    assert found.any()


def test_after_a_full_step_gold_wins_by_its_loss(probe):
    rng = np.random.default_rng(2)
    corpus = random_sentences(rng, rng.integers(1, 9, size=20), 5)
    theta = random_theta(rng, corpus)
    stepped = 0
    for sentence in range(20):
        before = reference.mistake(theta, corpus, sentence)
        learner = mira(corpus, theta)
        train(learner, [[sentence]])
        if not (before.loss and before.difference.any()):
            continue
        emission, transition = reference.scores(probe.learned(learner), corpus, sentence)
        gold = corpus.labels[corpus.tokens(sentence)]
        margin = reference.path_score(emission, transition, gold) - reference.path_score(
            emission, transition, before.path
        )
        assert margin == pytest.approx(before.loss, rel=1e-4)
        stepped += 1
    assert stepped > 10


@pytest.mark.parametrize("size", [1, 4, 3])
@pytest.mark.parametrize("limit", [0.02, UNLIMITED])
def test_equals_plain_mira(probe, size, limit):
    rng = np.random.default_rng(size)
    corpus = random_sentences(rng, rng.integers(0, 9, size=15), 9)
    theta = random_theta(rng, corpus)
    mini_batches = rng.integers(0, 15, size=(60, size))
    learner = mira(corpus, theta, step_limit=limit)
    train(learner, mini_batches)
    last, average = reference.averaged(
        theta, corpus, mini_batches, partial(reference.mira_step, limit=limit)
    )
    assert np.abs(last - theta).max() > 0.1
    np.testing.assert_allclose(probe.learned(learner), last, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(learner.theta, average, rtol=1e-4, atol=1e-4)


@settings(max_examples=30, deadline=None)
@given(problems(), st.integers(0, 2**32 - 1))
def test_with_short_steps_it_is_a_perceptron(problem, seed):
    """Every step is clipped, and a power of two of the perceptron's changes no decision."""
    corpus, theta = problem
    limit = 2.0**-20
    mini_batches = np.random.default_rng(seed).integers(0, len(corpus), size=(20, 2))
    learner = mira(corpus, theta * np.float32(limit), step_limit=limit)
    other = perceptron(corpus, theta)
    for one in (learner, other):
        train(one, mini_batches)
    assert (learner.theta == other.theta * np.float32(limit)).all()


def test_no_step_where_features_are_the_same():
    """0100 for 0010: two tokens are wrong, but nothing in the features tells the two apart."""
    corpus = Sentences(
        offsets=np.array([0, 4]),
        labels=np.array([0, 0, 1, 0], dtype=np.int32),
        feature_offsets=np.array([0, 1, 1, 1, 2]),
        features=np.zeros(2, dtype=np.int32),
        label_count=2,
        feature_count=1,
    )
    theta = np.array([[9, 0], [0, 1], [1, -9]], dtype=np.float32)
    found = reference.mistake(theta, corpus, 0, reference.by_enumeration)
    assert found.path == (0, 1, 0, 0)
    assert not found.difference.any()
    learner = mira(corpus, theta)
    assert steps(learner, [0]).tolist() == [0.0]
    assert learner.theta.tobytes() == theta.tobytes()


@pytest.mark.parametrize("limit", [0.0, -1.0, np.nan, np.inf])
def test_a_step_limit_out_of_range(limit):
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    with pytest.raises(ValueError, match="step_limit must be positive and finite"):
        mira(corpus, step_limit=limit)
