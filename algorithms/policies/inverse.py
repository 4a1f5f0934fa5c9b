"""Steps that are shorter the staler they are."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.components import parameter
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.policies import Policy


@dataclass(frozen=True)
class Inverse(Policy):
    """The step over a power of the staleness: s^-exponent, and all of it where s is 0 or 1.

    With exponent 1 that is Zhang, Gupta, Lian & Liu (2016), section 3.2: the learning rate divided
    by the staleness of the gradient.
    """

    name = "inverse"

    exponent: float = parameter(1.0, "of the staleness that steps are divided by")

    def __post_init__(self):
        if not 0 < self.exponent <= 10:
            raise StalenessError(f"exponent must be above 0 and at most 10, not {self.exponent:g}")

    def weights(self, staleness, processors):
        """Return the powers; see `Policy`."""
        from staleness.kernels.core.exact import power

        return power(np.maximum(staleness, 1), -self.exponent)
