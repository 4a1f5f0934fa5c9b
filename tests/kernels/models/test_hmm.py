"""The HMM: likelihood, posteriors and decoding against enumeration and recursion in log space."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from staleness.kernels.core.learner import Learner
from staleness.kernels.models.hmm import HiddenMarkovModel

from ..reference import by_enumeration, by_recursion, path_score
from ..reference_em import HMM, RULES, offsets_of, random_hmm, random_rows


def random_theta(rng, model, concentration=1.0):
    """Return random probabilities, float64 [words + states + 1, states]."""
    states = model.states
    emissions = random_rows(rng, states, model.words, concentration).T
    return np.concatenate([emissions, random_rows(rng, states + 1, states, concentration)])


def learner_of(model, theta, **options):
    learner = model.learner(**options)
    learner.theta = theta
    return learner


def everything(model):
    return np.arange(len(model))


@st.composite
def problems(draw, concentrations=(0.3, 1.0, 5.0)):
    """Draw a corpus of short sentences and parameters."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    model = random_hmm(
        rng,
        draw(st.lists(st.integers(0, 9), min_size=1, max_size=5)),
        words=draw(st.integers(1, 8)),
        states=draw(st.sampled_from([1, 2, 3, 16, 17, 45, 64])),
    )
    return model, random_theta(rng, model, draw(st.sampled_from(concentrations)))


# ---- against enumeration of all state sequences -------------------------------------------------

TINY = {
    "one token": ([1], 4),
    "one token, one state": ([1], 1),
    "one state": ([5, 2], 1),
    "no token": ([0], 3),
    "empty between others": ([0, 3, 0, 0, 1, 0], 3),
    "two states": ([7, 1, 4], 2),
    "several": ([5, 4, 3, 2, 1], 4),
    "a full block": ([3, 1], 16),
    "two blocks": ([3, 2, 1], 17),
    "three blocks": ([2, 1], 45),
    "four blocks": ([2, 1], 49),
    "most states": ([2, 1], 128),
}


@pytest.mark.parametrize(("lengths", "states"), TINY.values(), ids=TINY)
def test_equals_enumeration(lengths, states):
    rng = np.random.default_rng([len(lengths), states])
    model = random_hmm(rng, lengths, states=states)
    theta = random_theta(rng, model)
    learner = learner_of(model, theta)
    np.testing.assert_allclose(learner.theta, theta, rtol=1e-6)
    expected, counts = model.statistics(theta, everything(model), by_enumeration)
    decoded, log_likelihood = model.viterbi(learner)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5, atol=1e-6)
    learner.compute(everything(model))
    np.testing.assert_allclose(learner.model.statistics(), counts, rtol=1e-4, atol=1e-6)
    posteriors = learner.model.posteriors(model.offsets, model.tokens)
    assert posteriors.dtype == np.float32
    most_probable, again = model.evaluate(learner)
    assert again == log_likelihood
    assert most_probable.tolist() == posteriors.argmax(axis=1).tolist()
    for number in range(len(model)):
        found = by_enumeration(*model.scores(theta, number))
        mine = np.s_[model.offsets[number] : model.offsets[number + 1]]
        assert tuple(decoded[mine]) == found.best
        np.testing.assert_allclose(posteriors[mine], found.nodes, rtol=1e-4, atol=1e-6)


def test_one_word():
    """Where there is nothing to tell words by, only the length of a sentence counts."""
    model = random_hmm(np.random.default_rng(0), [4, 1, 3], words=1, states=3)
    learner = model.learner()
    for _ in range(3):
        learner.compute(everything(model))
        learner.update()
    assert model.evaluate(learner)[1] == pytest.approx(0.0, abs=1e-5)
    np.testing.assert_allclose(learner.theta[0], 1.0, rtol=1e-6)


def test_sentences_of_one_token():
    """There are no transitions to learn: their probabilities are 0, not 0 over 0."""
    model = random_hmm(np.random.default_rng(1), [1] * 9, words=4, states=3)
    learner = model.learner()
    assert not learner.theta[4:7].any()
    for _ in range(3):
        learner.compute(everything(model))
        learner.update()
    occurrences = np.bincount(model.tokens, minlength=4)
    seen = occurrences[occurrences > 0]
    # The best that any model can do.
    assert model.evaluate(learner)[1] == pytest.approx((seen * np.log(seen / 9)).sum(), rel=1e-5)
    assert not learner.theta[4:7].any()
    # A longer sentence is then impossible, and said to be.
    for decode in (learner.model.evaluate, learner.model.viterbi):
        decoded, log_likelihood = decode(np.array([0, 2]), model.tokens[:2])
        assert log_likelihood == -np.inf
        assert ((decoded >= 0) & (decoded < 3)).all()


