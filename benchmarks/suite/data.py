"""Corpora of realistic shape from fixed seeds: Zipf features, sentence lengths as in news text."""

import numpy as np

FEATURES_PER_TOKEN = 28
LABELS = 9


def labelled_features(sentences=2000, features=145_000, seed=0):
    """Return arrays for a CRF: offsets, labels, feature_offsets, features.

    Parameters
    ----------
    sentences, features, seed : int
    """
    random = np.random.default_rng(seed)
    lengths = np.clip(random.gamma(2.0, 7.25, sentences).astype(np.int64) + 1, 1, 120)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    tokens = offsets[-1]
    rank = random.zipf(1.2, tokens * FEATURES_PER_TOKEN) % features
    return (
        offsets,
        random.choice(LABELS, tokens, p=[0.84] + [0.02] * (LABELS - 1)).astype(np.int32),
        np.arange(tokens + 1, dtype=np.int64) * FEATURES_PER_TOKEN,
        rank.astype(np.int32),
    )
