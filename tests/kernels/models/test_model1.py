"""IBM Model 1: likelihood, posteriors and alignments against enumeration and a plain reference."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.models.model1 import IBMModel1

from ..reference_em import Model1, batch_em, offsets_of, random_model1


def trained(model, rng, updates=3, **options):
    """Return a learner whose theta is no longer uniform."""
    learner = model.learner(rule="stepwise", **options)
    for _ in range(updates if len(model) else 0):
        learner.compute(rng.integers(0, len(model), size=2))
        learner.update()
    return learner


def everything(model):
    return np.arange(len(model))


@st.composite
def problems(draw):
    """Draw sentence pairs, also with empty sides."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pairs = draw(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 9)), min_size=1, max_size=6))
    model = random_model1(
        rng,
        *map(list, zip(*pairs, strict=True)),
        source_words=draw(st.integers(1, 12)),
        target_words=draw(st.integers(1, 12)),
    )
    return model, rng


# ---- against enumeration of all alignments ------------------------------------------------------

TINY = {
    "one word each": ([1], [1]),
    "several": ([3, 1, 2], [2, 4, 3]),
    "no source": ([0, 2], [3, 2]),
    "no target": ([2, 2], [0, 3]),
    "nothing": ([0, 1], [0, 1]),
}


@pytest.mark.parametrize(("source", "target"), TINY.values(), ids=TINY)
def test_equals_enumeration(source, target):
    rng = np.random.default_rng([len(source), sum(target)])
    model = random_model1(rng, source, target)
    learner = trained(model, rng)
    theta = model.theta_of(learner)
    learner.compute(everything(model))
    expected, counts = model.by_enumeration(theta, everything(model))
    assert model.evaluate(learner)[1] == pytest.approx(expected, rel=1e-5)
    np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-6)


# ---- against a plain reference ------------------------------------------------------------------

LENGTHS = [1, 14, 15, 16, 17, 30, 31, 32, 33, 47, 100, 0]  # about whole vectors, with the null word


def test_lengths_about_whole_vectors():
    rng = np.random.default_rng(1)
    model = random_model1(rng, LENGTHS, LENGTHS[::-1], source_words=40, target_words=30)
    learner = trained(model, rng, 5)
    theta = model.theta_of(learner)
    for number in everything(model):
        learner.compute([number])
        _, counts = model.statistics(theta, [number])
        np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-6)
    learner.compute(everything(model)[::-1])
    expected, counts = model.statistics(theta, everything(model))
    np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-6)
    assert model.evaluate(learner)[1] == pytest.approx(expected, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(problems())
def test_equals_the_reference_on_any_input(problem):
    model, rng = problem
    learner = trained(model, rng, 4)
    theta = model.theta_of(learner)
    alignment, log_likelihood = model.evaluate(learner)
    expected, counts = model.statistics(theta, everything(model))
    np.testing.assert_allclose(log_likelihood, expected, rtol=1e-5, atol=1e-5)
    learner.compute(everything(model))
    np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-6)
    # Each target word is aligned with one position, the best of its sentence.
    counts = learner.model.statistics()
    assert counts.sum() == pytest.approx(len(model.target), rel=1e-5)
    assert alignment.dtype == np.int32
    for number in everything(model):
        source, target = model.sentences(number)
        cells = theta[np.ix_(target, source)]
        best = alignment[model.target_offsets[number] : model.target_offsets[number + 1]] + 1
        assert ((best >= 0) & (best < len(source))).all()
        np.testing.assert_allclose(
            cells[np.arange(len(target)), best], cells.max(axis=1, initial=0), rtol=1e-5
        )


