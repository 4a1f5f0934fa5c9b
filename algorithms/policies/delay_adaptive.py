"""Steps that are shorter only where an update is staler than most."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.components import check_number, parameter
from staleness.algorithms.policies import Policy


@dataclass(frozen=True)
class DelayAdaptive(Policy):
    """The whole step up to the usual staleness, and in proportion to 1 / staleness beyond it.

    Koloskova, Stich & Jaggi (2022), section 4: the step is constant where the delay is at most the
    concurrency, the number of processors, and falls as 1 / delay beyond it; Mishchenko, Bach, Even
    & Woodworth (2022), theorem 3, have the same with twice as many. `tolerance` is that factor.
    """

    name = "delay-adaptive"

    tolerance: float = parameter(1.0, "times the processors: the staleness that costs no step")

    def __post_init__(self):
        check_number("tolerance", self.tolerance, 0.0)

    def weights(self, staleness, processors):
        """Return the factors; see `Policy`."""
        usual = max(self.tolerance * processors, 1.0)
        return usual / np.maximum(staleness, usual)
