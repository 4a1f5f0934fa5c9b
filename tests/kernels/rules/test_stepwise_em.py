"""Stepwise EM against its formula in float64, for both models; and what its scale does."""

import numpy as np
import pytest

from ..reference_em import HMM, offsets_of, random_hmm, random_model1, stepwise_em
from .em import MODELS, assert_theta, each_model, everything, hmm, mu_of, train, visits

SMALLEST_SCALE = 2.0**-30


@each_model
@pytest.mark.parametrize("alpha", [0.6, 0.7, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1], ids=str)
def test_stepwise_em_equals_its_formula(make, alpha, smoothing):
    model = make(1)
    mini_batches = visits(np.random.default_rng(2), len(model), 300)
    learner = model.learner("stepwise", alpha=alpha, smoothing=smoothing)
    expected = stepwise_em(model, mini_batches, alpha, smoothing)
    for k, (examples, theta) in enumerate(zip(mini_batches, expected, strict=True)):
        learner.compute(examples)
        learner.update()
        assert learner.updates == k + 1
        assert_theta(model, learner, theta, rtol=1e-3, atol=1e-5)
    assert learner.examples == sum(map(len, mini_batches))
    np.testing.assert_allclose(
        model.evaluate(learner)[1], model.statistics(theta, everything(model))[0], rtol=1e-5
    )


@each_model
def test_what_the_scale_does_is_not_seen(make):
    """Over many rescalings: theta is that of the formula, before and after each of them."""
    model = make(3)
    updates = 2500
    mini_batches = visits(np.random.default_rng(4), len(model), updates)
    learner = model.learner("stepwise", alpha=0.51)
    rescaled, scale = 0, 1.0
    for k, theta in enumerate(stepwise_em(model, mini_batches, 0.51)):
        learner.compute(mini_batches[k])
        learner.update()
        assert SMALLEST_SCALE / 4 < learner.table.scale <= 1.0
        if learner.table.scale > scale or k % 100 == 0:
            rescaled += learner.table.scale > scale
            assert_theta(model, learner, theta, rtol=1e-3, atol=1e-5)
        scale = learner.table.scale
    assert rescaled >= 4


@pytest.fixture(params=MODELS, scope="module")
def forgetful(request):
    """Return a model, a learner that has not seen examples 0 and 1 for long, and theta.

    Both have words of their own, whose counts fall below what float32 holds; theta is that of the
    formula.
    """
    rng = np.random.default_rng(5)
    if request.param == "hmm":
        model = random_hmm(rng, [5, 4, *[6] * 6], words=8)
        model.tokens[:] %= 5
        model.tokens[[1, 3, 6]] = [5, 6, 7]
    else:
        model = random_model1(
            rng, [3, 3, *[4] * 6], [4, 3, *[5] * 6], source_words=6, target_words=8
        )
        model.source[:] %= 5
        model.source[0] = 5
        model.target[:] %= 5
        model.target[[1, 2, 5]] = [5, 6, 7]
    mini_batches = [[0, 1]] * 3 + [rng.integers(2, len(model), size=2) for _ in range(3000)]
    learner = model.learner("stepwise", alpha=0.55)
    train(learner, mini_batches)
    *_, theta = stepwise_em(model, mini_batches, 0.55)
    if request.param == "model1":
        theta *= model.dense(learner, 1.0)
    return model, learner, theta


def test_words_not_seen_for_long_keep_the_ratios_of_their_probabilities(forgetful):
    """By the formula they fall by the same factor, and all that matters to posteriors is left."""
    model, learner, theta = forgetful
    expected, learnt = theta[5:8], model.theta_of(learner)[5:8]
    greatest = expected.max(axis=1, keepdims=True)
    assert (greatest < 1e-25).any()
    assert (learnt > 0).tolist() == (expected > 0).tolist()
    np.testing.assert_allclose(
        learnt / learnt.max(axis=1, keepdims=True), expected / greatest, rtol=1e-3, atol=2e-6
    )


@pytest.mark.parametrize("forgetful", ["model1"], indirect=True)
def test_source_words_not_seen_for_long_keep_their_translations(forgetful):
    model, learner, theta = forgetful
    assert theta[:, 6].max() > 0.2
    np.testing.assert_allclose(model.theta_of(learner)[:, 6], theta[:, 6], rtol=1e-3, atol=1e-6)