def test_of_equal_positions_the_first_is_best():
    """Before learning t is uniform: the null word. Of the same word twice, the first."""
    model = Model1(
        offsets_of([3, 3]),
        np.array([0, 0, 0, 0, 0, 0], dtype=np.int32),
        offsets_of([2, 1]),
        np.array([0, 0, 1], dtype=np.int32),
        1,
        2,
    )
    learner = model.learner(rule="em")
    assert model.evaluate(learner)[0].tolist() == [-1, -1, -1]
    model = replace(model, source=np.array([1, 0, 0, 2, 2, 2], dtype=np.int32), source_words=3)
    learner = model.learner(rule="em")
    for _ in range(5):
        learner.compute([0, 1])
        learner.update()
    # Words 0 and 1 have been with target word 0 alone, the null word with both.
    assert model.evaluate(learner)[0].tolist() == [0, 0, 0]


def test_begins_uniform():
    rng = np.random.default_rng(2)
    model = random_model1(rng, [3, 4, 2], [2, 5, 3])
    for rule in ("em", "stepwise"):
        learner = model.learner(rule=rule)
        np.testing.assert_allclose(learner.theta, 1 / 6, rtol=1e-6)
        assert model.evaluate(learner)[1] == pytest.approx(-10 * np.log(6), rel=1e-6)
    # Incremental EM begins from what uniform posteriors would leave.
    learner = model.learner(rule="incremental")
    begun = model.normalised(sum(model.begun(number) for number in range(3)))
    np.testing.assert_allclose(model.theta_of(learner), begun, rtol=1e-5)


@pytest.mark.parametrize("smoothing", [0.0, 0.5])
def test_theta_is_what_it_is_set_to(smoothing):
    rng = np.random.default_rng(12)
    model = random_model1(rng, [3, 4, 2], [2, 5, 3])
    given, learner = trained(model, rng), model.learner(smoothing=smoothing)
    learner.theta = given.theta
    if not smoothing:
        np.testing.assert_array_equal(learner.theta, given.theta)
        for one in (given, learner):
            one.compute(everything(model))
        np.testing.assert_allclose(learner.model.statistics(), given.model.statistics(), rtol=1e-5)
    # Whatever it was set to, batch EM goes on from the expected counts alone.
    learner.compute(everything(model))
    counts = learner.model.statistics()
    learner.update()
    assert learner.model.totals.sum() == pytest.approx(counts.sum(), rel=1e-5)
    with pytest.raises(ValueError, match=rf"theta is \[{learner.model.parameters}\]"):
        learner.theta = given.theta[1:]
    with pytest.raises(ValueError, match="learning begins from these"):
        model.learner(rule="incremental").theta = given.theta


@settings(max_examples=60, deadline=None)
@given(problems())
def test_some_parameters_are_those_of_all(problem):
    model, rng = problem
    learner, given = model.learner(), trained(model, rng)
    for size in (0, 1, 2, len(model)):
        examples = rng.integers(0, len(model), size=size)
        touched = learner.model.parameters_of(examples)
        cells = [np.ix_(*reversed(model.sentences(number))) for number in examples]
        assert touched.dtype == np.int32
        assert touched.tolist() == [
            number
            for number, (target, source) in enumerate(learner.model.parameter_words)
            if any(target in rows and source in columns for rows, columns in cells)
        ]
        learner.model.set_theta(touched, given.theta[touched])
        for one in (learner, given):
            one.compute(examples)
        counts = learner.model.statistics()
        np.testing.assert_allclose(counts, given.model.statistics(), rtol=1e-4, atol=1e-6)
        zeros = np.zeros(learner.model.parameters)
        found = learner.model.statistics_of(touched, zeros)
        assert found.dtype == np.float32
        np.testing.assert_array_equal(found, counts[touched].astype(np.float32))
        assert not zeros.any()


