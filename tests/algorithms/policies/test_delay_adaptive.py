import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.policies.delay_adaptive import DelayAdaptive


@pytest.mark.parametrize("processors", [1, 4, 7])
def test_the_whole_step_up_to_the_number_of_processors(processors):
    """Koloskova, Stich & Jaggi (2022)."""
    staleness = np.arange(30)
    found = DelayAdaptive().weights(staleness, processors)
    assert found.tolist() == [1 if s <= processors else processors / s for s in staleness]


def test_tolerance_is_in_processors():
    """Of Mishchenko, Bach, Even & Woodworth (2022) it is 2."""
    found = DelayAdaptive(2.0).weights(np.arange(12), 4)
    assert found.tolist() == [1] * 9 + [8 / 9, 8 / 10, 8 / 11]
    # With none at all, a step is still not longer than the rule's.
    assert DelayAdaptive(0).weights(np.arange(4), 4).tolist() == [1, 1, 1 / 2, 1 / 3]


def test_a_tolerance_out_of_range():
    with pytest.raises(StalenessError, match=r"tolerance must be at least 0\.0, not -0\.5"):
        DelayAdaptive(-0.5)
