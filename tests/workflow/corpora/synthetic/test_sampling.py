"""Drawing: what comes out has the probabilities that it should have."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from staleness.workflow.corpora.synthetic.sampling import (
    Distributions,
    Numbering,
    Offsets,
    Sequences,
    markov_chains,
    negative_binomial,
    poisson,
    uneven,
    zipf,
)


def generator():
    return np.random.default_rng(2010)


def assert_drawn_from(outcomes, probabilities):
    """Assert that a chi-squared test finds nothing, and that nothing impossible was drawn."""
    counts = np.bincount(outcomes, minlength=len(probabilities))
    assert not counts[probabilities == 0].any()
    likely = probabilities * len(outcomes) > 5
    observed = np.append(counts[likely], counts[~likely].sum())
    expected = np.append(probabilities[likely], probabilities[~likely].sum()) * len(outcomes)
    some = expected > 0
    if some.sum() == 1:
        return
    assert stats.chisquare(observed[some], expected[some], sum_check=False).pvalue > 1e-4


def test_every_distribution_is_drawn_from():
    weights = [[0, 1, 2, 3], [5, 0, 0, 0], [0, 0, 1, 1]]
    distributions = Distributions(weights)
    np.testing.assert_allclose(
        distributions.probabilities, np.array(weights) / np.sum(weights, axis=1)[:, None]
    )
    which = np.arange(60_000) % 3
    outcomes = distributions.draw(generator(), which)
    assert outcomes.dtype == np.int32
    for row in range(3):
        assert_drawn_from(outcomes[which == row], distributions.probabilities[row])


def test_a_number_draws_from_the_first():
    lexicon = Distributions(zipf(500))
    assert_drawn_from(lexicon.draw(generator(), 50_000), lexicon.probabilities[0])


class Edge:
    """A generator whose numbers are the smallest and the largest there are."""

    def random(self, count):
        return np.resize([0.0, 1 - 2.0**-53], count)


def test_the_edges_stay_inside():
    # At the 60,000th distribution the largest number is rounded to the next one's edge.
    distributions = Distributions(np.tile([0, 1, 1, 0], (60_000, 1)))
    outcomes = distributions.draw(Edge(), np.array([0, 0, 59_999, 59_999]))
    assert outcomes[0] == outcomes[2] == 1
    assert outcomes[1] == 2
    assert 0 <= outcomes[3] < 4


def test_lengths_are_negative_binomial():
    mean, shape = 20.25, 2.4
    probabilities = Distributions(negative_binomial(mean, shape, longest=400)).probabilities[0]
    expected = stats.nbinom.pmf(np.arange(400), shape, shape / (shape + mean - 1))
    np.testing.assert_allclose(probabilities[1:], expected, atol=1e-9)
    assert probabilities[0] == 0
    assert probabilities @ np.arange(401) == pytest.approx(mean, rel=1e-6)
    assert len(negative_binomial(mean, shape, longest=40)) == 41


def test_lengths_are_poisson():
    means = [0.0, 1.0, 21.5]
    probabilities = Distributions(poisson(means, longest=100)).probabilities
    assert probabilities[0].tolist() == [0, 1, *[0] * 99]
    for mean, row in zip(means[1:], probabilities[1:], strict=True):
        expected = stats.poisson.pmf(np.arange(1, 101), mean)
        np.testing.assert_allclose(row[1:], expected / expected.sum(), atol=1e-12)
        assert row[0] == 0


def test_uneven_weights():
    weights = uneven(generator(), (100, 50), squarings=2)
    np.testing.assert_allclose(weights, generator().random((100, 50)) ** 4)


def test_a_chain_of_which_every_step_is_certain():
    # 0 -> 1 -> 2 -> 0, from 1
    transitions = Distributions([[0, 1, 0], [0, 0, 1], [1, 0, 0]])
    lengths = np.array([3, 1, 5, 1, 2])
    states = markov_chains(generator(), Distributions([0, 1, 0]), transitions, lengths)
    expected = [(1 + position) % 3 for length in lengths for position in range(length)]
    assert states.tolist() == expected


def test_chains_have_the_probabilities_of_the_model():
    initial, transitions = Distributions([1, 3]), Distributions([[1, 4], [2, 1]])
    lengths = generator().integers(1, 9, size=5000)
    states = markov_chains(generator(), initial, transitions, lengths)
    begins = np.cumsum(lengths) - lengths
    assert_drawn_from(states[begins], initial.probabilities[0])
    after = np.ones(len(states), dtype=bool)
    after[begins] = False
    for state in range(2):
        follows = after[1:] & (states[:-1] == state)
        assert_drawn_from(states[1:][follows], transitions.probabilities[state])


@given(st.lists(st.lists(st.integers(0, 6), max_size=8), min_size=1, max_size=4))
def test_words_are_numbered_by_falling_frequency(parts):
    numbering = Numbering(7)
    for part in parts:
        numbering.add(np.array(part, dtype=np.int32))
    words = [word for part in parts for word in part]
    count = Counter(words)
    expected = sorted(count, key=lambda word: (-count[word], words.index(word)))
    assert numbering.used.tolist() == expected
    assert numbering.tokens == len(words)
    assert [numbering.numbers[word] for word in expected] == list(range(len(expected)))
    assert all(numbering.numbers[word] == -1 for word in set(range(7)) - set(words))


@given(st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=5), min_size=1, max_size=4))
def test_offsets_go_on_from_part_to_part(parts):
    offsets = Offsets()
    found = np.concatenate([offsets(np.array(part)) for part in parts])
    assert found.tolist() == np.cumsum([0, *(n for part in parts for n in part)]).tolist()
    assert found.dtype == np.int64


def test_the_first_sequences():
    sequences = Sequences(np.array([2, 1, 3]), np.arange(12).reshape(6, 2))
    assert sequences.first(2).lengths.tolist() == [2, 1]
    np.testing.assert_array_equal(sequences.first(2).values, np.arange(6).reshape(3, 2))
    assert len(sequences.first(9).values) == 6
