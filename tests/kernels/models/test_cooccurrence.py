"""Which words co-occur: the numbering against a plain one of pairs in a set."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.models.cooccurrence import cooccurrences

from ..reference_em import offsets_of


def plainly(pairs):
    """Return the pairs of words in order, and for each cell the number of its pair."""
    words = {(e, f) for source, target in pairs for e in target for f in [0, *source]}
    words = sorted(words, key=lambda pair: (max(pair), pair[1] > pair[0], min(pair)))
    number = {pair: k for k, pair in enumerate(words)}
    cells = [number[e, f] for source, target in pairs for e in target for f in [0, *source]]
    return words, cells


def arrays(pairs):
    """Return sentence pairs, source words from 1, as arrays with words from 0."""
    sides = []
    for side, first in (0, 1), (1, 0):
        sentences = [pair[side] for pair in pairs]
        tokens = [word - first for sentence in sentences for word in sentence]
        sides += [offsets_of([len(s) for s in sentences]), np.array(tokens, dtype=np.int32)]
    return sides


def assert_numbered(pairs, source_words, target_words, spare=0):
    targets, sources, cells = cooccurrences(*arrays(pairs), source_words, target_words, spare)
    words, expected = plainly(pairs)
    assert {targets.dtype, sources.dtype, cells.dtype} == {np.dtype(np.int32)}
    assert cells.tolist() == [*expected, *[0] * spare]
    assert targets.tolist() == [e for e, _ in words]
    assert sources.tolist() == [f for _, f in words]


sentences = st.tuples(
    st.lists(st.integers(1, 9), max_size=6),
    st.lists(st.integers(0, 7), max_size=6),
)


@settings(deadline=None)
@given(st.lists(sentences, max_size=8), st.integers(0, 3))
def test_equals_plain_numbering(pairs, spare):
    assert_numbered(pairs, source_words=9, target_words=8, spare=spare)


def test_more_columns_than_room_was_made_for():
    """The columns grow with the words, also in the middle of them."""
    rng = np.random.default_rng(0)
    pairs = [
        (list(rng.integers(1, 3001, size=400)), list(rng.integers(0, 40, size=9)))
        for _ in range(12)
    ]
    assert_numbered(pairs, source_words=3000, target_words=40)


def test_words_that_nobody_uses():
    assert_numbered([([2], [3])], source_words=5, target_words=6)


def test_no_pairs():
    assert_numbered([], source_words=1, target_words=2, spare=4)
