"""The CRF: likelihood, gradient and decoding against enumeration, recursion and differences."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.core.rule import Rule
from staleness.kernels.models.crf import ConditionalRandomField

from .. import reference
from ..reference import random_sentences, random_theta

# What a token of a long sentence may add to the error of a sum.
LONG = 1e-7


def learner_of(corpus, theta, **sizes):
    return corpus.learner(ConditionalRandomField, Rule(), theta, **sizes)


def gradient_of(corpus, theta, sentences=None):
    learner = learner_of(corpus, theta)
    learner.compute(np.arange(len(corpus)) if sentences is None else sentences)
    return learner.model.statistics()


@st.composite
def problems(draw, longest=5, spreads=(0.1, 1.0, 5.0)):
    """Draw a corpus of short sentences and parameters."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    corpus = random_sentences(
        rng,
        draw(st.lists(st.integers(0, longest), min_size=1, max_size=5)),
        label_count=draw(st.sampled_from([1, 2, 3, 16, 17, 33, 130])),
        feature_count=draw(st.integers(1, 8)),
        most_features=draw(st.integers(0, 5)),
    )
    return corpus, random_theta(rng, corpus, draw(st.sampled_from(spreads)))


# ---- against enumeration of all label paths -----------------------------------------------------

TINY = {
    "one token": ([1], 4),
    "one token, one label": ([1], 1),
    "one label": ([5, 2], 1),
    "no token": ([0], 3),
    "empty between others": ([0, 3, 0, 0, 1, 0], 3),
    "two labels": ([7, 1, 4], 2),
    "several": ([5, 4, 3, 2, 1], 4),
    "a full block": ([3, 1], 16),
    "two blocks": ([3, 2, 1], 17),
    "three blocks": ([2, 1], 33),
    "most labels": ([2, 1], 128),
}


@pytest.mark.parametrize(("lengths", "labels"), TINY.values(), ids=TINY)
def test_equals_enumeration(lengths, labels):
    rng = np.random.default_rng([len(lengths), labels])
    corpus = random_sentences(rng, lengths, labels)
    theta = random_theta(rng, corpus)
    learner = learner_of(corpus, theta)
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    learner.compute(np.arange(len(corpus)))
    infer = reference.by_enumeration
    expected = reference.log_likelihood(theta, corpus, infer=infer)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5, atol=1e-5)
    expected = reference.gradient(theta, corpus, infer=infer)
    np.testing.assert_allclose(learner.model.statistics(), expected, rtol=1e-4, atol=1e-5)
    for sentence in range(len(corpus)):
        best = infer(*reference.scores(theta, corpus, sentence)).best
        assert tuple(decoded[corpus.tokens(sentence)]) == best


def test_no_sentences():
    corpus = random_sentences(np.random.default_rng(0), [], 3)
    learner = learner_of(corpus, random_theta(np.random.default_rng(0), corpus))
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    assert decoded.shape == (0,)
    assert log_likelihood == 0.0
    learner.compute([])
    assert not learner.model.statistics().any()


@pytest.mark.parametrize("labels", [3, 18])
def test_ties_go_to_the_lowest_labels_from_the_end(labels):
    """Small integers are exact in float32, so that every tie is one."""
    rng = np.random.default_rng(labels)
    lengths = [3] * (10 if labels > 16 else 40)
    corpus = random_sentences(rng, lengths, labels, feature_count=4, most_features=2)
    theta = np.round(random_theta(rng, corpus, 0.4))
    decoded, _ = learner_of(corpus, theta).model.evaluate(*corpus.arrays)
    for sentence in range(len(corpus)):
        best = reference.by_enumeration(*reference.scores(theta, corpus, sentence)).best
        assert tuple(decoded[corpus.tokens(sentence)]) == best


# ---- against recursions in log space ------------------------------------------------------------