def test_ties_go_to_the_lowest_states_from_the_end():
    """Powers of two are exact in float32, so that every tie is one."""
    rng = np.random.default_rng(2)
    model = random_hmm(rng, [3] * 40, words=4, states=4)
    halves = 2.0 ** -rng.integers(1, 3, size=(4 + 4 + 1, 4))
    # Rows need not sum to 1 for decoding, but what is stored is normalised: by powers of two too.
    halves[:4, :] = 0.25
    halves[4:8] = np.array([[0.5, 0.25, 0.125, 0.125]] * 4)[:, rng.permutation(4)]
    halves[8] = 0.25
    decoded, _ = model.viterbi(learner_of(model, halves))
    for number in range(len(model)):
        best = by_enumeration(*model.scores(halves, number)).best
        assert tuple(decoded[model.offsets[number] : model.offsets[number + 1]]) == best


# ---- against recursions in log space ------------------------------------------------------------


@pytest.mark.parametrize("states", [2, 9, 16, 17, 45, 128, 300])
@pytest.mark.parametrize("concentration", [0.1, 1.0])
def test_equals_recursions_in_log_space(states, concentration):
    rng = np.random.default_rng([states, int(10 * concentration)])
    lengths = [*rng.integers(0, 30, size=12), 257, 1, 400]
    model = random_hmm(rng, lengths, words=50, states=states)
    theta = random_theta(rng, model, concentration)
    learner = learner_of(model, theta)
    expected, counts = model.statistics(theta, everything(model))
    decoded, log_likelihood = model.viterbi(learner)
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5)
    learner.compute(everything(model))
    np.testing.assert_allclose(learner.model.statistics(), counts, rtol=2e-3, atol=2e-4)
    for number in range(len(model)):
        if lengths[number]:
            scores = model.scores(theta, number)
            path = decoded[model.offsets[number] : model.offsets[number + 1]]
            best = by_recursion(*scores).best_score
            np.testing.assert_allclose(path_score(*scores, path), best, rtol=1e-5, atol=1e-4)


@settings(max_examples=50, deadline=None)
@given(problems())
def test_equals_recursions_on_any_input(problem):
    model, theta = problem
    learner = learner_of(model, theta)
    expected, counts = model.statistics(theta, everything(model))
    np.testing.assert_allclose(model.evaluate(learner)[1], expected, rtol=1e-5, atol=1e-5)
    learner.compute(everything(model))
    np.testing.assert_allclose(learner.model.statistics(), counts, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("rule", ["em", "stepwise"])
def test_counts_are_those_that_theta_is_made_of(rule):
    rng = np.random.default_rng(21)
    model = random_hmm(rng, [4, 0, 7, 3], words=5, states=3)
    learner = model.learner(rule=rule)
    for _ in range(3):
        words, following, starts = np.split(learner.model.counts, [5, 8])
        made = [words / words.sum(axis=0), following / following.sum(axis=1, keepdims=True)]
        np.testing.assert_allclose(
            learner.theta, np.concatenate([*made, starts / starts.sum()]), rtol=1e-5
        )
        assert words.sum() == pytest.approx(14, rel=1e-5)
        learner.compute(everything(model))
        learner.update()


@settings(max_examples=50, deadline=None)
@given(problems())
def test_expected_counts_are_of_tokens(problem):
    """Each token has one state, each but the first of a sentence a transition."""
    model, theta = problem
    learner = learner_of(model, theta)
    learner.compute(everything(model))
    counts = learner.model.statistics()
    occurrences = np.bincount(model.tokens, minlength=model.words)
    np.testing.assert_allclose(counts[: model.words].sum(axis=1), occurrences, rtol=1e-5)
    lengths = np.diff(model.offsets)
    transitions = counts[model.words : -1].sum()
    np.testing.assert_allclose(transitions, np.maximum(lengths - 1, 0).sum(), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(counts[-1].sum(), (lengths > 0).sum(), rtol=1e-5, atol=1e-6)


@settings(max_examples=20, deadline=None)
@given(problems(), st.randoms(use_true_random=False))
def test_the_names_of_states_do_not_matter(problem, random):
    model, theta = problem
    order = list(range(model.states))
    random.shuffle(order)
    emissions, transitions, start = model.parts(theta)
    renamed = np.concatenate(
        [emissions[:, order], transitions[order][:, order], start[None, order]]
    )
    log_likelihood = model.evaluate(learner_of(model, theta))[1]
    np.testing.assert_allclose(
        model.evaluate(learner_of(model, renamed))[1], log_likelihood, rtol=1e-5, atol=1e-6
    )


@settings(max_examples=20, deadline=None)
@given(problem=problems(), rule=st.sampled_from(["em", "stepwise", "incremental"]))
def test_padding_lanes_stay_zero(probe, problem, rule):
    model, _ = problem
    learner = model.learner(rule, **{"alpha": 0.6} if rule == "stepwise" else {})
    for _ in range(12):
        learner.compute(everything(model))
        learner.update()
    counts, totals, _ = probe.stored(learner)
    assert counts.shape[1] % probe.width() == 0
    assert not counts[:, model.states :].any()
    assert not totals[model.states :].any()


def test_evaluates_a_corpus_other_than_the_one_it_learns():
    rng = np.random.default_rng(3)
    model = random_hmm(rng, [2, 1])
    theta = random_theta(rng, model)
    learner = learner_of(model, theta)
    other = replace(
        model,
        offsets=offsets_of([30, 0, 7]),
        tokens=rng.integers(0, model.words, size=37, dtype=np.int32),
    )
    expected, _ = other.statistics(theta, range(3))
    assert learner.model.evaluate(other.offsets, other.tokens)[1] == pytest.approx(
        expected, rel=1e-5
    )
    posteriors = learner.model.posteriors(other.offsets, other.tokens)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0, rtol=1e-5)
    assert posteriors.shape == (37, model.states)
    nothing = np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.int32)
    assert learner.model.evaluate(*nothing)[1] == 0.0
    assert learner.model.posteriors(*nothing).shape == (0, model.states)


