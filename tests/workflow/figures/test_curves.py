"""What of curves lies within the axes."""

import numpy as np
import pytest

from staleness.workflow.analysis.measures import Spread
from staleness.workflow.figures.curves import Curve, limits, times_shown

FALLING = Curve(
    "",
    None,
    np.array([1.0, 2.0, 3.0]),
    Spread(np.array([1.0, 0.6, 0.4]), np.array([0.9, 0.5, 0.3]), np.array([1.1, 0.7, 0.5])),
)


def test_where_lower_is_better_the_lowest_seed_is_seen():
    assert limits([FALLING], 0.5, "lower") == pytest.approx((0.288, 0.612))


def test_times_have_room_before_and_after():
    assert times_shown([FALLING], 2.0) == pytest.approx((0.8, 1.8))
