"""The synthetic tagged corpus: its parameters can be recovered from it."""

import numpy as np
import pytest

from staleness.algorithms.arrays import load
from staleness.workflow.corpora.encode import ensure

STATES = 5


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagging") / "e"
    ensure("synthetic-tagging", folder=folder, options={"examples": 3000, "states": STATES})
    return load(folder)


def test_arrays(corpus):
    about, offsets = corpus.about, corpus["train.offsets"]
    words, tags = corpus["train.words"], corpus["train.tags"]
    assert about["tags"] == ["S00", "S01", "S02", "S03", "S04"]
    assert about["counts"]["train"] == {"sentences": 3000, "tokens": len(words)}
    assert offsets[0] == 0
    assert offsets[-1] == len(words) == len(tags)
    assert np.diff(offsets).min() >= 1
    assert np.diff(offsets).mean() == pytest.approx(20.25, abs=0.75)
    counts = np.bincount(words)
    assert len(counts) == about["words"]
    assert (np.diff(counts) <= 0).all()
    first_use = np.unique(words, return_index=True)[1]
    assert (np.diff(first_use)[np.diff(counts) == 0] > 0).all()
    types = [corpus[f"train.{name}"].dtype for name in ("offsets", "words", "tags")]
    assert types == [np.int64, np.int32, np.int32]


def assert_close(counts, probabilities):
    """Assert that no count is further from its mean than chance would have it."""
    totals = counts.sum(axis=1, keepdims=True)
    deviations = np.sqrt(totals * probabilities * (1 - probabilities))
    assert (np.abs(counts - totals * probabilities) <= 5 * deviations + 5).all()
    assert not counts[probabilities == 0].any()


def test_what_the_tags_say_is_what_the_model_says(corpus):
    words, tags = np.asarray(corpus["train.words"]), np.asarray(corpus["train.tags"])
    begins = corpus["train.offsets"][:-1]
    initial = np.bincount(tags[begins], minlength=STATES)
    assert_close(initial[None], corpus["true.initial"][None])

    inside = np.ones(len(tags), dtype=bool)
    inside[begins] = False
    pairs = tags[:-1][inside[1:]], tags[1:][inside[1:]]
    transitions = np.zeros((STATES, STATES))
    np.add.at(transitions, pairs, 1)
    assert_close(transitions, corpus["true.transitions"])

    emissions = np.zeros((STATES, corpus.about["words"]))
    np.add.at(emissions, (tags, words), 1)
    assert_close(emissions, corpus["true.emissions"])
    sums = corpus["true.emissions"].sum(axis=1)
    assert ((sums > 0.5) & (sums <= 1 + 1e-9)).all()


def test_words_are_zipfs(corpus):
    counts = np.bincount(corpus["train.words"])
    # A hundred times the rank, about a hundredth of the frequency.
    assert 30 < counts[10] / counts[1000] < 300