def test_a_model_that_was_given_its_theta_learns_from_there():
    rng = np.random.default_rng(4)
    model = random_hmm(rng, [4, 3, 5])
    theta = random_theta(rng, model)
    learner = learner_of(model, theta, rule="em")
    learner.compute(everything(model))
    learner.update()
    expected = model.normalised(model.statistics(theta, everything(model))[1])
    np.testing.assert_allclose(learner.theta, expected, rtol=1e-4, atol=1e-6)


# ---- probabilities of 0, and next to it ---------------------------------------------------------


def test_probabilities_of_zero():
    """A chain through the states from left to right."""
    rng = np.random.default_rng(5)
    model = random_hmm(rng, [5, 4, 5, 3], words=4, states=4)
    theta = random_theta(rng, model)
    theta[4:8] = np.triu(theta[4:8])
    theta[7] = [0, 0, 0, 1]
    theta[4:8] /= theta[4:8].sum(axis=1, keepdims=True)
    theta[8] = [1, 0, 0, 0]
    learner = learner_of(model, theta)
    expected, counts = model.statistics(theta, everything(model), by_enumeration)
    assert model.evaluate(learner)[1] == pytest.approx(expected, rel=1e-5)
    learner.compute(everything(model))
    np.testing.assert_allclose(learner.model.statistics(), counts, rtol=1e-4, atol=1e-6)
    assert not learner.model.statistics()[counts == 0].any()
    learner.update()
    assert not learner.theta[theta == 0].any()


def test_a_state_that_only_ends_sentences():
    """Nothing follows it: 0 of 0 transitions are none."""
    model = HMM(
        offsets_of([2, 2]),
        np.array([0, 1, 0, 1], dtype=np.int32),
        2,
        np.eye(2),
        np.full((2, 2), 0.5),
    )
    learner = model.learner()
    for _ in range(3):
        learner.compute([0, 1])
        learner.update()
        np.testing.assert_array_equal(learner.theta, [[1, 0], [0, 1], [0, 1], [0, 0], [1, 0]])
    assert model.evaluate(learner)[1] == 0.0


