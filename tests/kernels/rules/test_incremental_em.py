"""Incremental EM: its mu is the sum of what is kept, and its free energy never falls."""

import numpy as np
import pytest

from ..reference_em import incremental_em, log, random_hmm
from .em import assert_theta, each_model, everything, hmm, mu_of, train, visits


@each_model
@pytest.mark.parametrize(("smoothing", "weight"), [(0.0, 1.0), (0.2, 1.0), (0.0, 0.5), (0.2, 0.1)])
def test_incremental_em_equals_the_reference(make, smoothing, weight, probe):
    """Its mu is the sum of the counts that are kept, at any time and by any weight."""
    model = make(8)
    mini_batches = visits(np.random.default_rng(9), len(model), 150)
    learner = model.learner("incremental", smoothing=smoothing)
    for examples, (theta, mu) in zip(
        mini_batches, incremental_em(model, mini_batches, smoothing, weight), strict=True
    ):
        learner.compute(examples)
        learner.update(weight=weight)
        counts, totals = mu_of(probe, learner)
        if make is hmm:
            np.testing.assert_allclose(counts, mu[: model.words], atol=1e-4)
            np.testing.assert_allclose(totals, mu[: model.words].sum(axis=0), atol=1e-4)
        else:
            np.testing.assert_allclose(model.dense(learner, counts), mu, atol=1e-4)
            np.testing.assert_allclose(totals, mu.sum(axis=0), atol=1e-4)
        assert_theta(model, learner, theta, rtol=2e-3, atol=1e-5)
    assert learner.table.scale == 1.0


@each_model
@pytest.mark.parametrize("seed", range(4))
def test_incremental_em_never_lowers_the_free_energy(make, seed):
    """F = sum over examples of E_q[log p(x, z)] + H(q): Neal & Hinton (1998), equation 5.

    With q the posterior at the theta' of the example's last visit and s its counts, an example's
    part is s log theta - s log theta' + log p(x) at theta'.
    """
    model = make(seed)
    learner = model.learner("incremental")
    parts = {}
    rng = np.random.default_rng(seed)
    energies = []
    for number in [*everything(model), *np.concatenate([rng.permutation(len(model))] * 12)]:
        theta = model.theta_of(learner)
        log_likelihood, _ = model.statistics(theta, [number])
        learner.compute([number])
        counts = model.counts_of(learner)
        parts[number] = counts, log_likelihood - within(counts, theta)
        learner.update()
        if len(parts) == len(model):
            theta = model.theta_of(learner)
            energies.append(sum(within(c, theta) + rest for c, rest in parts.values()))
            assert energies[-1] <= model.statistics(theta, everything(model))[0] + 1e-4
    assert len(energies) == 12 * len(model) + 1
    assert np.diff(energies).min() > -1e-4
    assert energies[-1] > energies[0] + 0.1


@each_model
def test_what_an_update_of_no_weight_found_is_not_kept(make):
    """The next one takes out what was there before it."""
    model = make(8)
    dropped, never = model.learner("incremental"), model.learner("incremental")
    for number in (0, 3, 0, 5):
        dropped.compute([number, 2])
        dropped.update(weight=0.0)
        for learner in (dropped, never):
            learner.compute([number])
            learner.update()
    assert dropped.theta.tobytes() == never.theta.tobytes()
    assert (dropped.updates, dropped.examples, never.examples) == (4, 12, 4)


def within(counts, theta):
    """Return sum of counts log theta; what rounding takes to be 0 is next to nothing."""
    assert counts[theta == 0].max(initial=0) < 1e-6
    return np.sum(counts * log(np.where(theta > 0, theta, 1.0)))


def test_totals_and_counts_do_not_part_over_many_passes():
    """What float32 rounds off a count is not in its total either."""
    rng = np.random.default_rng(0)
    model = random_hmm(rng, [7] * 200, words=12, states=8, concentration=0.1)
    learner = model.learner("incremental")
    for _ in range(100):
        train(learner, rng.permutation(200).reshape(-1, 2))
    sums = learner.theta[:12].sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(sums, 1.0, rtol=0, atol=5e-7)