def test_parameters_that_cannot_be_are_refused():
    model = random_model1(np.random.default_rng(15), [3, 4], [2, 5])
    for wrong in (-1, 2):
        with pytest.raises(IndexError, match="numbered 0 to 1"):
            model.learner().model.parameters_of([0, wrong])
    learner = model.learner()
    zeros = np.zeros(learner.model.parameters)
    with pytest.raises(IndexError, match=f"parameters are numbered 0 to {len(zeros) - 1}"):
        learner.model.statistics_of(np.array([0, len(zeros)], dtype=np.int32), zeros)
    with pytest.raises(ValueError, match=f"zeros must be {len(zeros)}, not {len(zeros) - 1}"):
        learner.model.statistics_of(np.zeros(0, dtype=np.int32), zeros[1:])
    with pytest.raises(ValueError, match="learning begins from these"):
        model.learner(rule="incremental").model.set_theta([0], 0.5)


def test_totals_are_of_source_words():
    rng = np.random.default_rng(13)
    model = random_model1(rng, [3, 4, 2], [2, 5, 3])
    learner = model.learner(rule="em")
    # Before learning, and after: every target word is explained once.
    for _ in range(2):
        assert learner.model.totals.shape == (1 + learner.model.source_words,)
        assert learner.model.totals.sum() == pytest.approx(10, rel=1e-6)
        learner.compute(everything(model))
        learner.update()
    words = learner.model.parameter_words[:, 1]
    by_word = np.bincount(
        words, learner.model.statistics(), minlength=1 + learner.model.source_words
    )
    np.testing.assert_allclose(learner.model.totals, by_word, rtol=1e-5)


def test_parameters_are_the_pairs_that_co_occur():
    rng = np.random.default_rng(3)
    model = random_model1(rng, [2, 1], [2, 3], source_words=20, target_words=20)
    learner = model.learner()
    together = set()
    for number in range(2):
        source, target = model.sentences(number)
        together |= {(e, f) for e in target for f in source}
    words = learner.model.parameter_words
    assert words.dtype == np.int32
    assert sorted(words.tolist()) == sorted(map(list, together))
    assert learner.model.parameters == len(together)
    assert learner.theta.shape == (len(together),)
    assert (learner.model.source_words, learner.model.target_words) == (20, 20)


def test_work_is_cells():
    rng = np.random.default_rng(4)
    learner = random_model1(rng, [3, 0, 2], [2, 4, 0]).learner()
    assert learner.work.tolist() == [8, 4, 0]


@pytest.mark.parametrize("iterations", [30])
def test_many_iterations_of_batch_em(iterations):
    """Posteriors go to 0 and 1 without a number going astray."""
    rng = np.random.default_rng(5)
    model = random_model1(rng, rng.integers(1, 6, 40), rng.integers(1, 6, 40), 8, 8)
    learner = model.learner(rule="em")
    for log_likelihood, _ in batch_em(model, iterations):
        assert model.evaluate(learner)[1] == pytest.approx(log_likelihood, rel=1e-5)
        learner.compute(everything(model))
        learner.update()


@pytest.mark.parametrize("rule", ["em", "stepwise", "incremental"])
def test_numbers_that_are_not_finite_are_refused(probe, rule):
    model = random_model1(np.random.default_rng(6), [2, 17], [3, 2])
    learner = model.learner(rule=rule)
    probe.spoil(learner)
    for number in range(2):
        with pytest.raises(FloatingPointError, match="not finite"):
            learner.compute([number])
    alignment, log_likelihood = model.evaluate(learner)
    assert np.isnan(log_likelihood)
    assert ((alignment >= -1) & (alignment < 17)).all()


# ---- a known model ------------------------------------------------------------------------------