@pytest.mark.parametrize("states", [3, 20])
def test_a_state_that_is_never_in_goes_without_words(states):
    """One that nothing leads to has no expected counts; the others are learned as ever."""
    rng = np.random.default_rng(6)
    model = random_hmm(rng, [5, 4, 6], states=states)
    theta = random_theta(rng, model)
    theta[model.words :, 1] = 0.0
    theta[model.words :] /= theta[model.words :].sum(axis=1, keepdims=True)
    learner = learner_of(model, theta)
    learner.compute(everything(model))
    learner.update()
    assert not learner.theta[:, 1].any()
    others = np.delete(np.arange(states), 1)
    np.testing.assert_allclose(
        learner.theta[: model.words, others].sum(axis=0, dtype=np.float64), 1.0, rtol=1e-5
    )
    assert np.isfinite(model.evaluate(learner)[1])
    learner.compute(everything(model))


def test_a_sentence_that_theta_rules_out():
    rng = np.random.default_rng(7)
    model = random_hmm(rng, [3, 2], words=3)
    theta = random_theta(rng, model)
    theta[2] = 0.0
    learner = learner_of(model, theta)
    unknown = np.array([0, 2, 1], dtype=np.int32)
    for tokens in (unknown, unknown[1:2], unknown[:2]):
        offsets = offsets_of([len(tokens)])
        decoded, log_likelihood = learner.model.viterbi(offsets, tokens)
        assert log_likelihood == -np.inf
        assert ((decoded >= 0) & (decoded < 3)).all()
        with pytest.raises(FloatingPointError, match="a sentence has probability 0"):
            learner.model.posteriors(offsets, tokens)


def test_surprising_paths():
    """What a state's future makes up for, after a start that is all but impossible.

    The word 1 comes from state 1, which is 1e-12 likely to be entered; from state 0 it is 1e-4
    each time. After four of them it is state 1 that explains them.
    """
    model = random_hmm(np.random.default_rng(8), [1 + n for n in range(9)], words=2, states=2)
    model.tokens[:] = 1
    model.tokens[model.offsets[:-1]] = 0
    tiny = 1e-12
    theta = np.array(
        [[1 - 1e-4, tiny], [1e-4, 1 - tiny], [1 - tiny, tiny], [tiny, 1 - tiny], [1.0, 0.0]]
    )
    learner = learner_of(model, theta)
    learner.compute(everything(model))
    expected, counts = model.statistics(theta, everything(model))
    assert model.evaluate(learner)[1] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(learner.model.statistics(), counts, rtol=1e-4, atol=1e-5)
    assert counts[1].min() > 1.0


@settings(max_examples=50, deadline=None)
@given(data=st.data())
def test_extreme_probabilities_give_posteriors_all_the_same(data):
    """Down to 1e-30: too small for float32 products, but posteriors still sum to 1."""
    rng = np.random.default_rng(data.draw(st.integers(0, 2**32 - 1)))
    states = data.draw(st.sampled_from([2, 3, 17]))
    model = random_hmm(rng, [40, 7, 1], words=5, states=states)
    rows = 10.0 ** rng.uniform(-30, 0, size=(model.words + states + 1, states))
    rows[rng.random(rows.shape) < data.draw(st.sampled_from([0.0, 0.3]))] = 0.0
    # Something must remain.
    rows[np.arange(model.words), rng.integers(states, size=model.words)] = 1.0
    rows[model.words :, 0] += 1.0
    rows[: model.words, 0] += 1e-9
    theta = model.normalised(rows)
    learner = learner_of(model, theta)
    posteriors = learner.model.posteriors(model.offsets, model.tokens)
    np.testing.assert_allclose(posteriors.sum(axis=1, dtype=np.float64), 1.0, rtol=1e-4)
    learner.compute(everything(model))
    counts = learner.model.statistics()
    assert np.isfinite(counts).all()
    np.testing.assert_allclose(counts[model.words : -1].sum(), 45.0, rtol=1e-4)
    assert np.isfinite(model.evaluate(learner)[1])


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("row", [1, 4, 6], ids=["emission", "transition", "start"])
@pytest.mark.parametrize(("states", "state"), [(1, 0), (3, 2), (17, 16)])
def test_numbers_that_are_not_finite_are_refused(value, row, states, state):
    model = random_hmm(np.random.default_rng(9), [4], words=3, states=states)
    model.tokens[:] = [1, 0, 1, 2]
    theta = random_theta(np.random.default_rng(10), model)
    theta[{1: 1, 4: 3 + state, 6: 3 + states}[row], state] = value
    learner = learner_of(model, theta)
    with pytest.raises(FloatingPointError, match="not finite"):
        learner.compute([0])
    with pytest.raises(FloatingPointError, match="theta is not finite"):
        learner.model.posteriors(model.offsets, model.tokens)
    decoded, log_likelihood = model.viterbi(learner)
    assert np.isnan(log_likelihood)
    assert ((decoded >= 0) & (decoded < states)).all()