@pytest.mark.parametrize("labels", [2, 9, 16, 17, 45, 128, 300])
@pytest.mark.parametrize("spread", [0.3, 2.0])
def test_equals_recursions_in_log_space(labels, spread):
    rng = np.random.default_rng([labels, int(10 * spread)])
    lengths = [*rng.integers(0, 30, size=12), 257, 1, 400]
    corpus = random_sentences(rng, lengths, labels, feature_count=50, most_features=12)
    theta = random_theta(rng, corpus, spread)
    learner = learner_of(corpus, theta)
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    expected = reference.log_likelihood(theta, corpus)
    # Half a unit in the last place of float32 a token, where gains and losses cancel.
    tokens = len(corpus.labels)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4, atol=2e-7 * tokens)
    expected = reference.gradient(theta, corpus)
    np.testing.assert_allclose(
        gradient_of(corpus, theta), expected, rtol=1e-4, atol=1e-4 * (1 + np.abs(expected).max())
    )
    for sentence in range(len(corpus)):
        emission, transition = reference.scores(theta, corpus, sentence)
        best = reference.by_recursion(emission, transition).best_score
        path = decoded[corpus.tokens(sentence)]
        np.testing.assert_allclose(
            reference.path_score(emission, transition, path), best, rtol=1e-5, atol=1e-4
        )


@settings(max_examples=60, deadline=None)
@given(problems())
def test_equals_recursions_on_any_input(problem):
    corpus, theta = problem
    _, log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)
    expected = reference.log_likelihood(theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        gradient_of(corpus, theta), reference.gradient(theta, corpus), rtol=1e-4, atol=1e-4
    )


def test_statistics_are_of_the_examples_asked_for():
    rng = np.random.default_rng(3)
    corpus = random_sentences(rng, [4, 2, 6, 1, 3], 5)
    theta = random_theta(rng, corpus)
    learner = learner_of(corpus, theta, slots=3, workspaces=2)
    learner.compute([0, 1, 2, 3, 4], slot=1)
    learner.compute([3, 1, 3], slot=1, workspace=1)
    learner.compute([2], slot=2)
    expected = reference.gradient(theta, corpus, [3, 1, 3])
    np.testing.assert_allclose(learner.model.statistics(1), expected, rtol=1e-4, atol=1e-5)
    expected = reference.gradient(theta, corpus, [2])
    np.testing.assert_allclose(learner.model.statistics(2), expected, rtol=1e-4, atol=1e-5)
    assert not learner.model.statistics(0).any()


def test_evaluates_a_corpus_other_than_the_one_it_learns():
    rng = np.random.default_rng(4)
    corpus = random_sentences(rng, [2, 1], 4)
    other = random_sentences(rng, [30, 0, 7], 4)
    theta = random_theta(rng, corpus)
    _, log_likelihood = learner_of(corpus, theta).model.evaluate(*other.arrays)
    expected = reference.log_likelihood(theta, other)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5)


# ---- against finite differences -----------------------------------------------------------------


@pytest.mark.parametrize("labels", [2, 9, 20])
def test_gradient_equals_finite_differences(labels):
    """Directional derivatives of the kernel's own log-likelihood, and single coordinates."""
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [6, 9, 1, 4], labels, feature_count=6)
    theta = random_theta(rng, corpus, 0.5)
    learner = learner_of(corpus, theta)
    learner.compute(np.arange(len(corpus)))
    gradient = learner.model.statistics()
    step = 2.0**-6

    def difference(direction):
        values = []
        for sign in (1, -1):
            learner.theta = theta + sign * step * direction
            values.append(learner.model.evaluate(*corpus.arrays)[1])
        return (values[0] - values[1]) / (2 * step)

    directions = [rng.choice([-1.0, 1.0], size=theta.shape) for _ in range(10)]
    for flat in rng.choice(theta.size, size=10, replace=False):
        one = np.zeros(theta.size)
        one[flat] = 1.0
        directions.append(one.reshape(theta.shape))
    scale = np.abs(gradient).sum()
    for direction in directions:
        np.testing.assert_allclose(
            difference(direction), -(gradient * direction).sum(), rtol=5e-3, atol=2e-4 * scale
        )


