"""Accuracies and V-measure of states, against their definitions."""

import math
from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn import metrics

from staleness.algorithms.metrics.gold.clustering import (
    contingency,
    entropy,
    many_to_one,
    one_to_one,
    v_measure,
)

MEASURES = (many_to_one, one_to_one, v_measure)
labels = st.integers(0, 4)
pairs = st.lists(st.tuples(labels, labels), min_size=1, max_size=40)


def split(pairs):
    states, tags = np.array(pairs, dtype=np.int32).reshape(-1, 2).T
    return states, tags


def measured(states, tags):
    table = contingency(np.array(states, dtype=np.int32), np.array(tags, dtype=np.int32))
    return [measure(table) for measure in MEASURES]


def by_definition(pairs):
    """Return V-measure as Rosenberg & Hirschberg (2007) write it, by conditional entropies."""
    joint = Counter(pairs)
    tokens = len(pairs)

    def entropy_of(of):
        counts = Counter(pair[of] for pair in pairs).values()
        return -math.fsum(n / tokens * math.log(n / tokens) for n in counts)

    def entropy_given(known):
        counts = Counter(pair[known] for pair in pairs)
        return -math.fsum(n / tokens * math.log(n / counts[p[known]]) for p, n in joint.items())

    state, tag = 0, 1
    homogeneity = 1 - entropy_given(state) / entropy_of(tag) if entropy_of(tag) else 1.0
    completeness = 1 - entropy_given(tag) / entropy_of(state) if entropy_of(state) else 1.0
    total = homogeneity + completeness
    return 2 * homogeneity * completeness / total if total > 1e-12 else 0.0


@settings(deadline=None)
@given(pairs)
def test_table_counts_every_token(pairs):
    table = contingency(*split(pairs))
    assert table.dtype == np.int64
    assert {
        (int(k), int(c)): int(table[k, c]) for k, c in zip(*table.nonzero(), strict=True)
    } == Counter(pairs)


@settings(deadline=None)
@given(pairs)
def test_many_to_one_is_the_best_of_all_mappings(pairs):
    correct = sum(
        max(Counter(tag for state, tag in pairs if state == k).values())
        for k in {state for state, _ in pairs}
    )
    assert many_to_one(contingency(*split(pairs))) == pytest.approx(correct / len(pairs), rel=1e-12)


@settings(deadline=None)
@given(pairs)
def test_one_to_one_is_the_best_of_all_permutations(pairs):
    joint = Counter(pairs)
    correct = max(sum(joint[k, c] for k, c in enumerate(p)) for p in permutations(range(5)))
    assert one_to_one(contingency(*split(pairs))) == pytest.approx(correct / len(pairs), rel=1e-12)


@settings(deadline=None)
@given(pairs)
def test_v_measure_is_that_of_the_definition(pairs):
    table = contingency(*split(pairs))
    assert v_measure(table) == pytest.approx(by_definition(pairs), rel=1e-9, abs=1e-12)


@settings(deadline=None)
@given(pairs, st.permutations(range(7)), st.permutations(range(7)))
def test_what_states_and_tags_are_called_does_not_matter(pairs, of_states, of_tags):
    states, tags = split(pairs)
    renamed = measured(np.array(of_states)[states], np.array(of_tags)[tags])
    assert renamed == pytest.approx(measured(states, tags), rel=1e-12, abs=1e-12)


@settings(deadline=None)
@given(pairs)
def test_all_lie_between_0_and_1_and_one_to_one_below_many_to_one(pairs):
    many, one, v = measured(*split(pairs))
    assert 0 < one <= many <= 1
    assert 0 <= v <= 1 + 1e-12


@settings(deadline=None)
@given(pairs)
def test_v_measure_does_not_care_which_is_gold(pairs):
    table = contingency(*split(pairs))
    assert v_measure(table) == pytest.approx(v_measure(table.T), rel=1e-12, abs=1e-12)


@settings(deadline=None)
@given(st.lists(labels, min_size=1, max_size=40), st.permutations(range(5)))
def test_states_that_are_the_tags_by_other_names_are_perfect(tags, names):
    assert measured([names[tag] for tag in tags], tags) == pytest.approx([1, 1, 1], rel=1e-12)


@settings(deadline=None)
@given(pairs)
def test_only_perfect_states_are_perfect(pairs):
    joint = set(pairs)
    assume(len({k for k, _ in joint}) < len(joint) or len({c for _, c in joint}) < len(joint))
    _, one, v = measured(*split(pairs))
    assert one < 1
    assert v < 1


@pytest.mark.parametrize(
    ("states", "tags", "expected"),
    [
        ([0, 0, 1, 2], [0, 0, 1, 1], (1.0, 0.75, 0.8)),
        ([0, 1, 2, 3], [0, 0, 1, 1], (1.0, 0.5, 2 / 3)),
        ([0, 0, 0, 0], [0, 0, 1, 1], (0.5, 0.5, 0.0)),  # one state says nothing
        ([0, 1, 0, 1], [0, 0, 1, 1], (0.5, 0.5, 0.0)),  # independent
        ([0, 1, 0, 1], [3, 3, 3, 3], (1.0, 0.5, 0.0)),  # one tag
        ([7, 7], [2, 2], (1.0, 1.0, 1.0)),
        ([], [], (0.0, 0.0, 0.0)),
    ],
)
def test_by_hand(states, tags, expected):
    assert measured(states, tags) == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_unused_states_and_tags_change_nothing():
    rng = np.random.default_rng(0)
    states, tags = rng.integers(0, 45, 3000), rng.integers(0, 90, 3000)
    plain, spread = measured(states, tags), measured(2 * states + 5, 3 * tags + 1)
    assert spread == pytest.approx(plain, rel=1e-12)
    assert min(plain) > 0


def test_entropy_in_nats():
    assert entropy(np.array([5, 5, 0])) == pytest.approx(math.log(2), rel=1e-12)
    assert entropy(np.array([0, 9])) == 0.0


@pytest.mark.parametrize(
    ("states", "tags", "message"),
    [([0, 1], [0], "as many"), ([-1, 1], [0, 0], "from 0"), ([0, 1], [0, -1], "from 0")],
)
def test_what_cannot_be_counted_is_refused(states, tags, message):
    with pytest.raises(ValueError, match=message):
        measured(states, tags)


@given(pairs)
def test_v_measure_is_that_of_scikit_learn(pairs):
    states, tags = split(pairs)
    expected = metrics.v_measure_score(tags, states)
    assert v_measure(contingency(states, tags)) == pytest.approx(expected, abs=1e-12)
