"""What holds for every rule of expectation maximisation, for both models."""

import threading

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ..reference_em import RULES
from .em import each_model, everything, hmm, model1, mu_of, train

EVERY_RULE = pytest.mark.parametrize("rule", RULES)


def steep(rule):
    """Return hyper-parameters by which the scale, if there is one, falls soon."""
    return {"alpha": 0.51} if rule == "stepwise" else {}


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
    whole = model.learner(rule)
    split = model.learner(rule, slots=slots, workspaces=2)
    for examples in batches:
        cuts = sorted(data.draw(st.integers(0, len(examples))) for _ in range(slots - 1))
        whole.compute(examples)
        whole.update()
        for slot, part in enumerate(np.split(np.array(examples), cuts)):
            split.compute(part, slot=slot, workspace=slot % 2)
        split.update(0, slots)
    assert (split.updates, split.examples, split.table.scale) == (
        whole.updates,
        whole.examples,
        whole.table.scale,
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
    learner = model.learner(rule, slots=2)
    theta = model.theta_of(learner)
    learner.compute([0], slot=0)
    learner.compute([3], slot=1)
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
    learner = model.learner(rule, slots=3)
    before = learner.theta.tobytes()
    learner.update(0, 3)
    learner.compute([], slot=1)
    learner.update(0, 3)
    assert learner.theta.tobytes() == before
    assert (learner.updates, learner.examples, learner.table.scale) == (0, 0, 1.0)


@each_model
@EVERY_RULE
def test_a_corpus_without_examples(make, rule):
    model = make(0, []) if make is hmm else make(0, ([], []))
    learner = model.learner(rule)
    learner.compute([])
    learner.update()
    decoded, log_likelihood = model.evaluate(learner)
    assert decoded.shape == (0,)
    assert log_likelihood == 0.0
    assert not learner.theta.any()


@each_model
@EVERY_RULE
def test_learning_raises_the_likelihood(make, rule):
    model = make(13)
    learner = model.learner(rule)
    assert type(learner.rule) is RULES[rule]
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
        learner.compute(examples, slot=slot, workspace=workspace)
    for slot, examples in enumerate([[], [3, 1, 3], [5]]):
        expected = model.statistics(theta, examples)[1] * (theta > 0)
        np.testing.assert_allclose(model.counts_of(learner, slot), expected, rtol=1e-4, atol=1e-6)
    for slot in (-1, 3):
        with pytest.raises(IndexError, match=f"no slot {slot}"):
            learner.model.statistics(slot)


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
    learner = model.learner(rule, slots=2, workspaces=2, **steep(rule))
    latest = {number: model.begun(number) for number in everything(model)}
    lock = threading.Lock()

    def learn(slot):
        for turn in range(1500):
            number = turn * (slot + 1) % 8
            learner.compute([number], slot=slot, workspace=slot)
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
    learner = model.learner(rule, slots=2, workspaces=2)
    learner.let_updates_overlap()
    assert learner.table.overlapping
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
        ({"rule": "stepwise", "alpha": 0.5}, "alpha must be above 0.5 and at most 1, not 0.5"),
        ({"rule": "stepwise", "alpha": 1.01}, "alpha must be above 0.5"),
        ({"rule": "stepwise", "alpha": np.nan}, "alpha must be above 0.5"),
        ({"smoothing": -0.1}, "smoothing must be at least 0, not -0.1"),
        ({"smoothing": np.nan}, "smoothing must be at least 0"),
        ({"smoothing": np.inf}, "smoothing must be at least 0"),
        ({"rule": "incremental", "slots": 2, "replicas": 2}, "IncrementalEM cannot average"),
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
    learner = make().learner("stepwise", alpha=0.75, smoothing=0.5)
    assert (learner.rule.alpha, learner.rule.smoothing) == (0.75, 0.5)
    assert learner.model.smoothing == 0.5


@each_model
def test_what_could_not_be_computed_is_not_applied(make, probe):
    """After an error, the slot holds nothing."""
    model = make(17)
    learner = model.learner("stepwise", smoothing=0.0, slots=2)
    probe.spoil(learner)
    with pytest.raises(FloatingPointError, match="not finite: take a larger smoothing"):
        learner.compute(everything(model), slot=1)
    before = learner.theta.tobytes()
    learner.update(1)
    assert learner.theta.tobytes() == before
    assert learner.updates == 0
