"""The synthetic sentence pairs: its links are the true ones, its parameters can be recovered."""

import numpy as np
import pytest

from staleness.algorithms.arrays import load
from staleness.workflow.corpora.encode import ensure

PAIRS = 3000


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("alignment") / "e"
    ensure("synthetic-alignment", folder=folder, options={"examples": PAIRS})
    return load(folder)


@pytest.fixture(scope="module")
def links(corpus):
    """Return the pair of each link, and its positions."""
    pair = np.repeat(np.arange(PAIRS), np.diff(corpus["train.link_offsets"]))
    return pair, *np.asarray(corpus["train.links"]).T


@pytest.mark.parametrize("side", ["source", "target"])
def test_words(corpus, side):
    words, offsets = corpus[f"train.{side}"], corpus[f"train.{side}_offsets"]
    lengths = np.diff(offsets)
    assert (len(lengths), offsets[0], offsets[-1]) == (PAIRS, 0, len(words))
    assert 1 <= lengths.min() < lengths.max() <= 40
    counts = np.bincount(words)
    assert len(counts) == corpus.about[f"{side}_words"]
    assert (np.diff(counts) <= 0).all()
    assert corpus.about["counts"]["train"][f"{side}_tokens"] == len(words)
    assert (words.dtype, offsets.dtype) == (np.int32, np.int64)


def test_links_are_sorted_and_inside(corpus, links):
    pair, source, target = links
    key = (pair * 100 + source) * 100 + target
    assert (np.diff(key) > 0).all()
    assert (source < np.diff(corpus["train.source_offsets"])[pair]).all()
    assert (target < np.diff(corpus["train.target_offsets"])[pair]).all()
    assert len(np.unique(pair * 100 + target)) == len(pair)
    assert corpus["train.links"].dtype == np.int32
    assert corpus["train.links_sure"].tolist() == [1] * len(pair)
    assert corpus.about["linked_pairs"] == len(np.unique(pair))
    assert corpus.about["counts"]["train"]["links"] == len(pair)


def test_links_lead_to_translations(corpus, links):
    pair, source, target = links
    given = corpus["train.source"][corpus["train.source_offsets"][pair] + source]
    made = corpus["train.target"][corpus["train.target_offsets"][pair] + target]
    translations, probabilities = corpus["true.translations"], corpus["true.probabilities"]
    which = translations[given] == made[:, None]
    assert (which.sum(axis=1) == 1).all()
    for word in range(20):
        counts = which[given == word].sum(axis=0)
        mean = counts.sum() * probabilities[word]
        assert (np.abs(counts - mean) <= 5 * np.sqrt(mean) + 1).all()
    assert probabilities.sum(axis=1) == pytest.approx(1)
    assert set(np.unique(translations)) - {-1} <= set(range(corpus.about["target_words"]))


def test_of_the_fewest_words_a_word_still_becomes_different_ones(tmp_path):
    options = {"examples": PAIRS, "words": 100}
    ensure("synthetic-alignment", folder=tmp_path / "e", options=options)
    corpus = load(tmp_path / "e")
    assert corpus.about["source_words"] == corpus.about["target_words"] == 100
    translations = np.sort(corpus["true.translations"], axis=1)
    assert translations.min() == 0
    assert (np.diff(translations, axis=1) > 0).all()


def test_every_source_word_and_null_are_as_likely(corpus, links):
    pair, source, target = links
    lengths = np.diff(corpus["train.source_offsets"])
    target_lengths = np.diff(corpus["train.target_offsets"])
    nulls = target_lengths - np.bincount(pair, minlength=PAIRS)
    expected = target_lengths / (lengths + 1)
    assert nulls.sum() == pytest.approx(expected.sum(), rel=0.1)
    assert source.mean() == pytest.approx(((lengths[pair] - 1) / 2).mean(), rel=0.03)
    # What no link leads to comes from the null word.
    linked = np.zeros(len(corpus["train.target"]), dtype=bool)
    linked[corpus["train.target_offsets"][pair] + target] = True
    assert (corpus["true.null"][corpus["train.target"][~linked]] > 0).all()