# ---- a known model ------------------------------------------------------------------------------


def test_a_known_model_is_recovered():
    """Sampled with states that differ; after the best matching, every probability is near."""
    rng = np.random.default_rng(11)
    states, words, sentences, length = 3, 12, 600, 15
    emissions = np.kron(np.eye(states), np.full((words // states, 1), 0.9 / (words // states)))
    emissions += 0.1 / words
    transitions = np.array([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.7, 0.2, 0.1]])
    start = np.array([0.8, 0.1, 0.1])
    truth = np.concatenate([emissions, transitions, start[None]])
    tokens = []
    for _ in range(sentences):
        state = rng.choice(states, p=start)
        for _ in range(length):
            tokens.append(rng.choice(words, p=emissions[:, state]))
            state = rng.choice(states, p=transitions[state])
    model = HMM(
        offsets_of([length] * sentences),
        np.array(tokens, dtype=np.int32),
        words,
        random_rows(rng, words, states, 5.0),
        random_rows(rng, states, states, 5.0),
    )
    for rule, batches in ("em", [everything(model)]), ("stepwise", np.arange(600).reshape(-1, 4)):
        learner = model.learner(rule=rule)
        for _ in range(60 if rule == "em" else 8):
            for examples in batches:
                learner.compute(examples)
                learner.update()
        found = learner.theta
        _, order = linear_sum_assignment(-emissions.T @ found[:words])
        renamed = np.concatenate(
            [found[:words, order], found[words:-1][order][:, order], found[-1:, order]]
        )
        assert np.abs(renamed - truth).max() < 0.06
        assert model.evaluate(learner)[1] > model.statistics(truth, everything(model))[0] - 60


# ---- input --------------------------------------------------------------------------------------

GOOD = {
    "offsets": np.array([0, 2, 3]),
    "tokens": np.array([0, 2, 1], dtype=np.int32),
    "words": 3,
    "responsibilities": np.full((3, 2), 0.5),
    "transitions": np.full((2, 2), 0.5),
}


def made(rule="em", **changes):
    arguments = GOOD | changes
    model = HiddenMarkovModel(arguments.pop("offsets"), arguments.pop("tokens"), **arguments)
    return Learner(model, RULES[rule]())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"tokens": np.array([0, 3, 1], dtype=np.int32)}, "tokens must lie in 0 to 2"),
        ({"offsets": np.array([0, 2, 4])}, "offsets must run from 0 to 3"),
        ({"words": 0}, "0 words: there must be"),
        ({"words": 4}, r"responsibilities are \[4, 2\]"),
        ({"responsibilities": np.ones((3, 3))}, r"responsibilities are \[3, 2\], transitions"),
        ({"transitions": np.ones((2, 3))}, r"responsibilities are \[3, 2\], transitions"),
        ({"transitions": np.ones((0, 0))}, "0 states: the HMM takes 1 to 1024"),
        (
            {"transitions": np.ones((1025, 1025)), "responsibilities": np.ones((3, 1025))},
            "1025 states: the HMM takes 1 to 1024",
        ),
        ({"tokens": np.array([0, 2, 1])}, "Buffer dtype mismatch"),
        ({"offsets": np.array([0, 2, 3], dtype=np.int32)}, "Buffer dtype mismatch"),
    ],
    ids=str,
)
def test_input_is_checked(wrong, message):
    made()
    with pytest.raises(ValueError, match=f"^{message}"):
        made(**wrong)


def test_a_corpus_to_evaluate_is_checked():
    learner = made()
    for method in (learner.model.evaluate, learner.model.viterbi, learner.model.posteriors):
        with pytest.raises(ValueError, match="tokens must lie in 0 to 2"):
            method(np.array([0, 1]), np.array([3], dtype=np.int32))


def test_theta_is_checked():
    learner = made()
    before = learner.theta
    assert before.dtype == np.float32
    with pytest.raises(ValueError, match=r"theta is \[6, 2\]"):
        learner.theta = before[1:]
    assert learner.theta.tobytes() == before.tobytes()
    with pytest.raises(ValueError, match="learning begins from these"):
        made(rule="incremental").theta = before


