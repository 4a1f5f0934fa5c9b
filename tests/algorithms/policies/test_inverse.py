import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.policies.inverse import Inverse


def test_one_over_staleness():
    """Zhang, Gupta, Lian & Liu (2016); what is not stale has the whole step."""
    found = Inverse().weights(np.arange(6), processors=4)
    assert found.tolist() == [1, 1, 1 / 2, 1 / 3, 1 / 4, 1 / 5]


@pytest.mark.parametrize("exponent", [0.25, 0.5, 2])
def test_one_over_a_power_of_it(exponent):
    staleness = np.arange(1, 300)
    expected = staleness.astype(float) ** -exponent
    found = Inverse(exponent).weights(staleness, processors=4)
    np.testing.assert_allclose(found, expected, rtol=1e-14)


@pytest.mark.parametrize("exponent", [0, -1, 10.5, float("nan")])
def test_an_exponent_out_of_range(exponent):
    message = f"exponent must be above 0 and at most 10, not {exponent:g}"
    with pytest.raises(StalenessError, match=message):
        Inverse(exponent)