# ---- properties ---------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(problems())
def test_posteriors_sum_to_one(problem):
    """Taken off gold, each row of the gradient sums to 0 over the labels."""
    corpus, theta = problem
    rows = gradient_of(corpus, theta)[: corpus.feature_count]
    np.testing.assert_allclose(rows.sum(axis=1), 0.0, rtol=0, atol=1e-4)
    transitions = gradient_of(corpus, theta)[corpus.feature_count :]
    np.testing.assert_allclose(transitions.sum(), 0.0, rtol=0, atol=1e-4)


@settings(max_examples=40, deadline=None)
@given(problems(spreads=(0.1, 1.0, 5.0)))
def test_the_mean_likelihood_of_all_labels_is_one(problem):
    """Summed over the labels of the last token of a sentence, p(y | x) is that of the rest."""
    corpus, theta = problem
    sentence = replace(corpus, offsets=np.array([0, len(corpus.labels)]))
    if len(sentence.labels) == 0:
        return
    learner = learner_of(corpus, theta)
    total = 0.0
    for label in range(corpus.label_count):
        labels = sentence.labels.copy()
        labels[-1] = label
        log_likelihood = learner.model.evaluate(sentence.offsets, labels, *sentence.arrays[2:])[1]
        total += np.exp(log_likelihood)
    emission, transition = reference.scores(theta, sentence, 0)
    found = reference.by_recursion(emission, transition)
    rest = reference.by_recursion(emission[:-1], transition)
    prefix = reference.path_score(emission[:-1], transition, sentence.labels[:-1])
    onward = emission[-1]
    if len(sentence.labels) > 1:
        onward = onward + transition[sentence.labels[-2]]
    assert rest.nodes.shape[0] == len(sentence.labels) - 1
    expected = np.exp(prefix + reference.logsumexp(onward) - found.log_z)
    np.testing.assert_allclose(total, expected, rtol=1e-3, atol=1e-5)


@settings(max_examples=30, deadline=None)
@given(problems(), st.floats(-20, 20, width=32))
def test_a_constant_over_the_labels_changes_nothing(problem, constant):
    """Only differences between labels matter, feature by feature."""
    corpus, theta = problem
    moved = theta.copy()
    moved[0] += np.float32(constant)
    before = learner_of(corpus, theta).model.evaluate(*corpus.arrays)[1]
    after = learner_of(corpus, moved).model.evaluate(*corpus.arrays)[1]
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-3)


@settings(max_examples=30, deadline=None)
@given(problems(spreads=(0.1, 1.0, 5.0)))
def test_padding_lanes_hold_nothing(probe, problem):
    corpus, theta = problem
    learner = learner_of(corpus, theta)
    learner.compute(np.arange(len(corpus)))
    nodes, edges = probe.held(learner, 0, len(corpus.labels))
    assert nodes.shape[1] % probe.width() == 0
    assert not nodes[:, corpus.label_count :].any()
    assert not edges[:, :, corpus.label_count :].any()
    for rows in probe.rows(learner):
        assert rows.shape[1] == nodes.shape[1]
        assert not rows[:, corpus.label_count :].any()


def test_theta_comes_back_as_it_was_set():
    rng = np.random.default_rng(5)
    corpus = random_sentences(rng, [3], 19)
    theta = random_theta(rng, corpus, 100.0)
    learner = learner_of(corpus, theta)
    assert learner.theta.dtype == np.float32
    assert learner.theta.tobytes() == theta.tobytes()
    with pytest.raises(ValueError, match=r"theta is \[31, 19\]"):
        learner.theta = theta[1:]
    assert learner.theta.tobytes() == theta.tobytes()


# ---- extreme and broken numbers -----------------------------------------------------------------