@settings(max_examples=40, deadline=None)
@given(problems())
def test_some_rows_are_those_of_all(problem):
    model, theta = problem
    given, learner = learner_of(model, theta), model.learner()
    for examples in ([0], everything(model)):
        tokens = [model.tokens[slice(*model.offsets[k : k + 2])] for k in examples]
        behind = np.arange(model.words, model.words + model.states + 1)
        rows = np.union1d(np.concatenate(tokens), behind).astype(int)
        learner.model.set_theta(rows, theta[rows].astype(np.float32))
        for one in (learner, given):
            one.compute(examples)
        np.testing.assert_allclose(
            learner.model.statistics(), given.model.statistics(), rtol=1e-4, atol=1e-6
        )
    learner.model.set_theta(slice(None), theta)
    np.testing.assert_allclose(learner.theta, theta, rtol=1e-5, atol=1e-7)
    with pytest.raises(ValueError, match="learning begins from these"):
        model.learner(rule="incremental").model.set_theta(slice(None), theta)


@settings(max_examples=40, deadline=None)
@given(problems())
def test_rows_weigh_against_smoothing_as_all_of_theta_does(problem):
    model, theta = problem
    whole, rows = model.learner(smoothing=0.5), model.learner(smoothing=0.5)
    whole.theta = theta
    rows.model.set_theta(slice(None), theta)
    np.testing.assert_allclose(rows.theta, whole.theta, rtol=1e-5, atol=1e-7)


def test_work_is_tokens():
    learner = made()
    assert learner.work.tolist() == [2, 1]
    assert (learner.model.states, learner.model.words) == (2, 3)


# ---- extreme probabilities ----------------------------------------------------------------------


def logarithms(model, learner):
    """Return log emissions of the only sentence, starts in the first row, and log transitions."""
    theta = learner.theta.astype(np.float64)
    with np.errstate(divide="ignore"):
        theta = np.maximum(np.log(theta), -1e6)
    words, states = model.words, model.states
    emission = theta[:words][model.tokens]
    emission[0] += theta[words + states]
    return emission, theta[words : words + states]


@st.composite
def extremes(draw):
    """Draw a sentence, and probabilities over many orders of magnitude, some of them 0."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    states, words = draw(st.sampled_from([1, 2, 3, 5, 16])), draw(st.integers(1, 3))
    model = random_hmm(rng, [draw(st.integers(1, 6 if states < 16 else 40))], words, states)
    decades, zeros = draw(st.floats(1, 37)), draw(st.sampled_from([0.0, 0.3]))

    def rows(count, columns):
        values = 10 ** -rng.uniform(0, decades, size=(count, columns))
        values[rng.random((count, columns)) < zeros] = 0.0
        values[np.arange(count), rng.integers(columns, size=count)] = 1.0
        return values / values.sum(axis=1, keepdims=True)

    return model, np.concatenate([rows(states, words).T, rows(states, states), rows(1, states)])


@settings(max_examples=300, deadline=None)
@given(extremes())
def test_right_at_any_probabilities(problem):
    """Floors keep numbers in float32's range; where they would count, log space is right."""
    model, theta = problem
    learner = learner_of(model, theta)
    emission, transition = logarithms(model, learner)
    found = by_recursion(emission, transition)
    decoded, log_likelihood = learner.model.viterbi(model.offsets, model.tokens)
    if found.log_z < -1e5:
        assert log_likelihood == -np.inf
        with pytest.raises(FloatingPointError, match="larger smoothing"):
            learner.compute([0])
        return
    np.testing.assert_allclose(log_likelihood, found.log_z, rtol=1e-5, atol=1e-5)
    learner.compute([0])
    counts = learner.model.statistics()
    np.testing.assert_allclose(
        learner.model.posteriors(model.offsets, model.tokens), found.nodes, rtol=0, atol=1e-4
    )
    np.testing.assert_allclose(
        counts[model.words : model.words + model.states], found.edges, rtol=0, atol=1e-4
    )
    np.testing.assert_allclose(counts[-1], found.nodes[0], rtol=0, atol=1e-4)
    assert path_score(emission, transition, decoded) > found.best_score - 1e-3


