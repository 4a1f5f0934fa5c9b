"""Arrays that contradict each other, or the model, are refused one by one."""

import numpy as np
import pytest

from staleness.kernels.core.validation import (
    MOST_LABELS,
    check_labelled_features,
    check_pairs,
    check_sentences,
)

GOOD = {
    "offsets": np.array([0, 2, 2, 3], dtype=np.int64),
    "labels": np.array([0, 3, 1], dtype=np.int32),
    "feature_offsets": np.array([0, 2, 2, 4], dtype=np.int64),
    "features": np.array([0, 4, 4, 2], dtype=np.int32),
    "label_count": 4,
    "feature_count": 5,
}
NONE = np.zeros(0, dtype=np.int32)

WRONG = {
    "no label": ({"label_count": 0}, "0 labels: the CRF takes 1 to 1024"),
    "too many labels": ({"label_count": MOST_LABELS + 1}, "1025 labels: the CRF takes 1 to 1024"),
    "no feature": ({"feature_count": 0}, "0 features: the CRF takes 1 to"),
    "too many features": ({"feature_count": 2**31}, "2147483648 features: the CRF takes 1 to"),
    "no offsets": ({"offsets": np.zeros(0, dtype=np.int64)}, "offsets must run from 0 to 3"),
    "offsets from 1": ({"offsets": np.array([1, 2, 3])}, "offsets must run from 0 to 3"),
    "offsets too short": ({"offsets": np.array([0, 2])}, "offsets must run from 0 to 3"),
    "offsets too long": ({"offsets": np.array([0, 4])}, "offsets must run from 0 to 3"),
    "offsets that fall": ({"offsets": np.array([0, 2, 1, 3])}, "offsets must not decrease"),
    "offsets beyond": ({"offsets": np.array([0, 9, 3])}, "offsets must not decrease"),
    "feature offsets from 1": (
        {"feature_offsets": np.array([1, 2, 2, 4])},
        "feature_offsets must run from 0 to 4",
    ),
    "feature offsets too short": (
        {"feature_offsets": np.array([0, 2, 2, 3])},
        "feature_offsets must run from 0 to 4",
    ),
    "feature offsets that fall": (
        {"feature_offsets": np.array([0, 3, 2, 4])},
        "feature_offsets must not decrease",
    ),
    "feature offsets of too few tokens": (
        {"feature_offsets": np.array([0, 2, 4])},
        r"feature_offsets must have 4 entries: tokens \+ 1",
    ),
    "negative label": ({"labels": np.array([0, -1, 1])}, "labels must lie in 0 to 3"),
    "label too great": ({"labels": np.array([0, 4, 1])}, "labels must lie in 0 to 3"),
    "negative feature": ({"features": np.array([0, -1, 4, 2])}, "features must lie in 0 to 4"),
    "feature too great": ({"features": np.array([0, 5, 4, 2])}, "features must lie in 0 to 4"),
}


def check(**changes):
    arguments = GOOD | changes
    sizes = {name: arguments.pop(name) for name in ("label_count", "feature_count")}
    check_labelled_features(*arguments.values(), **sizes)


def test_good_arrays_pass():
    check()
    check(label_count=MOST_LABELS, feature_count=2**31 - 1)
    check(features=NONE, feature_offsets=np.zeros(4, dtype=np.int64))
    check(
        offsets=np.zeros(1, dtype=np.int64),
        labels=NONE,
        feature_offsets=np.zeros(1, dtype=np.int64),
        features=NONE,
    )


@pytest.mark.parametrize(("changes", "message"), WRONG.values(), ids=WRONG)
def test_wrong_arrays_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check(**changes)


# ---- sentences ----------------------------------------------------------------------------------

SENTENCES = {
    "offsets": np.array([0, 2, 2, 3], dtype=np.int64),
    "tokens": np.array([0, 3, 1], dtype=np.int32),
    "words": 4,
}

WRONG_SENTENCES = {
    "no word": ({"words": 0}, r"0 words: there must be 1 to 2\^31 - 1"),
    "too many words": ({"words": 2**31}, "2147483648 words: there must be 1 to"),
    "no offsets": ({"offsets": np.zeros(0, dtype=np.int64)}, "offsets must run from 0 to 3"),
    "offsets from 1": ({"offsets": np.array([1, 2, 3])}, "offsets must run from 0 to 3"),
    "offsets too short": ({"offsets": np.array([0, 2])}, "offsets must run from 0 to 3"),
    "offsets that fall": ({"offsets": np.array([0, 2, 1, 3])}, "offsets must not decrease"),
    "negative token": ({"tokens": np.array([0, -1, 1])}, "tokens must lie in 0 to 3"),
    "token too great": ({"tokens": np.array([0, 4, 1])}, "tokens must lie in 0 to 3"),
}


def test_good_sentences_pass():
    check_sentences(**SENTENCES)
    check_sentences(**SENTENCES | {"words": 2**31 - 1})
    check_sentences(np.zeros(1, dtype=np.int64), NONE, 1)


@pytest.mark.parametrize(("changes", "message"), WRONG_SENTENCES.values(), ids=WRONG_SENTENCES)
def test_wrong_sentences_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check_sentences(**SENTENCES | changes)


# ---- sentence pairs -----------------------------------------------------------------------------

PAIRS = {
    "source_offsets": np.array([0, 2, 3], dtype=np.int64),
    "source": np.array([0, 3, 1], dtype=np.int32),
    "target_offsets": np.array([0, 0, 2], dtype=np.int64),
    "target": np.array([4, 2], dtype=np.int32),
    "source_words": 4,
    "target_words": 5,
}

WRONG_PAIRS = {
    "no source word": ({"source_words": 0}, r"0 source_words: there must be 1 to 2\^31 - 2"),
    "too many words": ({"target_words": 2**31 - 1}, "2147483647 target_words: there must be"),
    "source offsets": ({"source_offsets": np.array([0, 2, 4])}, "source_offsets must run from 0"),
    "target offsets": ({"target_offsets": np.array([0, 3, 2])}, "target_offsets must not decrease"),
    "another number of pairs": (
        {"target_offsets": np.array([0, 2])},
        "source_offsets and target_offsets must have as many entries",
    ),
    "source too great": ({"source": np.array([0, 4, 1])}, "source must lie in 0 to 3"),
    "target too great": ({"target": np.array([5, 2])}, "target must lie in 0 to 4"),
    "negative target": ({"target": np.array([0, -1])}, "target must lie in 0 to 4"),
}


def check_those_pairs(**changes):
    arguments = PAIRS | changes
    sizes = {name: arguments.pop(name) for name in ("source_words", "target_words")}
    check_pairs(*arguments.values(), **sizes)


def test_good_pairs_pass():
    check_those_pairs()
    check_those_pairs(source_words=2**31 - 2, target_words=2**31 - 2)
    nothing = np.zeros(1, dtype=np.int64)
    check_those_pairs(source_offsets=nothing, source=NONE, target_offsets=nothing, target=NONE)


@pytest.mark.parametrize(("changes", "message"), WRONG_PAIRS.values(), ids=WRONG_PAIRS)
def test_wrong_pairs_are_refused(changes, message):
    with pytest.raises(ValueError, match=f"^{message}"):
        check_those_pairs(**changes)
