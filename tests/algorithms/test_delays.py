"""Artificial pauses."""

import numpy as np
import pytest

from staleness.algorithms import delays
from staleness.algorithms.delays import PROBABILITY, Mean, counts_mini_batches, draw
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.seeds import generator


@pytest.mark.parametrize(
    ("text", "mean", "seconds"),
    [
        ("5s", Mean(5.0, "s"), 5.0),
        ("8x", Mean(8.0, "x"), 4.0),
        ("0.25s", Mean(0.25, "s"), 0.25),
        (".5x", Mean(0.5, "x"), 0.25),
        ("2.x", Mean(2.0, "x"), 1.0),
        ("0s", Mean(0.0, "s"), 0.0),
    ],
)
def test_means(text, mean, seconds):
    """In seconds, or in mini-batches (here of half a second)."""
    assert Mean.parse(text) == mean
    assert Mean.parse(text).seconds(0.5) == seconds


@pytest.mark.parametrize(
    "text", ["", "5", "s", "5 s", "-5s", "5m", "5sx", "x5", "1e3s", ".s", "5s\n", "1000000000x"]
)
def test_what_is_no_mean(text):
    with pytest.raises(StalenessError, match="expected seconds as in '5s', or multiples"):
        Mean.parse(text)


@pytest.mark.parametrize(("text", "counts"), [("8x", True), ("5s", False), (None, False)])
def test_only_multiples_depend_on_what_a_mini_batch_takes(text, counts):
    assert counts_mini_batches(text) is counts


def test_lengths_are_those_of_the_paper():
    """With probability 0.25, of max(N(mu, (mu / 5)^2), 0) seconds."""
    assert PROBABILITY == 0.25
    pauses = draw(0, 4, 20_000, mean=10.0)
    assert pauses.shape == (4, 20_000)
    assert (pauses >= 0).all()
    paused = pauses[pauses > 0]
    assert len(paused) / pauses.size == pytest.approx(0.25, abs=0.01)
    assert paused.mean() == pytest.approx(10.0, abs=0.1)
    assert paused.std() == pytest.approx(2.0, abs=0.05)


def test_a_length_below_zero_is_no_pause(monkeypatch):
    """With the deviation of the paper it takes five of them: here half are below."""
    monkeypatch.setattr(delays, "RELATIVE_DEVIATION", 1e6)
    pauses = draw(0, 1, 10_000, mean=1.0, probability=1.0)
    assert (pauses >= 0).all()
    assert (pauses == 0).mean() == pytest.approx(0.5, abs=0.02)


def test_whether_and_how_long_are_drawn_apart():
    happens = generator(7, "delays", 1, "happens").random(50) < 0.5
    lengths = 3.0 + 0.6 * generator(7, "delays", 1, "length").standard_normal(50)
    expected = np.where(happens, lengths, 0.0)
    np.testing.assert_allclose(draw(7, 2, 50, mean=3.0, probability=0.5)[1], expected)


def test_no_delay_at_all():
    assert not draw(0, 3, 100, mean=5.0, probability=0.0).any()
    assert not draw(0, 3, 100, mean=0.0).any()


def test_seeds_and_processors_differ():
    pauses = [*draw(0, 3, 50, mean=1.0), *draw(1, 3, 50, mean=1.0)]
    assert len({row.tobytes() for row in pauses}) == 6


def test_lengths_of_two_processors_have_nothing_to_do_with_each_other():
    pauses = draw(0, 2, 10_000, mean=1.0, probability=1.0)
    assert abs(np.corrcoef(pauses)[0, 1]) < 0.05


def test_more_processors_change_nothing_for_the_first():
    np.testing.assert_array_equal(draw(0, 8, 50, mean=1.0)[:2], draw(0, 2, 50, mean=1.0))


def test_more_turns_change_nothing_for_the_first():
    """The j-th pause depends on the seed, the processor and j alone."""
    np.testing.assert_array_equal(draw(0, 2, 50, mean=1.0)[:, :20], draw(0, 2, 20, mean=1.0))


def test_a_longer_mean_only_stretches_the_pauses():
    np.testing.assert_allclose(draw(0, 2, 50, mean=20.0), 4 * draw(0, 2, 50, mean=5.0), rtol=1e-12)