@pytest.mark.parametrize("labels", [2, 9, 17])
def test_large_emissions(labels):
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [12, 5, 1], labels)
    theta = random_theta(rng, corpus, 2.0)
    theta[: corpus.feature_count] *= 2000
    decoded, log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)
    expected = reference.log_likelihood(theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4)
    np.testing.assert_allclose(
        gradient_of(corpus, theta), reference.gradient(theta, corpus), rtol=1e-3, atol=1e-3
    )
    for sentence in range(len(corpus)):
        best = reference.by_recursion(*reference.scores(theta, corpus, sentence)).best
        assert tuple(decoded[corpus.tokens(sentence)]) == best


def transitions_of(value, labels=2, n=4):
    """Return a sentence of zeros and parameters with one value for all transitions but (0, 0)."""
    rng = np.random.default_rng(0)
    corpus = random_sentences(rng, [n], labels, most_features=2)
    corpus.labels[:] = 0
    theta = random_theta(rng, corpus, 0.1)
    theta[corpus.feature_count :] = 0.0
    theta[corpus.feature_count, 0] = value
    return corpus, theta


@pytest.mark.parametrize("value", [-80.0, -30.0, 30.0, 80.0])
@pytest.mark.parametrize("labels", [1, 2, 17])
def test_large_transitions(value, labels):
    corpus, theta = transitions_of(value, labels)
    log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)[1]
    expected = reference.log_likelihood(theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(
        gradient_of(corpus, theta), reference.gradient(theta, corpus), rtol=1e-4, atol=1e-4
    )


@pytest.mark.parametrize("value", [-200.0, 100.0, 200.0])
@pytest.mark.parametrize("labels", [1, 2, 17])
def test_transitions_beyond_the_exponential_of_float32(value, labels):
    corpus, theta = transitions_of(value, labels)
    log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)[1]
    expected = reference.log_likelihood(theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4, atol=1e-4)
    expected = reference.gradient(theta, corpus)
    np.testing.assert_allclose(gradient_of(corpus, theta), expected, rtol=1e-4, atol=1e-4)


def with_a_feature_for_each_token(corpus):
    """Return the same labels, each token with a feature of its own: float32 holds its scores."""
    tokens = len(corpus.labels)
    return replace(
        corpus,
        feature_offsets=np.arange(tokens + 1),
        features=np.arange(tokens, dtype=np.int32),
        feature_count=tokens,
    )


@st.composite
def extremes(draw):
    """Draw sentences, and scores of any size that float32 holds."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    labels = draw(st.sampled_from([1, 2, 3, 17]))
    lengths = draw(st.lists(st.integers(1, 5 if labels < 17 else 2), min_size=1, max_size=3))
    corpus = with_a_feature_for_each_token(random_sentences(rng, lengths, labels))
    theta = random_theta(rng, corpus)
    decades = st.one_of(st.floats(-1, 3), st.floats(-1, 38))
    theta = theta.astype(np.float64)
    theta[: corpus.feature_count] *= 10 ** draw(decades)
    theta[corpus.feature_count :] *= 10 ** draw(decades)
    most = np.finfo(np.float32).max
    return corpus, np.clip(theta, -most, most).astype(np.float32)


@settings(max_examples=100, deadline=None)
@given(extremes())
def test_right_or_refused_at_any_scores(problem):
    corpus, theta = problem
    learner = learner_of(corpus, theta)
    transitions = theta[corpus.feature_count :].astype(np.float64)
    longest = np.diff(corpus.offsets).max()
    try:
        learner.compute(np.arange(len(corpus)))
    except FloatingPointError:
        # Nothing but what float64, too, could not tell apart.
        assert longest * np.ptp(transitions) > 2.0**30
        return
    infer = reference.by_exact_enumeration
    gradient = learner.model.statistics()
    np.testing.assert_allclose(
        gradient, reference.gradient(theta, corpus, infer=infer), rtol=0, atol=1e-5
    )
    nodes = gradient[: corpus.feature_count]
    nodes[np.arange(len(corpus.labels)), corpus.labels] += 1.0
    assert ((nodes >= 0) & (nodes <= 1 + 1e-6)).all()
    np.testing.assert_allclose(nodes.sum(axis=1), 1.0, rtol=1e-5)


@settings(max_examples=60, deadline=None)
@given(extremes())
def test_the_best_path_at_any_scores(problem):
    """None is better by more than a few units in float32's last place, nor is there an overflow."""
    corpus, theta = problem
    decoded, log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)
    shares = 0.0
    for sentence in range(len(corpus)):
        emission, transition = reference.scores(theta, corpus, sentence)
        found = reference.by_exact_enumeration(emission, transition)
        tokens = corpus.tokens(sentence)
        scale = len(tokens) * float(np.abs(emission).max() + np.abs(transition).max())
        score = reference.path_score(*reference.exactly(emission, transition), decoded[tokens])
        assert float(found.best_score - score) <= 1e-6 * scale
        gold = reference.path_score(*reference.exactly(emission, transition), corpus.labels[tokens])
        shares += float(gold - found.best_score) - found.log_z
    greatest = float(np.abs(theta).max())
    np.testing.assert_allclose(
        log_likelihood, shares, rtol=1e-5, atol=1e-4 + 1e-14 * greatest * len(corpus.labels)
    )


