import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.policies.drop import Drop


@pytest.mark.parametrize("bound", [0, 1, 3])
def test_all_or_nothing(bound):
    found = Drop(bound).weights(np.arange(6), processors=4)
    assert found.tolist() == [1] * (bound + 1) + [0] * (5 - bound)


def test_a_bound_is_a_whole_number():
    assert Drop.configure({"most_stale": 3.0}).most_stale == 3
    with pytest.raises(StalenessError, match=r"'most_stale' is a whole number, not 0\.5"):
        Drop.configure({"most_stale": 0.5})
    with pytest.raises(StalenessError, match="most_stale must be at least 0, not -1"):
        Drop(-1)
