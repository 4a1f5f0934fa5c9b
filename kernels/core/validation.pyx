"""Checks of what a kernel is given, before it runs without any."""

import numpy as np


def check_labelled_features(
    offsets, labels, feature_offsets, features, *, label_count, feature_count
):
    """Raise unless the arrays describe sentences of tokens with labels and features.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
    labels : ndarray of int32 [tokens]
    feature_offsets : ndarray of int64 [tokens + 1]
    features : ndarray of int32 [...]
    label_count, feature_count : int

    Raises
    ------
    ValueError
        If they do not, with the array and what it should be.
    """
    if not 0 < label_count <= MOST_LABELS:
        raise ValueError(f"{label_count} labels: the CRF takes 1 to {MOST_LABELS}")
    if not 0 < feature_count < 2**31:
        raise ValueError(f"{feature_count} features: the CRF takes 1 to 2^31 - 1")
    check_offsets("offsets", offsets, len(labels))
    check_offsets("feature_offsets", feature_offsets, len(features))
    if len(feature_offsets) != len(labels) + 1:
        raise ValueError(f"feature_offsets must have {len(labels) + 1} entries: tokens + 1")
    _check_range("labels", labels, label_count)
    _check_range("features", features, feature_count)


def check_alpha(alpha):
    """Raise ValueError unless stepwise EM's exponent is above 0.5 and at most 1."""
    if not 0.5 < alpha <= 1:
        raise ValueError(f"alpha must be above 0.5 and at most 1, not {alpha}")


def check_smoothing(smoothing):
    """Raise ValueError unless what is added to counts is at least 0 and finite."""
    if not 0 <= smoothing < float("inf"):
        raise ValueError(f"smoothing must be at least 0, not {smoothing}")


def check_sentences(offsets, tokens, words):
    """Raise unless the arrays describe sentences of words.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
    tokens : ndarray of int32 [tokens]
    words : int

    Raises
    ------
    ValueError
        If they do not, with the array and what it should be.
    """
    if not 0 < words < 2**31:
        raise ValueError(f"{words} words: there must be 1 to 2^31 - 1")
    check_offsets("offsets", offsets, len(tokens))
    _check_range("tokens", tokens, words)


def check_pairs(source_offsets, source, target_offsets, target, *, source_words, target_words):
    """Raise unless the arrays describe sentence pairs.

    Parameters
    ----------
    source_offsets, target_offsets : ndarray of int64 [pairs + 1]
    source, target : ndarray of int32 [tokens]
    source_words, target_words : int

    Raises
    ------
    ValueError
        If they do not, with the array and what it should be.
    """
    sides = {
        "source": (source_offsets, source, source_words),
        "target": (target_offsets, target, target_words),
    }
    for side, (offsets, tokens, words) in sides.items():
        if not 0 < words < 2**31 - 1:
            raise ValueError(f"{words} {side}_words: there must be 1 to 2^31 - 2")
        check_offsets(f"{side}_offsets", offsets, len(tokens))
        _check_range(side, tokens, words)
    if len(source_offsets) != len(target_offsets):
        raise ValueError("source_offsets and target_offsets must have as many entries")


def check_numbers(things, numbers, count):
    """Raise an IndexError unless all numbers in an array are those of one of `count` things."""
    if not _lie_in(numbers, count):
        raise IndexError(f"{things} are numbered 0 to {count - 1}")


def check_offsets(name, values, last):
    """Raise a ValueError unless offsets run from 0 to `last` and never fall."""
    if len(values) == 0 or values[0] != 0 or values[len(values) - 1] != last:
        raise ValueError(f"{name} must run from 0 to {last}")
    if (np.diff(values) < 0).any():
        raise ValueError(f"{name} must not decrease")


def _check_range(name, values, count):
    if not _lie_in(values, count):
        raise ValueError(f"{name} must lie in 0 to {count - 1}")


def _lie_in(values, count):
    return len(values) == 0 or 0 <= values.min() <= values.max() < count
