"""Symmetrisation against the published procedure, and AER against its definition."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.metrics.gold.alignment import METHODS, alignment_error, symmetrise

NEIGHBOURS = ((-1, 0), (0, -1), (1, 0), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1))


def grow_diag_final(forward, backward):
    """Return the links (source, target) as Koehn et al. (2005), section 3, describe it.

    Over a whole matrix, target by target, every link looked at again and again; points here are
    (target, source), as there (English, foreign).
    """
    from_forward = {(i, j) for i, j in enumerate(forward) if j >= 0}
    from_backward = {(i, j) for j, i in enumerate(backward) if i >= 0}
    union, found = from_forward | from_backward, from_forward & from_backward

    def is_new(i, j):
        return all(other[0] != i for other in found) or all(other[1] != j for other in found)

    before = None
    while before != len(found):
        before = len(found)
        for i in range(len(forward)):
            for j in range(len(backward)):
                if (i, j) in found:
                    for down, right in NEIGHBOURS:
                        other = i + down, j + right
                        if other in union and is_new(*other):
                            found.add(other)
    for direction in (from_forward, from_backward):
        for point in sorted(direction):
            if is_new(*point):
                found.add(point)
    return sorted((j, i) for i, j in found)


def by_definition(forward, backward, method):
    from_forward = {(j, i) for i, j in enumerate(forward) if j >= 0}
    from_backward = {(j, i) for j, i in enumerate(backward) if i >= 0}
    if method == "grow-diag-final":
        return grow_diag_final(forward, backward)
    return sorted(
        {
            "forward": from_forward,
            "backward": from_backward,
            "intersection": from_forward & from_backward,
            "union": from_forward | from_backward,
        }[method]
    )


@st.composite
def pair_of_sides(draw, most=7):
    """Draw the two directions of a pair; sides without words are among them."""
    sources, targets = draw(st.integers(0, most)), draw(st.integers(0, most))
    forward = draw(st.lists(st.integers(-1, sources - 1), min_size=targets, max_size=targets))
    backward = draw(st.lists(st.integers(-1, targets - 1), min_size=sources, max_size=sources))
    # Independent directions seldom agree: here some links of one are made those of the other.
    for i in draw(st.sets(st.integers(0, most - 1))):
        if i < targets and forward[i] >= 0:
            backward[forward[i]] = i
    return forward, backward


corpora = st.lists(pair_of_sides(), max_size=5)


def offsets(sides):
    return np.concatenate([[0], np.cumsum([len(side) for side in sides], dtype=np.int64)])


def flat(sides):
    return np.array([position for side in sides for position in side], dtype=np.int32)


def symmetrised(pairs, method):
    """Return the links of each pair, a list of lists of (source, target)."""
    forward, backward = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    link_offsets, links = symmetrise(
        flat(forward), flat(backward), offsets(backward), offsets(forward), method
    )
    assert link_offsets.dtype == np.int64
    assert links.dtype == np.int32
    assert link_offsets[0] == 0
    assert link_offsets[-1] == len(links)
    return [
        [tuple(link) for link in links[first:last].tolist()]
        for first, last in pairwise(link_offsets)
    ]


@pytest.mark.parametrize("method", METHODS)
@settings(max_examples=300, deadline=None)
@given(pairs=corpora)
def test_every_method_is_that_of_its_definition(method, pairs):
    expected = [by_definition(*pair, method) for pair in pairs]
    assert symmetrised(pairs, method) == expected


@settings(deadline=None)
@given(corpora)
def test_intersection_within_grow_diag_final_within_union(pairs):
    chain = [symmetrised(pairs, m) for m in ("intersection", "grow-diag-final", "union")]
    for inner, outer in pairwise(chain):
        assert all(set(a) <= set(b) for a, b in zip(inner, outer, strict=True))


@settings(deadline=None)
@given(corpora)
def test_grow_diag_final_covers_every_word_that_the_union_covers(pairs):
    chain = [symmetrised(pairs, m) for m in ("grow-diag-final", "union")]
    for grown, union in zip(*chain, strict=True):
        for side in (0, 1):
            assert {link[side] for link in grown} == {link[side] for link in union}


def test_longer_pairs_of_words_that_mostly_agree():
    """Links near a diagonal, where growing takes many steps."""
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(150):
        sources, targets = rng.integers(1, 30, size=2)
        slope = sources / targets
        forward = np.clip(np.arange(targets) * slope + rng.normal(0, 1.5, targets), -1, sources - 1)
        backward = np.clip(
            np.arange(sources) / slope + rng.normal(0, 1.5, sources), -1, targets - 1
        )
        pairs.append((forward.astype(int).tolist(), backward.astype(int).tolist()))
    found = symmetrised(pairs, "grow-diag-final")
    assert found == [grow_diag_final(*pair) for pair in pairs]
    assert found != symmetrised(pairs, "intersection")
    assert found != symmetrised(pairs, "union")


def test_growing_goes_target_by_target():
    """(1, 2), of the last target, adds (0, 1); source by source, (1, 0) would first add (0, 0)."""
    found = symmetrised([([0, 2, 1], [1, 0, 1])], "grow-diag-final")
    assert found == [[(0, 1), (1, 0), (1, 2), (2, 1)]]


def test_forward_is_first_in_the_end():
    """Both directions have a link for two words nobody has; the second then covers none."""
    forward, backward = [2, -1, -1], [-1, -1, 2]
    # (2, 0) of forward and (2, 2) of backward share source word 2: both cover something new.
    assert symmetrised([(forward, backward)], "grow-diag-final") == [[(2, 0), (2, 2)]]
    forward, backward = [3, -1, -1, 1], [2, -1, 0, 2]
    # (3, 0) and (1, 3) of forward, then (0, 2) and (2, 0): each still has an uncovered word, while
    # (3, 2) has none left.
    expected = [[(0, 2), (1, 3), (2, 0), (3, 0)]]
    assert symmetrised([(forward, backward)], "grow-diag-final") == expected


def test_unknown_method_names_the_known():
    with pytest.raises(StalenessError, match=r"unknown symmetrisation 'no'.*grow-diag-final"):
        symmetrised([], "no")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"forward": np.array([0, 2], np.int32)}, "pair 1 is aligned"),
        ({"backward": np.array([0, -2], np.int32)}, "pair 1 is aligned"),
        ({"source_offsets": np.array([0, 2])}, "as many pairs"),
        ({"target_offsets": np.array([0, 1, 1])}, "target_offsets must run from 0 to 2"),
        ({"source_offsets": np.array([0, 3, 2])}, "source_offsets must not decrease"),
    ],
)
def test_arrays_that_contradict_each_other_are_refused(change, message):
    good = {
        "forward": np.array([0, 0], np.int32),
        "backward": np.array([0, 0], np.int32),
        "source_offsets": np.array([0, 1, 2]),
        "target_offsets": np.array([0, 1, 2]),
    }
    symmetrise(**good, method="union")
    with pytest.raises(ValueError, match=message):
        symmetrise(**{**good, **change}, method="union")


links = st.sets(st.tuples(st.integers(0, 3), st.integers(0, 3)))
judged = st.lists(
    st.tuples(links, st.dictionaries(st.tuples(*[st.integers(0, 3)] * 2), st.booleans()))
)


def arrays(sets):
    """Return offsets and links of a set of links a pair."""
    rows = [link for one in sets for link in sorted(one)]
    return offsets(sets), np.array(rows, dtype=np.int32).reshape(-1, 2)


def error_of(corpus):
    gold_offsets, gold_links = arrays([gold for _, gold in corpus])
    sure = [gold[link] for _, gold in corpus for link in sorted(gold)]
    return alignment_error(
        *arrays([found for found, _ in corpus]), gold_offsets, gold_links, np.array(sure, np.uint8)
    )


@settings(max_examples=300, deadline=None)
@given(judged)
def test_error_is_that_of_the_definition(corpus):
    a, s, p = set(), set(), set()
    for number, (found, gold) in enumerate(corpus):
        if gold:
            a |= {(number, link) for link in found}
            p |= {(number, link) for link in gold}
            s |= {(number, link) for link in gold if gold[link]}
    precision = len(a & p) / len(a) if a else 0
    recall = len(a & s) / len(s) if s else 0
    aer = 1 - (len(a & s) + len(a & p)) / (len(a) + len(s)) if a or s else 1
    assert error_of(corpus) == pytest.approx((precision, recall, aer), rel=1e-12, abs=1e-15)


@settings(deadline=None)
@given(judged)
def test_all_sure_links_and_some_possible_ones_are_no_error(corpus):
    perfect = [({link for link in gold if gold[link] or link[0] % 2}, gold) for _, gold in corpus]
    if any(found for found, _ in perfect):
        precision, _, aer = error_of(perfect)
        assert precision == 1
        assert aer == 0


def test_error_by_hand():
    """Three found, two of them possible, one of these sure; two are sure."""
    gold = {(0, 0): True, (1, 1): False, (2, 2): True}
    found = {(0, 0), (1, 1), (1, 2)}
    assert error_of([(found, gold)]) == pytest.approx((2 / 3, 1 / 2, 1 - 3 / 5), rel=1e-12)
    # Pairs without gold links do not count.
    assert error_of([(found, {}), (found, gold)]) == error_of([(found, gold)])
    assert error_of([(found, {})]) == (0, 0, 1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"gold_offsets": np.array([0, 1, 1])}, "as many pairs"),
        ({"gold_sure": np.array([1, 0], np.uint8)}, "sure or possible"),
        ({"link_offsets": np.array([0, 2])}, "link_offsets must run from 0 to 1"),
        ({"gold_links": np.array([[0, 0, 1]], np.int32)}, "two positions"),
    ],
)
def test_gold_links_that_do_not_fit_are_refused(change, message):
    good = {
        "link_offsets": np.array([0, 1]),
        "links": np.array([[0, 0]], np.int32),
        "gold_offsets": np.array([0, 1]),
        "gold_links": np.array([[0, 0]], np.int32),
        "gold_sure": np.array([1], np.uint8),
    }
    assert alignment_error(**good) == (1, 1, 0)
    with pytest.raises(ValueError, match=message):
        alignment_error(**{**good, **change})