def test_a_label_that_pays_early_and_gains_late():
    """Label 1 is all but out at first, and then the only one that the last token can have."""
    rng = np.random.default_rng(0)
    corpus = with_a_feature_for_each_token(random_sentences(rng, [4], 2))
    theta = np.zeros((6, 2), dtype=np.float32)
    theta[0] = 100.0, 0.0
    theta[3] = 0.0, 300.0
    theta[4:] = [[0.0, -250.0], [-250.0, 0.0]]
    np.testing.assert_allclose(
        gradient_of(corpus, theta), reference.gradient(theta, corpus), rtol=0, atol=1e-6
    )


def test_how_far_scaled_recursions_go():
    """On either side of where log space takes over, the gradient is the same."""
    rng = np.random.default_rng(1)
    corpus = with_a_feature_for_each_token(random_sentences(rng, [40, 7], 9))
    theta = random_theta(rng, corpus)
    theta[: corpus.feature_count] *= 30.0
    theta[corpus.feature_count :] = rng.choice([0.0, 1.0], size=(9, 9))
    for spread in (29.99, 30.0, 30.01, 31.0):
        of_spread = theta.copy()
        of_spread[corpus.feature_count :] *= np.float32(spread)
        np.testing.assert_allclose(
            gradient_of(corpus, of_spread),
            reference.gradient(of_spread, corpus),
            rtol=0,
            atol=2e-5,
        )


@pytest.mark.parametrize("spread", [3.0, 10.0, 60.0, 1000.0])
@pytest.mark.parametrize("labels", [2, 9, 17, 33])
def test_the_likelihood_is_right_in_any_range(spread, labels):
    """Scaled recursions lose paths that pay early and gain late; none of them may be missed."""
    rng = np.random.default_rng([labels, int(spread)])
    corpus = random_sentences(rng, [1, 60, 0, 3, 200], labels, feature_count=40)
    theta = random_theta(rng, corpus, spread)
    for sentence in range(len(corpus)):
        emission, transition = reference.scores(theta, corpus, sentence)
        best = reference.by_recursion(emission, transition).best
        corpus.labels[corpus.tokens(sentence)] = best
    # Of the best path, the logarithm is not drowned in that of its score.
    log_likelihood = learner_of(corpus, theta).model.evaluate(*corpus.arrays)[1]
    expected = reference.log_likelihood(theta, corpus)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-4, atol=2e-5 * spread)


