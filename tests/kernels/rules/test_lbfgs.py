"""Batch learning of the CRF: objective, gradient, and the optimiser that gets them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.models.crf import ConditionalRandomField
from staleness.kernels.rules.lbfgs import BatchGradient

from .. import reference
from ..reference import random_sentences, random_theta


class Told:
    """An optimiser that writes down what it is told, and answers with what it was given."""

    def __init__(self, *answers):
        self.answers = list(answers)
        self.heard = []
        self.stopped = None
        self.closed = False

    def step(self, theta, objective, gradient):
        self.heard.append((theta, objective, gradient))
        answer = self.answers.pop(0) if self.answers else theta
        if isinstance(answer, BaseException):
            raise answer
        return answer

    def close(self):
        self.closed = True


def batch(corpus, theta=None, *, l2=1.0, optimiser=None, **sizes):
    rule = BatchGradient(l2=l2, optimiser=optimiser or Told())
    return corpus.learner(ConditionalRandomField, rule, theta, **sizes)


def told(corpus, theta, order=None, *, l2=1.0):
    """Return objective and gradient at theta."""
    optimiser = Told()
    learner = batch(corpus, theta, l2=l2, optimiser=optimiser)
    learner.compute(range(len(corpus)) if order is None else order)
    learner.update()
    ((_, objective, gradient),) = optimiser.heard
    return objective, gradient


def expected_objective(theta, corpus, l2):
    squares = (theta.astype(np.float64) ** 2).sum()
    return (-reference.log_likelihood(theta, corpus) + l2 / 2 * squares) / len(corpus)


@pytest.mark.parametrize("l2", [0.0, 3.0])
@pytest.mark.parametrize("labels", [1, 3, 9, 16, 18])
def test_objective_and_gradient_equal_a_reference(labels, l2):
    rng = np.random.default_rng([labels, int(l2)])
    corpus = random_sentences(rng, [4, 0, 7, 1, 5, 0], labels)
    theta = random_theta(rng, corpus)
    objective, gradient = told(corpus, theta, rng.permutation(6), l2=l2)
    assert objective == pytest.approx(expected_objective(theta, corpus, l2), rel=1e-5)
    expected = (reference.gradient(theta, corpus) + l2 * theta.astype(np.float64)) / 6
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=2e-6)


@pytest.mark.parametrize("labels", [3, 18])
def test_the_gradient_is_that_of_the_objective(labels):
    """By central differences of what the kernel itself says."""
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [4, 3, 6], labels)
    # Points and steps that float32 holds exactly, as theta is rounded to it.
    theta = np.round(random_theta(rng, corpus) * 2**12) / np.float32(2**12)
    step = 2.0**-7
    _, gradient = told(corpus, theta)
    for _ in range(10):
        direction = rng.choice([-1.0, 0.0, 1.0], size=theta.shape)
        ahead, behind = (told(corpus, theta + sign * step * direction)[0] for sign in (1, -1))
        slope = (ahead - behind) / (2 * step)
        assert slope == pytest.approx((gradient * direction).sum(), rel=2e-3, abs=2e-3)


@st.composite
def splits(draw):
    """Draw a corpus, parameters, an order of its sentences and how it is split over slots."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corpus = random_sentences(
        rng,
        draw(st.lists(st.integers(0, 5), min_size=1, max_size=8)),
        label_count=draw(st.sampled_from([2, 9, 17])),
    )
    order = draw(st.permutations(range(len(corpus))))
    cuts = sorted(draw(st.lists(st.integers(0, len(corpus)), min_size=0, max_size=4)))
    return corpus, random_theta(rng, corpus), np.split(np.array(order, dtype=int), cuts)


@settings(max_examples=60, deadline=None)
@given(splits())
def test_neither_order_nor_slots_change_a_bit(problem):
    corpus, theta, parts = problem
    objective, gradient = told(corpus, theta)
    optimiser = Told()
    learner = batch(corpus, theta, optimiser=optimiser, slots=len(parts), workspaces=2)
    for slot, part in enumerate(parts):
        learner.compute(part, slot=slot, workspace=slot % 2)
    learner.update(0, len(parts))
    ((_, split_objective, split_gradient),) = optimiser.heard
    assert split_objective == objective == learner.rule.objective
    assert split_gradient.tobytes() == gradient.tobytes()