def test_a_start_that_is_all_but_impossible():
    """Raised to what float32 can do with, it would win by the first word, as transitions do not."""
    model = replace(
        random_hmm(np.random.default_rng(0), [2], 3, 2), tokens=np.arange(2, dtype=np.int32)
    )
    theta = np.array(
        [
            [1e-25, 0.5],  # words
            [0.5, 0.5],
            [0.5, 1e-25],
            [0.5, 0.5],  # transitions
            [0.5, 0.5],
            [1.0, 1e-30],  # start
        ]
    )
    learner = learner_of(model, theta)
    found = by_recursion(*logarithms(model, learner))
    assert found.nodes[0, 0] > 0.99
    np.testing.assert_allclose(
        learner.model.posteriors(model.offsets, model.tokens), found.nodes, rtol=0, atol=1e-6
    )


def test_a_state_that_pays_early_and_gains_late():
    """It has 1e-19 of the probability at first, and then is the only one to go on from."""
    model = replace(
        random_hmm(np.random.default_rng(0), [3], 3, 2), tokens=np.arange(3, dtype=np.int32)
    )
    theta = np.array(
        [
            [0.5, 0.5],  # words
            [0.5, 1e-24],
            [1e-24, 0.5],
            [1.0, 1e-25],  # transitions
            [1e-25, 1.0],
            [1.0, 1e-19],  # start
        ]
    )
    learner = learner_of(model, theta)
    found = by_recursion(*logarithms(model, learner))
    assert 0.1 < found.nodes[0, 1] < 0.9 or found.nodes[0].max() > 0.99
    learner.compute([0])
    np.testing.assert_allclose(
        learner.model.posteriors(model.offsets, model.tokens), found.nodes, rtol=0, atol=1e-6
    )
    log_likelihood = learner.model.evaluate(model.offsets, model.tokens)[1]
    np.testing.assert_allclose(log_likelihood, found.log_z, rtol=1e-6)


def a_sentence(theta, states):
    """Return a learner of a sentence in which no word comes twice, and what is right for it.

    From the counts that it keeps: float32 holds these, but not every probability.
    """
    words = len(theta) - states - 1
    model = replace(
        random_hmm(np.random.default_rng(0), [words], words, states),
        tokens=np.arange(words, dtype=np.int32),
    )
    learner = learner_of(model, theta)
    emissions, following, starts = np.split(learner.model.counts, [words, words + states])
    with np.errstate(divide="ignore"):
        emissions, following, starts = (
            np.maximum(np.log(counts / totals), -1e6)
            for counts, totals in [
                (emissions, emissions.sum(axis=0)),
                (following, following.sum(axis=1, keepdims=True)),
                (starts, starts.sum()),
            ]
        )
    emissions[0] += starts[0]
    return model, learner, (emissions, following)


def check_all(theta, states):
    """Posteriors, expected transitions, likelihood and decoding are those of log space."""
    model, learner, scores = a_sentence(theta, states)
    found = by_recursion(*scores)
    decoded, log_likelihood = learner.model.viterbi(model.offsets, model.tokens)
    np.testing.assert_allclose(log_likelihood, found.log_z, rtol=1e-5, atol=1e-5)
    assert path_score(*scores, decoded) > found.best_score - 1e-3
    posteriors = learner.model.posteriors(model.offsets, model.tokens)
    np.testing.assert_allclose(posteriors, found.nodes, rtol=0, atol=1e-4)
    learner.compute([0])
    edges = learner.model.statistics()[model.words : -1]
    np.testing.assert_allclose(edges, found.edges, rtol=0, atol=1e-4)
    return found, decoded


def with_a_word_more(emissions):
    """Return emissions [words, states] with a last word that takes what is left of 1."""
    return np.concatenate([emissions, 1.0 - np.sum(emissions, axis=0, keepdims=True)])


def test_states_that_are_dropped_one_after_another():
    """State 1 starts with 1e-20, and gains 1e8 a token: nowhere enough to be noticed by itself."""
    emissions = np.full((8, 2), [1e-9, 0.1])
    emissions[0] = [0.1, 1e-11]
    theta = np.concatenate([with_a_word_more(emissions), np.eye(2), [[1.0, 1e-10]]])
    found, _ = check_all(theta, 2)
    assert found.nodes[0, 1] > 0.99


def test_an_emission_that_no_transition_makes_up_for():
    """No transition or start is below 1e-10: two of them are worth as much as a floor."""
    emissions = np.array([[5e-31, 0.5], [0.5, 5e-31]])
    tiny = 2e-10
    transitions = np.array([[1 - tiny, tiny], [tiny, 1 - tiny]])
    theta = np.concatenate([emissions, [[0.5, 0.5]], transitions, [[1 - tiny, tiny]]])
    found, _ = check_all(theta, 2)
    assert found.nodes[0, 1] > 0.99


