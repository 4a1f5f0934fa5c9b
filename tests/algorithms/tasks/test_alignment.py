"""Word alignment: both directions, symmetrised, judged; what its runs show."""

from dataclasses import replace

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.metrics.gold.alignment import alignment_error, symmetrise
from staleness.algorithms.run import run
from staleness.algorithms.tasks.alignment import SYMMETRISATION, Alignment
from staleness.kernels.core.learner import Learner

from ..synthetic import WORDS, finish, make_clock


def result_of(corpus, **changes):
    """Return what a run leaves, one that is short unless changed."""
    settings = {"schedule": "single", "epochs": 8, "evaluations": 1} | changes
    configuration = Configuration(
        task="alignment",
        clock="wall",
        oversubscribe=True,
        **settings,
    )
    return run(configuration, corpus)


@pytest.fixture(scope="module")
def corpus(corpora):
    return corpora["alignment"]


def of(corpus, *names):
    return [corpus[f"train.{name}"] for name in names]


def learner_of(corpus, update, seed=0):
    training = Alignment().training(corpus, seed)
    return UPDATES[update]().learner(training, slots=1, workspaces=1)


def test_learns_both_directions(corpus):
    training = Alignment().training(corpus, seed=3)
    learner = UPDATES["em"](smoothing=0.5).learner(training, slots=3, workspaces=2)
    sizes = np.diff(corpus["train.source_offsets"]), np.diff(corpus["train.target_offsets"])
    cells = (sizes[0] + 1) * sizes[1], (sizes[1] + 1) * sizes[0]
    for model in (learner.model.first, learner.model.second):
        assert (model.source_words, model.target_words) == (WORDS, WORDS)
        assert model.smoothing == 0.5
    assert (learner.slots, learner.workspaces) == (3, 2)
    assert learner.work.tolist() == (cells[0] + cells[1]).tolist()
    apart = training.model()
    for model, work in zip((apart.first, apart.second), cells, strict=True):
        assert Learner(model, UPDATES["em"]().rule()).work.tolist() == work.tolist()


def test_nothing_is_random(corpus):
    """The seed only orders the examples, and so the sums of float32."""
    begun = [learner_of(corpus, "em", seed).theta for seed in (0, 1)]
    assert begun[0].tobytes() == begun[1].tobytes()
    thetas = [
        result_of(corpus, update="em", schedule="single-batch", seed=seed).theta for seed in (0, 1)
    ]
    np.testing.assert_allclose(thetas[0], thetas[1], rtol=1e-4, atol=1e-7)


@pytest.mark.parametrize(
    ("update", "values", "message"),
    [
        ("stepwise-em", {"alpha": 1.5}, "alpha must be above 0.5 and at most 1, not 1.5"),
        ("incremental-em", {"smoothing": -1.0}, "smoothing must be at least 0"),
        ("em", {"smoothing": float("inf")}, "smoothing must be at least 0"),
    ],
    ids=str,
)
def test_rules_out_of_range(corpus, update, values, message):
    training = Alignment().training(corpus, 0)
    with pytest.raises(StalenessError, match=f"^update '{update}': {message}"):
        UPDATES[update].configure(values).learner(training, slots=1, workspaces=1)


def test_metrics_are_those_of_the_best_alignments(corpus):
    learner = learner_of(corpus, "stepwise-em")
    for number in range(12):
        learner.compute([number])
        learner.update()
    found = Alignment().evaluate(learner, corpus)
    assert list(found) == list(Alignment.metrics)
    forward, log_likelihood = learner.model.first.evaluate()
    backward, _ = learner.model.second.evaluate()
    assert found["log_likelihood"] == log_likelihood
    gold = of(corpus, "link_offsets", "links", "links_sure")
    offsets = of(corpus, "source_offsets", "target_offsets")
    for name, method in (
        ("aer", SYMMETRISATION),
        ("aer_forward", "forward"),
        ("aer_backward", "backward"),
    ):
        precision, recall, error = alignment_error(
            *symmetrise(forward, backward, *offsets, method), *gold
        )
        assert found[name] == error
        if name == "aer":
            assert (found["precision"], found["recall"]) == (precision, recall)
    assert len({found[name] for name in ("aer", "aer_forward", "aer_backward")}) > 1


def test_without_gold_links_only_the_likelihood(corpus):
    links = ("train.link_offsets", "train.links", "train.links_sure")
    arrays = {name: corpus[name] for name in corpus.arrays if name not in links}
    bare = replace(corpus, arrays=arrays, about=corpus.about | {"linked_pairs": 0})
    curve = result_of(bare).curve
    assert {"log_likelihood"} == set(curve) & set(Alignment.metrics)
    assert curve["log_likelihood"].tolist() == result_of(corpus).curve["log_likelihood"].tolist()


@pytest.mark.parametrize(
    ("update", "schedule"),
    [("em", "single-batch"), ("stepwise-em", "single"), ("incremental-em", "single")],
)
def test_learns_to_align(corpus, update, schedule):
    """Every word has one translation, but sentences are long for so few words, and noisy."""
    curve = result_of(corpus, update=update, schedule=schedule).curve
    assert curve["log_likelihood"][-1] > curve["log_likelihood"][0]
    for name in ("aer", "aer_forward", "aer_backward"):
        assert curve[name][-1] < 0.5
    assert curve["aer"][-1] < curve["aer"][0] <= 1.0


@pytest.mark.parametrize("schedule", ["single-batch", "parallel-batch"])
def test_batch_em_never_lowers_the_likelihood(corpus, schedule):
    processors = 3 if schedule == "parallel-batch" else 1
    result = result_of(corpus, update="em", schedule=schedule, processors=processors, epochs=30)
    summary = result.summary()
    iterations = summary["log_likelihood_by_iteration"]
    assert len(iterations) == 31
    assert (np.diff(iterations) >= -1e-6 * abs(iterations[0])).all()
    assert iterations[-1] == summary["metrics"]["log_likelihood"]


def test_processors_of_a_batch_change_no_bit(corpus):
    thetas = {
        result_of(
            corpus, update="em", schedule="parallel-batch", processors=processors
        ).theta.tobytes()
        for processors in (1, 2, 5)
    }
    assert len(thetas) == 1


@pytest.mark.parametrize("schedule", ["synchronous", "asynchronous"])
def test_no_update_is_lost_on_real_threads(corpus, schedule):
    """A word's translations are divided by a total of their own: what is lost would show.

    In incremental EM, whose counts are all of the corpus from the beginning.
    """
    learner = UPDATES["incremental-em"]().learner(
        Alignment().training(corpus, 0), slots=2, workspaces=2
    )
    order = np.tile(np.arange(len(learner.work), dtype=np.int32), 50)
    clock = make_clock("wall", learner, SCHEDULES[schedule]().program, 2, 1, order)
    finish(clock)
    assert (learner.updates, learner.examples) == (len(order), len(order))
    for model in (learner.model.first, learner.model.second):
        sums = np.bincount(model.parameter_words[:, 1], model.theta)
        np.testing.assert_allclose(sums, 1.0, rtol=1e-4)
