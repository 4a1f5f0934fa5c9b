"""Entities and F1, against a port of conlleval, token by token."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.metrics.gold.entities import entities, precision_recall_f1

NAMES = ["B-Y", "O", "I-X", "B-X", "I-Y", "I-Z"]


def chunks(tags):
    """Return the entities of one sentence as conlleval does: (type, first, after last).

    conlleval.pl (Tjong Kim Sang 2000), endOfChunk and startOfChunk for the tags B, I and O.
    """
    found = []
    previous_prefix, previous_type, start = "O", "", None
    for t, tag in enumerate([*tags, "O"]):
        prefix, _, kind = tag.partition("-")
        ends = previous_prefix != "O" and (prefix in {"B", "O"} or previous_type != kind)
        starts = prefix == "B" or (
            prefix == "I" and (previous_prefix == "O" or previous_type != kind)
        )
        if ends:
            found.append((previous_type, start, t))
        if starts:
            start = t
        previous_prefix, previous_type = prefix, kind
    return found


def numbers(*tags):
    return np.array([NAMES.index(tag) for tag in tags], dtype=np.int32)


def found(labels, offsets):
    types = sorted({name[2:] for name in NAMES if name != "O"})
    rows = entities(labels, offsets, NAMES).tolist()
    return [(types[kind], first, last) for kind, first, last in rows]


@st.composite
def sentences(draw):
    """Draw gold and predicted labels of some sentences, empty ones among them."""
    lengths = draw(st.lists(st.integers(0, 6), max_size=5))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    label = st.integers(0, len(NAMES) - 1)
    count = int(offsets[-1])
    gold = draw(st.lists(label, min_size=count, max_size=count))
    predicted = draw(st.one_of(st.just(gold), st.lists(label, min_size=count, max_size=count)))
    return np.array(gold, dtype=np.int32), np.array(predicted, dtype=np.int32), offsets


def by_sentence(labels, offsets):
    return [
        (kind, int(offsets[s]) + first, int(offsets[s]) + last)
        for s in range(len(offsets) - 1)
        for kind, first, last in chunks(
            [NAMES[label] for label in labels[offsets[s] : offsets[s + 1]]]
        )
    ]


@settings(max_examples=300, deadline=None)
@given(sentences())
def test_entities_are_those_of_conlleval(problem):
    gold, _, offsets = problem
    assert found(gold, offsets) == by_sentence(gold, offsets)


@settings(max_examples=300, deadline=None)
@given(sentences())
def test_f1_is_that_of_conlleval(problem):
    gold, predicted, offsets = problem
    wanted, given_ = set(by_sentence(gold, offsets)), set(by_sentence(predicted, offsets))
    correct = len(wanted & given_)
    precision = correct / len(given_) if given_ else 0.0
    recall = correct / len(wanted) if wanted else 0.0
    f1 = 2 * precision * recall / (precision + recall) if correct else 0.0
    result = precision_recall_f1(gold, predicted, offsets, NAMES)
    assert result == pytest.approx((precision, recall, f1), rel=1e-12)


def test_the_port_of_conlleval_by_hand():
    tags = ["B-X", "I-X", "B-X", "O", "I-Y", "I-X", "I-X", "B-Y"]
    expected = [("X", 0, 2), ("X", 2, 3), ("Y", 4, 5), ("X", 5, 7), ("Y", 7, 8)]
    assert chunks(tags) == expected
    assert found(numbers(*tags), np.array([0, len(tags)])) == expected


def test_an_entity_ends_with_its_sentence():
    labels = numbers("B-X", "I-X", "I-X", "I-X")
    assert found(labels, np.array([0, 4])) == [("X", 0, 4)]
    assert found(labels, np.array([0, 2, 2, 4])) == [("X", 0, 2), ("X", 2, 4)]


def test_some_right_some_wrong():
    """Of three found two are right; of four wanted two are found."""
    gold = numbers("B-X", "I-X", "O", "B-Y", "B-X", "O", "B-Y")
    predicted = numbers("B-X", "I-X", "O", "B-Y", "B-Y", "O", "O")
    precision, recall, f1 = precision_recall_f1(gold, predicted, np.array([0, 7]), NAMES)
    assert precision == pytest.approx(2 / 3)
    assert recall == pytest.approx(2 / 4)
    assert f1 == pytest.approx(4 / 7)


@pytest.mark.parametrize("gold", [["O", "O"], ["B-X", "O"]])
def test_nothing_found(gold):
    predicted = numbers("O", "O")
    assert precision_recall_f1(numbers(*gold), predicted, np.array([0, 2]), NAMES) == (0, 0, 0)


def test_no_tokens_and_no_types():
    none = np.zeros(0, dtype=np.int32)
    assert precision_recall_f1(none, none, np.zeros(1, dtype=np.int64), NAMES) == (0, 0, 0)
    zeros = np.zeros(3, dtype=np.int32)
    assert precision_recall_f1(zeros, zeros, np.array([0, 3]), ["O"]) == (0, 0, 0)