def test_a_known_model_is_recovered():
    """Sampled from a translation table; the null word gives the words that nothing else does."""
    rng = np.random.default_rng(7)
    source_words, target_words, pairs = 6, 14, 2500
    truth = np.zeros((target_words, 1 + source_words))
    truth[12:, 0] = 0.5
    for f in range(source_words):
        truth[2 * f : 2 * f + 2, 1 + f] = [0.7, 0.3]
    source_lengths, target_lengths = rng.integers(2, 6, size=(2, pairs))
    source = rng.integers(0, source_words, size=source_lengths.sum(), dtype=np.int32)
    offsets = offsets_of(source_lengths)
    target = []
    for number, length in enumerate(target_lengths):
        words = np.concatenate([[0], source[offsets[number] : offsets[number + 1]] + 1])
        for _ in range(length):
            target.append(rng.choice(target_words, p=truth[:, rng.choice(words)]))
    model = Model1(
        offsets,
        source,
        offsets_of(target_lengths),
        np.array(target, dtype=np.int32),
        source_words,
        target_words,
    )
    for rule, batches in ("em", [everything(model)]), ("stepwise", np.arange(pairs).reshape(-1, 4)):
        learner = model.learner(rule=rule)
        for _ in range(30 if rule == "em" else 8):
            for examples in batches:
                learner.compute(examples)
                learner.update()
        assert np.abs(model.theta_of(learner) - truth).max() < 0.08
    best, _ = model.evaluate(learner)
    assert (best[np.isin(target, [12, 13])] == -1).mean() > 0.95


# ---- input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"source_words": 0}, "0 source_words: there must be"),
        ({"target": np.array([0, 2, 1], dtype=np.int32)}, "target must lie in 0 to 1"),
        ({"source": np.array([0, 1, 1])}, "Buffer dtype mismatch"),
        ({"source_offsets": np.array([0, 1, 3], dtype=np.int32)}, "Buffer dtype mismatch"),
    ],
    ids=str,
)
def test_input_is_checked(wrong, message):
    good = Model1(
        offsets_of([1, 2]),
        np.array([0, 1, 1], dtype=np.int32),
        offsets_of([2, 1]),
        np.array([0, 1, 1], dtype=np.int32),
        2,
        2,
    )
    good.learner()
    with pytest.raises(ValueError, match=f"^{message}"):
        replace(good, **wrong).learner()


def test_a_pair_of_too_many_cells():
    """Two sides of 46,341 words; nothing as long as their product is ever made."""
    many = 46_341
    zeros = np.zeros(many, dtype=np.int32)
    with pytest.raises(ValueError, match=r"a sentence pair of 2\^31 cells or more: leave it out"):
        IBMModel1(
            offsets_of([many]), zeros, offsets_of([many]), zeros, source_words=1, target_words=1
        )


# ---- extreme probabilities ----------------------------------------------------------------------


@settings(max_examples=100, deadline=None)
@given(problems(), st.floats(1, 44))
def test_right_at_any_probabilities(problem, decades):
    """Only their ratios count, however small all of a target word's are."""
    model, rng = problem
    learner = model.learner()
    theta = 10 ** -rng.uniform(0, decades, size=learner.model.parameters)
    # Whole target words, too, are all but impossible.
    theta *= (10 ** -rng.uniform(0, max(44 - decades, 0), model.target_words))[
        learner.model.parameter_words[:, 0]
    ]
    learner.theta = np.maximum(theta, 1e-44)
    expected, counts = model.statistics(model.theta_of(learner), everything(model))
    learner.compute(everything(model))
    np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(learner.model.evaluate()[1], expected, rtol=1e-5, atol=1e-5)


# ---- long sentences -----------------------------------------------------------------------------


@pytest.mark.parametrize(("source", "target"), [(2, 200_000), (200_000, 2)])
def test_sums_within_a_long_sentence(source, target):
    """As exact as over many: what float32 adds up is a stretch of words, not all of them."""
    rng = np.random.default_rng(3)
    model = random_model1(rng, [source], [target], source_words=4, target_words=5)
    learner = model.learner()
    learner.theta = rng.dirichlet(np.ones(5), 5).T.ravel()[: learner.model.parameters]
    theta = model.theta_of(learner)
    expected, counts = model.statistics(theta, [0])
    learner.compute([0])
    np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-6)
    np.testing.assert_allclose(learner.model.evaluate()[1], expected, rtol=1e-6)
    learner.update()
    np.testing.assert_allclose(learner.model.totals, counts.sum(axis=0), rtol=3e-6)
