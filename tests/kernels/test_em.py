"""Expectation maximisation: each rule against its formula in float64, for both models."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from .reference_em import (
    HMM,
    Model1,
    batch_em,
    incremental_em,
    log,
    offsets_of,
    random_hmm,
    random_model1,
    stepwise_em,
)

SMALLEST_SCALE = 2.0**-30


def hmm(seed=0, lengths=(4, 0, 1, 7, 2, 5), **sizes):
    return random_hmm(np.random.default_rng(seed), lengths, **sizes)


def model1(seed=0, lengths=((3, 0, 1, 5, 2, 1), (2, 4, 1, 6, 0, 3)), **sizes):
    return random_model1(np.random.default_rng(seed), *lengths, **sizes)


MODELS = {"hmm": hmm, "model1": model1}
each_model = pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)


def train(learner, mini_batches):
    for examples in mini_batches:
        learner.statistics(examples)
        learner.update()


def visits(rng, examples, updates, most=3):
    """Return mini-batches of one to `most` examples."""
    return [rng.integers(0, examples, size=rng.integers(1, most + 1)) for _ in range(updates)]


def everything(model):
    return np.arange(len(model))


def assert_theta(model, learner, theta, rtol=1e-4, atol=1e-6):
    """Compare the parameters that the learner has."""
    if isinstance(model, Model1):
        theta = theta * model.dense(learner, 1.0)
    np.testing.assert_allclose(model.theta_of(learner), theta, rtol=rtol, atol=atol)


def mu_of(probe, learner):
    """Return what a learner has counted, of a HMM for words, and the totals that it divides by."""
    counts, totals, scale = probe.stored(learner)
    if hasattr(learner, "states"):
        counts, totals = (
            counts[: learner.model.words, : learner.model.states],
            totals[: learner.model.states],
        )
    return scale * counts.astype(np.float64), scale * totals


# ---- batch EM -----------------------------------------------------------------------------------


@each_model
@pytest.mark.parametrize("smoothing", [0.0, 0.3], ids=str)
@pytest.mark.parametrize("seed", range(3))
def test_batch_em_equals_the_reference(make, smoothing, seed):
    model = make(seed)
    learner = model.learner(rule="em", smoothing=smoothing)
    for log_likelihood, theta in batch_em(model, 6, smoothing):
        np.testing.assert_allclose(model.evaluate(learner)[1], log_likelihood, rtol=1e-5)
        assert_theta(model, learner, theta)
        learner.statistics(everything(model))
        counts = model.statistics(theta, everything(model))[1]
        np.testing.assert_allclose(model.counts_of(learner), counts, rtol=1e-4, atol=1e-5)
        learner.update()
    assert (learner.updates, learner.examples) == (6, 6 * len(model))


@each_model
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_batch_em_never_lowers_the_likelihood(make, data):
    """But by what float32 makes of sums and logarithms."""
    seed = data.draw(st.integers(0, 2**32 - 1))
    lengths = data.draw(st.lists(st.integers(0, 9), min_size=1, max_size=8))
    rng = np.random.default_rng(seed)
    model = make(seed, lengths if make is hmm else (lengths, rng.permutation(lengths)))
    learner = model.learner(rule="em")
    before = model.evaluate(learner)[1]
    for _ in range(15):
        learner.statistics(everything(model))
        learner.update()
        after = model.evaluate(learner)[1]
        assert after >= before - 1e-6 * max(abs(before), 1.0)
        before = after
    np.testing.assert_allclose(
        before,
        model.statistics(model.theta_of(learner), everything(model))[0],
        rtol=1e-5,
        atol=1e-5,
    )


# ---- stepwise EM --------------------------------------------------------------------------------


@each_model
@pytest.mark.parametrize("alpha", [0.6, 0.7, 1.0])
@pytest.mark.parametrize("smoothing", [0.0, 0.1], ids=str)
def test_stepwise_em_equals_its_formula(make, alpha, smoothing):
    model = make(1)
    mini_batches = visits(np.random.default_rng(2), len(model), 300)
    learner = model.learner(rule="stepwise", alpha=alpha, smoothing=smoothing)
    expected = stepwise_em(model, mini_batches, alpha, smoothing)
    for k, (examples, theta) in enumerate(zip(mini_batches, expected, strict=True)):
        learner.statistics(examples)
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
    learner = model.learner(rule="stepwise", alpha=0.51)
    rescaled, scale = 0, 1.0
    for k, theta in enumerate(stepwise_em(model, mini_batches, 0.51)):
        learner.statistics(mini_batches[k])
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
    learner = model.learner(rule="stepwise", alpha=0.55)
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
    learner = model.learner(rule="stepwise", alpha=0.55)
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
    learner = model.learner(rule="stepwise", alpha=alpha)
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
    learner.statistics([len(model) - 1])
    learner.update()
    assert np.abs(model.theta_of(learner) - theta).max() > 1e-6


# ---- incremental EM -----------------------------------------------------------------------------


@each_model
@pytest.mark.parametrize("smoothing", [0.0, 0.2], ids=str)
def test_incremental_em_equals_the_reference(make, smoothing, probe):
    """Its mu is the sum of the counts that are kept, at any time."""
    model = make(8)
    mini_batches = visits(np.random.default_rng(9), len(model), 150)
    learner = model.learner(rule="incremental", smoothing=smoothing)
    for examples, (theta, mu) in zip(
        mini_batches, incremental_em(model, mini_batches, smoothing), strict=True
    ):
        learner.statistics(examples)
        learner.update()
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
    learner = model.learner(rule="incremental")
    parts = {}
    rng = np.random.default_rng(seed)
    energies = []
    for number in [*everything(model), *np.concatenate([rng.permutation(len(model))] * 12)]:
        theta = model.theta_of(learner)
        log_likelihood, _ = model.statistics(theta, [number])
        learner.statistics([number])
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


def within(counts, theta):
    """Return sum of counts log theta; what rounding takes to be 0 is next to nothing."""
    assert counts[theta == 0].max(initial=0) < 1e-6
    return np.sum(counts * log(np.where(theta > 0, theta, 1.0)))


def test_totals_and_counts_do_not_part_over_many_passes():
    """What float32 rounds off a count is not in its total either."""
    rng = np.random.default_rng(0)
    model = random_hmm(rng, [7] * 200, words=12, states=8, concentration=0.1)
    learner = model.learner(rule="incremental")
    for _ in range(100):
        train(learner, rng.permutation(200).reshape(-1, 2))
    sums = learner.theta[:12].sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(sums, 1.0, rtol=0, atol=5e-7)


# ---- what holds for every rule ------------------------------------------------------------------

EVERY_RULE = pytest.mark.parametrize("rule", ["em", "stepwise", "incremental"])


@each_model
@EVERY_RULE
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_splitting_over_slots_changes_nothing(make, rule, data):
    """For Model 1, no bit; for the HMM, sums of float64 that are then in another order."""
    model = make(data.draw(st.integers(0, 1000)))
    examples = st.lists(st.integers(0, len(model) - 1), min_size=1, max_size=8)
    batches = (
        [list(range(len(model)))] * 3
        if rule == "em"
        else data.draw(st.lists(examples, min_size=1, max_size=4))
    )
    slots = data.draw(st.integers(1, 4))
    whole = model.learner(rule=rule)
    split = model.learner(rule=rule, slots=slots, workspaces=2)
    for examples in batches:
        cuts = sorted(data.draw(st.integers(0, len(examples))) for _ in range(slots - 1))
        whole.calculate(examples)
        whole.update()
        for slot, part in enumerate(np.split(np.array(examples), cuts)):
            split.calculate(part, slot=slot, workspace=slot % 2)
        split.update(0, slots)
    assert (split.updates, split.examples, split.scale) == (
        whole.updates,
        whole.examples,
        whole.scale,
    )
    if make is model1:
        assert split.theta.tobytes() == whole.theta.tobytes()
    else:
        np.testing.assert_allclose(split.theta, whole.theta, rtol=1e-6, atol=1e-12)


@each_model
@pytest.mark.parametrize("rule", ["stepwise", "incremental"])
def test_statistics_wait_for_their_update(make, rule):
    """An update applies what was computed before others changed theta: that is staleness."""
    model = make(11)
    learner = model.learner(rule=rule, slots=2)
    theta = model.theta_of(learner)
    learner.statistics([0], slot=0)
    learner.statistics([3], slot=1)
    learner.update(0)
    moved = model.theta_of(learner)
    assert np.abs(moved - theta).max() > 1e-3
    np.testing.assert_allclose(
        model.counts_of(learner, 1), model.statistics(theta, [3])[1] * (theta > 0), atol=1e-5
    )
    assert np.abs(model.statistics(moved, [3])[1] - model.counts_of(learner, 1)).max() > 1e-3
    learner.update(1)
    assert (learner.updates, learner.examples) == (2, 2)


@each_model
@EVERY_RULE
def test_an_update_without_examples_is_none(make, rule):
    model = make(12)
    learner = model.learner(rule=rule, slots=3)
    before = learner.theta.tobytes()
    learner.update(0, 3)
    learner.statistics([], slot=1)
    learner.update(0, 3)
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples, learner.table.scale) == (0, 0, 1.0)


@each_model
@EVERY_RULE
def test_a_corpus_without_examples(make, rule):
    model = make(0, []) if make is hmm else make(0, ([], []))
    learner = model.learner(rule=rule)
    learner.statistics([])
    learner.update()
    decoded, log_likelihood = model.evaluate(learner)
    assert decoded.shape == (0,)
    assert log_likelihood == 0.0
    assert not learner.theta.any()


@each_model
@EVERY_RULE
def test_learning_raises_the_likelihood(make, rule):
    model = make(13)
    learner = model.learner(rule=rule)
    assert learner.rule == rule
    before = model.evaluate(learner)[1]
    batches = [everything(model)] if rule == "em" else everything(model).reshape(-1, 2)
    for _ in range(20):
        train(learner, batches)
    assert model.evaluate(learner)[1] > before + 0.1


@each_model
def test_workspaces_and_slots_are_apart(make):
    model = make(14)
    learner = model.learner(slots=3, workspaces=2)
    theta = model.theta_of(learner)
    for slot, workspace, examples in [(1, 0, [0, 1, 2, 3]), (1, 1, [3, 1, 3]), (2, 0, [5])]:
        learner.statistics(examples, slot=slot, workspace=workspace)
    for slot, examples in enumerate([[], [3, 1, 3], [5]]):
        expected = model.statistics(theta, examples)[1] * (theta > 0)
        np.testing.assert_allclose(model.counts_of(learner, slot), expected, rtol=1e-4, atol=1e-6)
    for slot in (-1, 3):
        with pytest.raises(IndexError, match=f"no slot {slot}"):
            learner.model.statistics(slot)


# ---- replicas -----------------------------------------------------------------------------------


@each_model
def test_replicas_learn_by_themselves_until_they_are_averaged(make, probe):
    """Averaged is mu, at whatever scale each replica stores it; it goes on at the greatest."""
    model = make(15)
    replicated = model.learner(rule="stepwise", alpha=0.6, slots=2, replicas=2)
    mu = [model.initial(), model.initial()]
    updates, greatest = 0, []
    for examples in ([0, 1], [3, 4]), ([2], [5, 0]):
        for slot in range(2):
            for _ in range(40 + 20 * slot):
                replicated.calculate(examples[slot], slot=slot)
                replicated.update(slot)
                eta = (updates + 2.0) ** -0.6
                _, counts = model.statistics(model.normalised(mu[slot]), examples[slot])
                counts *= len(model) / len(examples[slot])
                mu[slot] = (1 - eta) * mu[slot] + eta * counts
                updates += 1
        mean = (mu[0] + mu[1]) / 2
        # Looking at theta changes nothing; only `average` does.
        assert_theta(model, replicated, model.normalised(mean), rtol=1e-3, atol=1e-5)
        scales = [probe.stored(replicated, copy)[2] for copy in (1, 2)]
        greatest.append(scales.index(max(scales)))
        assert scales[0] != scales[1]
        probe.average(replicated)
        assert [probe.stored(replicated, copy)[2] for copy in range(3)] == [max(scales)] * 3
        assert_theta(model, replicated, model.normalised(mean), rtol=1e-3, atol=1e-5)
        mu = [mean, mean]
    assert replicated.updates == updates
    assert greatest == [1, 0]


@each_model
def test_replicas_keep_what_is_small(make, probe):
    """The mean of counts that are about to be rescaled does not fall out of float32."""
    model = make(7, (3, 2, 1) if make is hmm else ((2, 1, 1), (2, 3, 1)))
    learner = model.learner(rule="stepwise", alpha=0.51, slots=2, replicas=2)
    support = learner.theta > 0
    mini_batches = np.array([[0], [1]], dtype=np.int32)
    for _ in range(30):
        for slot in range(2):
            assert probe.drive(learner, mini_batches, 2000 + 700 * slot, slot, 0) > 0
        probe.average(learner)
        assert ((learner.theta > 0) == support).all()
    assert np.isfinite(model.evaluate(learner)[1])


# ---- threads ------------------------------------------------------------------------------------


@each_model
@pytest.mark.parametrize("rule", ["stepwise", "incremental"])
def test_no_update_is_lost_where_updates_take_turns(make, rule, probe):
    """Two threads, one lock about updates: mu is the sum of what was submitted, over rescalings.

    All examples are of one size, so that stepwise EM's mu always sums to the tokens of the corpus;
    incremental EM's is the sum of the latest counts of every example.
    """
    lengths = [3] * 8
    model = make(18, lengths if make is hmm else (lengths, lengths))
    learner = model.learner(rule=rule, alpha=0.51, slots=2, workspaces=2)
    latest = {number: model.begun(number) for number in everything(model)}
    lock = threading.Lock()

    def learn(slot):
        for turn in range(1500):
            number = turn * (slot + 1) % 8
            learner.statistics([number], slot=slot, workspace=slot)
            counts = model.counts_of(learner, slot)
            with lock:
                learner.update(slot)
                latest[number] = counts

    together(learn)
    assert (learner.updates, learner.examples) == (3000, 3000)
    counts, totals = mu_of(probe, learner)
    np.testing.assert_allclose(totals.sum(), 24, rtol=1e-5)
    np.testing.assert_allclose(counts.sum(), 24, rtol=1e-4)
    if rule == "incremental":
        mu = sum(latest.values())
        if make is hmm:
            np.testing.assert_allclose(counts, mu[: model.words], atol=1e-4)
        else:
            np.testing.assert_allclose(model.dense(learner, counts), mu, atol=1e-4)


@each_model
@pytest.mark.parametrize("rule", ["stepwise", "incremental"])
def test_totals_are_exact_where_updates_overlap(make, rule, probe):
    """Two threads, no lock: counts may be lost, but not of what they are divided by.

    All examples are of one size, so that mu always sums to the tokens of the corpus; each thread
    has examples of its own, as incremental EM would not know whose counts to take out.
    """
    lengths = [3] * 8
    model = make(16, lengths if make is hmm else (lengths, lengths))
    tokens = 24
    learner = model.learner(rule=rule, slots=2, workspaces=2)
    learner.let_updates_overlap()
    assert learner.overlapping
    halves = np.arange(8, dtype=np.int32).reshape(2, 4, 1)
    updates = 20_000
    together(lambda slot: probe.drive(learner, np.ascontiguousarray(halves[slot]), updates, slot))
    assert (learner.updates, learner.examples) == (2 * updates, 2 * updates)
    counts, totals = mu_of(probe, learner)
    # A count that has lost something does not fall below 0, and nor does its total for it.
    np.testing.assert_allclose(totals.sum(), tokens, rtol=1e-4 if rule == "stepwise" else 0.01)
    np.testing.assert_allclose(counts.sum(), totals.sum(), rtol=0.2)
    assert np.isfinite(model.evaluate(learner)[1])


def together(work):
    """Call `work` with 0 and 1, in two threads."""
    failures = []

    def caught(number):
        try:
            work(number)
        except BaseException as failure:
            failures.append(failure)

    threads = [threading.Thread(target=caught, args=(number,)) for number in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures


def test_an_atomic_sum_misses_nothing(probe):
    sums = np.zeros(3)
    together(lambda _: probe.add_together(sums, 100_000, 0.25))
    assert sums.tolist() == [50_000.0] * 3


# ---- what is refused ----------------------------------------------------------------------------


@each_model
@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"rule": "sgd"}, "rule must be one of em, stepwise, incremental, not 'sgd'"),
        ({"alpha": 0.5}, "alpha must be above 0.5 and at most 1, not 0.5"),
        ({"alpha": 1.01}, "alpha must be above 0.5"),
        ({"alpha": np.nan}, "alpha must be above 0.5"),
        ({"smoothing": -0.1}, "smoothing must be at least 0, not -0.1"),
        ({"smoothing": np.nan}, "smoothing must be at least 0"),
        ({"smoothing": np.inf}, "smoothing must be at least 0"),
        ({"rule": "incremental", "slots": 2, "replicas": 2}, "incremental EM cannot average"),
        ({"slots": 2, "replicas": 1}, "replicas must be 0 or 2"),
        ({"slots": 0}, "slots and workspaces must be positive"),
        ({"workspaces": 0}, "slots and workspaces must be positive"),
    ],
    ids=str,
)
def test_options_out_of_range(make, wrong, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        make().learner(**wrong)


@each_model
def test_options_are_kept(make):
    learner = make().learner(rule="stepwise", alpha=0.75, smoothing=0.5)
    assert (learner.rule, learner.rule.alpha, learner.rule.smoothing) == ("stepwise", 0.75, 0.5)


@each_model
def test_what_could_not_be_computed_is_not_applied(make, probe):
    """After an error, the slot holds nothing."""
    model = make(17)
    learner = model.learner(rule="stepwise", smoothing=0.0, slots=2)
    probe.spoil(learner)
    with pytest.raises(FloatingPointError, match="not finite: take a larger smoothing"):
        learner.statistics(everything(model), slot=1)
    before = learner.theta.tobytes()
    learner.update(1)
    assert learner.theta.tobytes() == before
    assert learner.updates == 0
