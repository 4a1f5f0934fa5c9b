"""What an effect has to be, and the verdict on an interval."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from staleness.workflow.analysis import intervals
from staleness.workflow.analysis.phrases import number

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
UNDECIDED = "undecided"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, UNDECIDED)


@dataclass(frozen=True)
class Criterion:
    """What an effect has to be.

    Attributes
    ----------
    text : str
    side : callable
        Of a number: 0 if it fulfils the criterion, -1 if it is too low, 1 if it is too high.
    confidence : float
        Of the interval that has to fulfil it.
    """

    text: str
    side: Callable
    confidence: float = intervals.CONFIDENCE

    def verdict(self, low, high):
        """Return the verdict on the effects from `low` to `high`.

        Reproduced if all of them fulfil the criterion, not reproduced if none does.
        """
        sides = self.side(low), self.side(high)
        if sides[0] != sides[1]:
            return UNDECIDED
        return NOT_REPRODUCED if sides[0] else REPRODUCED

    def beyond(self, effects):
        """Return how many effects miss the criterion on the same side."""
        sides = [0 if math.isnan(effect) else self.side(effect) for effect in effects]
        return max(sides.count(-1), sides.count(1))


def above(bound):
    """Return the criterion that an effect is above a bound."""
    return Criterion(f"above {bound:g}", lambda value: 0 if value > bound else -1)


def below(bound):
    """Return the criterion that an effect is below a bound."""
    return Criterion(f"below {bound:g}", lambda value: 0 if value < bound else 1)


def within(margin, text=None):
    """Return the criterion that an effect is at most `margin` away from 0: equivalence.

    Parameters
    ----------
    margin : float
        Written down before the effect is known.
    text : str, optional
        The margin in words.
    """

    def side(value):
        return 0 if abs(value) <= margin else int(math.copysign(1, value))

    said = f"within \N{PLUS-MINUS SIGN}{text or number(margin)}"
    return Criterion(said, side, intervals.OF_EQUIVALENCE)


def whole(verdicts):
    """Return the verdict on a claim whose parts have these.

    All have to be reproduced; if any is not, the claim is not.
    """
    if NOT_REPRODUCED in verdicts:
        return NOT_REPRODUCED
    return REPRODUCED if verdicts and set(verdicts) == {REPRODUCED} else UNDECIDED