def test_the_best_sequence_may_begin_all_but_impossible():
    """State 2 has 1e-20 throughout; all others have more together, but none has as much."""
    words, states = 90, 3
    emissions = np.full((words - 1, states), 0.01)
    emissions[0, 2] = 1e-12
    transitions = np.array([[0.5, 0.5, 0.0], [0.5, 0.5, 0.0], [0.0, 0.0, 1.0]])
    theta = np.concatenate([with_a_word_more(emissions), transitions, [[0.5, 0.5, 1e-10]]])
    theta[words - 1] = 0.01
    found, decoded = check_all(theta, states)
    assert found.nodes[0, 2] < 1e-9
    assert (decoded == 2).all()


def test_emissions_next_to_the_least_that_float32_holds():
    """Its probability would be denormal in state 1, of a quarter more, and is made up for."""
    emissions = np.array([[0.1, 0.1], [1e-37, 2e-45], [4e-9, 0.2], [0.5, 0.5], [0.4, 0.2]])
    theta = np.concatenate([emissions, np.eye(2), [[0.5, 0.5]]])
    found, _ = check_all(theta, 2)
    assert 0.1 < found.nodes[0, 1] < 0.9


@st.composite
def near_impossibilities(draw):
    """Draw probabilities of which many are just not, or just no longer, negligible."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    states, words = draw(st.integers(2, 6)), draw(st.integers(2, 13))
    decades = draw(st.sampled_from([4, 9, 12, 20, 37, 44]))
    off = draw(st.sampled_from([0.0, 1e-45, 1e-30, 1e-17, 1e-12, 1e-9]))
    emissions = 10 ** -(rng.choice([0, 5, 7.5, 8.5, 10, 19, 21], (words, states)) + rng.random())
    if draw(st.booleans()):
        emissions = 10 ** -rng.uniform(0, decades, (words, states))
    emissions[rng.integers(words, size=states), np.arange(states)] = 1.0
    transitions = np.full((states, states), off)
    transitions[np.arange(states), rng.permutation(states)] = 1.0
    if draw(st.booleans()):
        transitions = 10 ** -rng.uniform(0, decades, (states, states))
    start = 10 ** -rng.uniform(0, decades, (1, states))
    rows = [emissions / emissions.sum(axis=0)]
    rows += [part / part.sum(axis=1, keepdims=True) for part in (transitions, start)]
    return np.concatenate(rows), states


@settings(max_examples=400, deadline=None)
@given(near_impossibilities())
def test_right_where_probabilities_are_next_to_impossible(problem):
    check_all(*problem)


@pytest.mark.parametrize("states", [2, 16, 45])
def test_of_equal_sequences_the_lowest_from_the_end_on(states):
    """With everything alike, it is state 0 throughout; the first and the last token too."""
    model = random_hmm(np.random.default_rng(0), [1, 4], 2, states)
    theta = np.full((2 + states + 1, states), 1 / states)
    theta[:2] = 0.5
    decoded, _ = learner_of(model, theta).model.viterbi(model.offsets, model.tokens)
    assert not decoded.any()


# ---- long sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize("rule", ["em", "incremental"])
def test_sums_within_a_long_sentence(rule):
    """As exact as over many: what float32 adds up is a stretch of tokens, not all of them."""
    rng = np.random.default_rng(1)
    n = 40_000
    model = random_hmm(rng, [n], 5, 6)
    learner = model.learner(rule=rule)
    learner.compute([0])
    emission, transition = logarithms(model, learner)
    found = by_recursion(emission, transition)
    counts = learner.model.statistics()
    edges = counts[model.words : model.words + model.states]
    np.testing.assert_allclose(edges, found.edges, rtol=3e-6)
    posteriors = learner.model.posteriors(model.offsets, model.tokens)
    np.testing.assert_allclose(posteriors.sum(axis=1), 1.0, rtol=0, atol=1e-4)
    log_likelihood = learner.model.evaluate(model.offsets, model.tokens)[1]
    np.testing.assert_allclose(log_likelihood, found.log_z, rtol=1e-6)
    learner.update()
    theta = learner.theta.astype(np.float64)
    np.testing.assert_allclose(theta[: model.words].sum(axis=0), 1.0, rtol=0, atol=1e-5)
