"""Powers, against the standard library's."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.kernels.core.exact import power

POSITIVE = st.floats(1e-30, 1e30)


@given(st.lists(POSITIVE, max_size=20))
def test_the_first_power_and_the_inverse_are_exact(values):
    assert power(values, 1.0).tolist() == values
    assert power(values, -1.0).tolist() == [1.0 / value for value in values]


@given(POSITIVE, st.floats(-10, 10))
def test_others_are_close(value, exponent):
    # A rounding of e^x, and those of x: they grow with it.
    size = abs(exponent * math.log(value))
    if size < 500:
        rounding = 4e-16 * (1 + size)
        assert power([value], exponent)[0] == pytest.approx(value**exponent, rel=rounding, abs=0)


@pytest.mark.parametrize("exponent", [-2.0, -0.5, 0.0, 0.5, 2.0])
def test_powers_of_staleness_are_close_to_a_rounding_or_few(exponent):
    values = np.arange(1, 2000)
    expected = [math.pow(value, exponent) for value in values]
    rounding = 2e-15 * max(1, abs(exponent))
    np.testing.assert_allclose(power(values, exponent), expected, rtol=rounding)
    assert power(values, exponent)[0] == 1.0


def test_what_is_given_stays_as_it_is():
    values = np.array([2.0, 4.0])
    found = power(values, 1.0)
    found[0] = 9.0
    assert values.tolist() == [2.0, 4.0]
    assert power([], -0.5).shape == (0,)


@pytest.mark.parametrize("values", [[0.0], [1.0, -1.0], [float("nan")], [float("inf")]])
def test_powers_are_of_positive_numbers(values):
    with pytest.raises(ValueError, match="powers are of positive numbers"):
        power(values, -1.0)