def test_the_optimiser_says_what_theta_becomes():
    rng = np.random.default_rng(1)
    corpus = random_sentences(rng, [3, 4], 5)
    first, second = random_theta(rng, corpus), random_theta(rng, corpus)
    optimiser = Told(second.astype(np.float64))
    learner = batch(corpus, first, optimiser=optimiser)
    assert np.isnan(learner.rule.objective)
    for updates in (1, 2, 3):
        learner.compute([1, 0])
        learner.update()
        assert (learner.updates, learner.examples) == (updates, 2 * updates)
        assert learner.theta.tobytes() == second.tobytes()
    thetas = [theta for theta, _, _ in optimiser.heard]
    assert [theta.dtype for theta in thetas] == [np.float64] * 3
    for theta, expected in zip(thetas, [first, second, second], strict=True):
        np.testing.assert_array_equal(theta, expected)
    # The parameters are those that the objective is of, whatever the optimiser keeps.
    assert learner.rule.objective == told(corpus, second)[0]


def test_a_learner_without_sentences():
    corpus = random_sentences(np.random.default_rng(2), [], 4)
    optimiser = Told()
    learner = batch(corpus, optimiser=optimiser)
    learner.compute([])
    learner.update()
    assert not optimiser.heard
    assert (learner.updates, learner.model.objective(0, 1)[0]) == (0, 0.0)


def test_an_update_without_examples_is_none():
    rng = np.random.default_rng(3)
    corpus = random_sentences(rng, [3, 4, 2], 5)
    optimiser = Told()
    learner = batch(corpus, random_theta(rng, corpus), optimiser=optimiser)
    before = learner.theta.tobytes()
    learner.compute([])
    learner.update()
    assert not optimiser.heard
    assert (learner.theta.tobytes(), learner.updates) == (before, 0)
    with pytest.raises(ValueError, match="an update needs every sentence of the corpus, once"):
        learner.model.objective(0, 1)


@pytest.mark.parametrize("examples", [[0, 2], [0, 1, 1], [0, 1, 2, 2]], ids=str)
def test_an_update_is_of_every_sentence_once(examples):
    rng = np.random.default_rng(3)
    corpus = random_sentences(rng, [3, 4, 2], 5)
    optimiser = Told()
    learner = batch(corpus, random_theta(rng, corpus), optimiser=optimiser)
    before = learner.theta.tobytes()
    learner.compute(examples)
    with pytest.raises(ValueError, match="an update needs every sentence of the corpus, once"):
        learner.update()
    assert not optimiser.heard
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples) == (0, 0)


@pytest.mark.parametrize("kind", [RuntimeError, KeyboardInterrupt, MemoryError])
def test_an_error_of_the_optimiser_is_the_updates(kind):
    rng = np.random.default_rng(4)
    corpus = random_sentences(rng, [3, 4], 5)
    error = kind("no more")
    learner = batch(corpus, random_theta(rng, corpus), optimiser=Told(error))
    before = learner.theta.tobytes()
    learner.compute([0, 1])
    with pytest.raises(kind) as caught:
        learner.update()
    assert caught.value is error
    assert learner.theta.tobytes() == before
    assert learner.updates == 0


def test_an_answer_of_another_shape():
    corpus = random_sentences(np.random.default_rng(5), [3, 4], 5)
    learner = batch(corpus, optimiser=Told(np.zeros(3)))
    learner.compute([0, 1])
    with pytest.raises(ValueError, match=r"theta is \[17, 5\]"):
        learner.update()


def test_statistics_that_are_not_finite():
    rng = np.random.default_rng(6)
    corpus = random_sentences(rng, [3, 4], 5)
    theta = random_theta(rng, corpus)
    theta[:] = np.nan
    learner = batch(corpus, theta)
    with pytest.raises(FloatingPointError, match="not finite"):
        learner.compute([0, 1])


def test_what_the_optimiser_is_asked_for():
    optimiser = Told()
    learner = batch(random_sentences(np.random.default_rng(7), [3], 5), optimiser=optimiser)
    assert learner.stopped is None
    optimiser.stopped = "enough"
    assert learner.stopped == "enough"
    learner.close()
    assert optimiser.closed


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"l2": -1.0}, "l2 must not be negative, not -1"),
        ({"l2": np.nan}, "l2 must not be negative, not nan"),
        ({"slots": 2, "replicas": 2}, "BatchGradient cannot average replicas"),
    ],
    ids=str,
)
def test_what_is_refused(options, message):
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    with pytest.raises(ValueError, match=message):
        batch(corpus, **options)