def test_a_state_that_is_not_seen_for_long_keeps_its_words(probe):
    """State 1 is only in sentence 0, which comes once; nothing else leads there."""
    offsets, tokens = offsets_of([3, 4, 4]), np.array([0, 1, 1, 2, 3, 2, 3, 3, 2, 2, 3], np.int32)
    responsibilities = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    model = HMM(offsets, tokens, 4, responsibilities, np.array([[0.9, 0.1], [0.2, 0.8]]))
    learner = model.learner("stepwise", alpha=0.55)
    mini_batches = [[0], *([[1], [2]] * 1500)]
    train(learner, mini_batches)
    *_, theta = stepwise_em(model, mini_batches, 0.55)
    assert_theta(model, learner, theta, rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(theta[:2, 1].sum(), 1.0)
    np.testing.assert_allclose(theta[5].sum(), 1.0)
    assert mu_of(probe, learner)[1][1] < 1e-5


# A million updates of one example each: sum eta = 1,700 and 3,500 for these alphas.
@pytest.mark.slow
@each_model
@pytest.mark.parametrize("alpha", [0.51, 0.6])
def test_a_million_updates(make, alpha, probe):
    """Counts stay finite, positive where they were, and what theta is divided by is their sum."""
    model = make(7, (3, 2, 1) if make is hmm else ((2, 1, 1), (2, 3, 1)))
    learner = model.learner("stepwise", alpha=alpha)
    before = model.theta_of(learner)
    # The last example is not seen again.
    mini_batches = np.array([[0], [1], [1], [0], [1]], dtype=np.int32)
    assert probe.drive(learner, mini_batches, 1_000_000) == 1_000_000
    assert learner.updates == 1_000_000
    theta = model.theta_of(learner)
    assert np.isfinite(theta).all()
    assert ((theta > 0) == (before > 0)).all()
    assert np.isfinite(model.evaluate(learner)[1])
    counts, totals = mu_of(probe, learner)
    assert np.isfinite(totals).all()
    assert SMALLEST_SCALE / 4 < learner.table.scale <= 1.0
    sums = (
        counts.sum(axis=0)[: len(totals)]
        if make is hmm
        else (model.dense(learner, counts).sum(axis=0))
    )
    present = totals > 0
    np.testing.assert_allclose(sums[present], totals[present], rtol=1e-4)
    # Not stuck: what is learned now has its effect.
    learner.compute([len(model) - 1])
    learner.update()
    assert np.abs(model.theta_of(learner) - theta).max() > 1e-6


# ---- replicas -----------------------------------------------------------------------------------


@each_model
def test_replicas_learn_by_themselves_until_they_are_averaged(make, probe):
    """Averaged is mu, at whatever scale each replica stores it."""
    model = make(15)
    replicated = model.learner("stepwise", alpha=0.6, slots=2, replicas=2)
    mu = [model.initial(), model.initial()]
    updates = 0
    for examples in ([0, 1], [3, 4]), ([2], [5, 0]):
        for slot in range(2):
            for _ in range(40 + 20 * slot):
                replicated.compute(examples[slot], slot=slot)
                replicated.update(slot)
                eta = (updates + 2.0) ** -0.6
                _, counts = model.statistics(model.normalised(mu[slot]), examples[slot])
                counts *= len(model) / len(examples[slot])
                mu[slot] = (1 - eta) * mu[slot] + eta * counts
                updates += 1
        mean = (mu[0] + mu[1]) / 2
        # Looking at theta changes nothing; only `average` does.
        assert_theta(model, replicated, model.normalised(mean), rtol=1e-3, atol=1e-5)
        assert probe.stored(replicated, 1)[2] != probe.stored(replicated, 2)[2]
        probe.average(replicated)
        assert probe.stored(replicated, 1)[2] == probe.stored(replicated, 2)[2]
        assert_theta(model, replicated, model.normalised(mean), rtol=1e-3, atol=1e-5)
        mu = [mean, mean]
    assert replicated.updates == updates


@each_model
def test_replicas_keep_what_is_small(make, probe):
    """The mean of counts that are about to be rescaled does not fall out of float32."""
    model = make(7, (3, 2, 1) if make is hmm else ((2, 1, 1), (2, 3, 1)))
    learner = model.learner("stepwise", alpha=0.51, slots=2, replicas=2)
    support = learner.theta > 0
    mini_batches = np.array([[0], [1]], dtype=np.int32)
    for _ in range(30):
        for slot in range(2):
            assert probe.drive(learner, mini_batches, 2000 + 700 * slot, slot, 0) > 0
        probe.average(learner)
        assert ((learner.theta > 0) == support).all()
    assert np.isfinite(model.evaluate(learner)[1])
