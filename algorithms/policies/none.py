"""The same step, however stale."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.policies import Policy


@dataclass(frozen=True)
class Constant(Policy):
    """No policy: the step of the rule, as in Gimpel, Das & Smith (2010)."""

    name = "none"

    def weights(self, staleness, processors):
        """Return ones; see `Policy`."""
        return np.ones(len(staleness))
