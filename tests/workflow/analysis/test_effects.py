"""What claims measure."""

import math
from types import SimpleNamespace

import numpy as np
import pytest

from staleness.workflow.analysis import effects
from staleness.workflow.analysis.effects import break_even, faster, gain, quotient, stated
from staleness.workflow.analysis.phrases import MINUS

from ..claims.made_up import ending, reaching


@pytest.mark.parametrize(
    ("y", "expected"),
    [
        ([0.5, 0.9, 1.3], 7.0),  # a quarter of the way from 6 to 10
        ([0.5, 1.0, 2.0], 6.0),
        ([0.5, 1.5, 0.5], 4.0),
        ([1.5, 0.5, 1.5], 8.0),  # not where it falls
        ([0.5, 1.5, 0.5, 1.5], 4.0),  # the first time
        ([0.2, 0.6, 0.9], math.nan),
        ([1.0, 2.0, 3.0], math.nan),  # it has never been below
        ([1.2, 0.9, 0.8], math.nan),
        ([0.5, math.inf, math.inf], math.nan),  # somewhere between, nobody knows where
        ([0.5, 0.9, math.inf], math.nan),
        ([0.5, math.nan, 1.5], math.nan),
        ([0.5], math.nan),
        ([], math.nan),
    ],
)
def test_where_two_are_even(y, expected):
    x = [2.0, 6.0, 10.0, 14.0][: len(y)]
    assert break_even(x, y) == pytest.approx(expected, nan_ok=True)


def test_places_need_not_be_evenly_spaced():
    assert break_even([8, 16, 32], [0.4, 0.8, 1.6]) == pytest.approx(20)


def test_who_never_gets_there_is_infinitely_late():
    alone = reaching("ner", "single", [400, 440, 480])
    some = reaching("ner", "asynchronous", [100, 110, None], 4)
    level = 0.8
    assert faster(some, alone, level) == pytest.approx(4)
    assert faster(alone, some, level) == pytest.approx(1 / 4)
    none = reaching("ner", "asynchronous", [None] * 3, 4)
    assert faster(none, alone, level) == 0
    assert faster(alone, none, level) == math.inf
    assert math.isnan(faster(none, none, level))


def test_a_gain_is_positive_where_it_is_better():
    """Of a metric whose lower values are better, too."""
    for metric, sign in (("log_likelihood", 1), ("aer", 1)):
        good = ending("alignment", "single", [0.8, 0.9, 0.9])
        bad = ending("alignment", "asynchronous", [0.6, 0.7, 0.9], 4)
        assert sign * gain(good, bad, metric) > 0
        assert gain(bad, good, metric) == -gain(good, bad, metric)


def test_quotients_and_numbers_for_people():
    assert quotient(6, 3) == 2
    assert math.isnan(quotient(0, 0))
    assert quotient(1, 0) == math.inf
    assert quotient(1, math.inf) == 0
    assert math.isnan(quotient(math.inf, math.inf))
    assert [stated(v) for v in (3.914, -2.0, math.inf, -math.inf, math.nan)] == [
        *("3.91", f"{MINUS}2.00", "\N{INFINITY}", f"{MINUS}\N{INFINITY}", "?")
    ]


def test_a_median_that_depends_on_what_is_not_known_is_none(monkeypatch):
    cell = SimpleNamespace(configuration={"task": "ner"})
    monkeypatch.setattr(effects.measures, "speed_ups", lambda *_: np.array([np.nan, 2.0, 3.0]))
    assert np.isnan(faster(cell, cell, 0.9))
    monkeypatch.setattr(effects.measures, "speed_ups", lambda *_: np.array([np.nan, 2.0, 2.0]))
    assert faster(cell, cell, 0.9) == 2.0
