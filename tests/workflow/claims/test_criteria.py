import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.workflow.claims.criteria import (
    NOT_REPRODUCED,
    REPRODUCED,
    UNDECIDED,
    above,
    below,
    whole,
    within,
)


@pytest.mark.parametrize(
    ("criterion", "low", "high", "expected"),
    [
        (above(1), 1.1, 2, REPRODUCED),
        (above(1), 1.1, math.inf, REPRODUCED),
        (above(1), 1, 2, UNDECIDED),  # the bound is not above itself
        (above(1), 0.5, 1, NOT_REPRODUCED),
        (above(1), 1, 1, NOT_REPRODUCED),
        (above(1), -math.inf, math.inf, UNDECIDED),
        (below(0), -2, -1, REPRODUCED),
        (below(0), -2, 0, UNDECIDED),
        (below(0), 0, 0, NOT_REPRODUCED),
        (within(2), -2, 2, REPRODUCED),
        (within(2), 1, 3, UNDECIDED),
        (within(2), 2.5, 3, NOT_REPRODUCED),
        (within(2), -3, -2.5, NOT_REPRODUCED),
        (within(2), -3, 3, UNDECIDED),  # neither end is within, but values between are
        (within(0), 0, 0, REPRODUCED),
    ],
)
def test_verdicts(criterion, low, high, expected):
    assert criterion.verdict(low, high) == expected


@given(
    st.sampled_from([above(0.5), below(0.5), within(0.5)]),
    st.tuples(*[st.floats(-2, 2)] * 3),
)
def test_a_verdict_is_true_of_every_value_of_the_interval(criterion, values):
    low, value, high = sorted(values)
    verdict = criterion.verdict(low, high)
    if verdict == REPRODUCED:
        assert criterion.side(value) == 0
    if verdict == NOT_REPRODUCED:
        assert criterion.side(value) != 0


def test_bounds_are_stated():
    assert above(1).text == "above 1"
    assert below(0).text == "below 0"
    assert within(0.0042).text == "within ±0.00420"


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ([REPRODUCED, REPRODUCED], REPRODUCED),
        ([REPRODUCED, UNDECIDED], UNDECIDED),
        ([UNDECIDED, NOT_REPRODUCED], NOT_REPRODUCED),
        ([REPRODUCED, NOT_REPRODUCED], NOT_REPRODUCED),
        ([], UNDECIDED),
    ],
)
def test_a_claim_is_as_good_as_all_its_parts(verdicts, expected):
    assert whole(verdicts) == expected