@pytest.mark.parametrize(
    ("part", "value"),
    [
        ("emission", np.nan),
        ("emission", np.inf),
        ("transition", np.nan),
        ("transition", np.inf),
    ],
)
@pytest.mark.parametrize(
    ("labels", "label"), [(1, 0), (3, 0), (3, 2), (16, 15), (17, 16), (40, 20)]
)
def test_numbers_that_are_not_finite_are_refused(part, value, labels, label):
    corpus = random_sentences(np.random.default_rng(labels), [3], labels, most_features=2)
    corpus = replace(
        corpus, feature_offsets=np.array([0, 1, 2, 3]), features=np.array([0, 1, 2], dtype=np.int32)
    )
    theta = random_theta(np.random.default_rng(0), corpus)
    theta[corpus.feature_count if part == "transition" else 1, label] = value
    learner = learner_of(corpus, theta)
    with pytest.raises(FloatingPointError, match="smaller step size"):
        learner.compute([0])
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    assert np.isnan(log_likelihood)
    assert ((decoded >= 0) & (decoded < labels)).all()


@pytest.mark.parametrize("labels", [3, 17])
def test_a_transition_that_is_no_number_is_refused_in_log_space(labels):
    """Also where it is lost among the others, so that they seem to be within bounds."""
    rng = np.random.default_rng(labels)
    corpus = random_sentences(rng, [3], labels)
    theta = random_theta(rng, corpus, 100.0)
    learner = learner_of(corpus, theta)
    learner.compute([0])
    theta[corpus.feature_count, 1] = np.nan
    learner.theta = theta
    with pytest.raises(FloatingPointError, match="smaller step size"):
        learner.compute([0])


# ---- long sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "spread"), [(40_000, 0.5), (4_000, 50.0)])
def test_sums_within_a_long_sentence(n, spread):
    """As exact as over many: what float32 adds up is a stretch of tokens, not all of them."""
    rng = np.random.default_rng(2)
    corpus = random_sentences(rng, [n], 3, feature_count=4, most_features=2)
    theta = random_theta(rng, corpus)
    theta[corpus.feature_count :] *= spread
    learner = learner_of(corpus, theta)
    learner.compute([0])
    emission, transition = reference.scores(theta, corpus, 0)
    found = reference.by_recursion(emission, transition)
    edges = found.edges.copy()
    np.subtract.at(edges, (corpus.labels[:-1], corpus.labels[1:]), 1.0)
    rows = learner.model.statistics()[corpus.feature_count :]
    np.testing.assert_allclose(rows, edges, rtol=0, atol=LONG * n)
    assert abs(rows.sum()) < LONG * n
    decoded, log_likelihood = learner.model.evaluate(*corpus.arrays)
    score = reference.path_score(emission, transition, corpus.labels)
    np.testing.assert_allclose(log_likelihood, score - found.log_z, rtol=1e-7)
    score = reference.path_score(emission, transition, decoded)
    np.testing.assert_allclose(score, found.best_score, rtol=1e-9)


# ---- input --------------------------------------------------------------------------------------


def test_input_is_checked():
    """Each check stands in test_validation.py; here, that both ways in make it."""
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    with pytest.raises(ValueError, match="labels must lie in 0 to 2"):
        ConditionalRandomField(
            *replace(corpus, labels=np.full(5, 3, dtype=np.int32)).arrays,
            label_count=3,
            feature_count=12,
        )
    learner = learner_of(corpus, random_theta(np.random.default_rng(0), corpus))
    bad = replace(corpus, features=corpus.features + np.int32(12))
    with pytest.raises(ValueError, match="features must lie in 0 to 11"):
        learner.model.evaluate(*bad.arrays)


def test_arrays_of_another_type_are_refused():
    corpus = random_sentences(np.random.default_rng(0), [3, 2], 4)
    bad = replace(corpus, labels=corpus.labels.astype(np.int64))
    with pytest.raises(ValueError, match="Buffer dtype mismatch"):
        ConditionalRandomField(*bad.arrays, **corpus.sizes)


def test_gradient_of_a_slot_that_is_not_there():
    corpus = random_sentences(np.random.default_rng(0), [3], 4)
    learner = corpus.learner(ConditionalRandomField, Rule(), slots=2)
    for slot in (-1, 2):
        with pytest.raises(IndexError, match=f"no slot {slot}"):
            learner.model.statistics(slot)
