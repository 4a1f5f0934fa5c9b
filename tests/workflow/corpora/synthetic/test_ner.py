"""The synthetic labelled corpus: its parameters can be recovered from it."""

import numpy as np
import pytest

from staleness.algorithms.arrays import load
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.synthetic.ner import LABELS


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ner") / "e"
    ensure("synthetic-ner", folder=folder, options={"examples": 1500})
    return folder


@pytest.fixture(scope="module")
def corpus(folder):
    return load(folder)


@pytest.mark.parametrize(("split", "count"), [("train", 1500), ("dev", 375)])
def test_arrays(corpus, split, count):
    offsets, labels = corpus[f"{split}.offsets"], corpus[f"{split}.labels"]
    feature_offsets, features = corpus[f"{split}.feature_offsets"], corpus[f"{split}.features"]
    assert (len(offsets), offsets[0], offsets[-1]) == (count + 1, 0, len(labels))
    assert len(feature_offsets) == len(labels) + 1
    assert (feature_offsets[0], feature_offsets[-1]) == (0, len(features))
    assert np.diff(offsets).min() >= 1
    assert 0 <= features.min() <= features.max() < corpus.about["features"]
    assert corpus.about["counts"][split] == {
        "sentences": count,
        "tokens": len(labels),
        "features": len(features),
    }
    # In development, those that training does not have are left out.
    per_token = np.diff(feature_offsets)
    assert set(per_token) == {25} if split == "train" else per_token.max() == 25 > per_token.mean()


def test_rows_by_falling_frequency(corpus, folder):
    counts = np.bincount(corpus["train.features"])
    assert len(counts) == corpus.about["features"]
    assert (np.diff(counts) <= 0).all()
    names = (folder / "features.txt").read_text().split("\n")[:-1]
    assert len(set(names)) == len(names) == len(counts)
    assert names[0] == "bias"


def test_labels_are_in_bio(corpus):
    labels = np.array(LABELS)[corpus["train.labels"]]
    begins = set(corpus["train.offsets"].tolist())
    for index in np.flatnonzero([label.startswith("I-") for label in labels]):
        assert index not in begins
        assert labels[index - 1] in {f"B-{labels[index][2:]}", labels[index]}
    assert corpus.about["labels"] == list(LABELS)


def test_what_the_labels_say_is_what_the_model_says(corpus, folder):
    labels = np.asarray(corpus["train.labels"])
    inside = np.ones(len(labels), dtype=bool)
    inside[corpus["train.offsets"][:-1]] = False
    transitions = np.zeros((9, 9))
    np.add.at(transitions, (labels[:-1][inside[1:]], labels[1:][inside[1:]]), 1)
    expected = transitions.sum(axis=1, keepdims=True) * corpus["true.transitions"]
    assert (np.abs(transitions - expected) <= 5 * np.sqrt(expected) + 1).all()

    names = (folder / "features.txt").read_text().split("\n")[:-1]
    features = np.asarray(corpus["train.features"]).reshape(len(labels), 25)
    for template in (0, 12):
        rows = [row for row, name in enumerate(names) if name.startswith(f"t{template}=")]
        assert np.isin(features[:, 1 + template], rows).all()
        for label in (0, 1, 5):
            drawn = np.bincount(features[labels == label, 1 + template], minlength=len(names))[rows]
            expected = drawn.sum() * corpus["true.emissions"][rows, label]
            assert (np.abs(drawn - expected) <= 5 * np.sqrt(expected) + 1).all()


def test_the_model_knows_the_labels(corpus, folder):
    """Naive Bayes with the true parameters finds most of the words of entities."""
    labels = np.asarray(corpus["train.labels"])
    features = np.asarray(corpus["train.features"]).reshape(len(labels), 25)
    scores = np.log(corpus["true.emissions"])[features].sum(axis=1)
    found = (scores + np.log(np.bincount(labels) / len(labels))).argmax(axis=1)
    assert (found == labels)[labels > 0].mean() > 0.7
