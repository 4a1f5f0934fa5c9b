"""A policy: steps that are halved again and again."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.components import check_number, parameter
from staleness.algorithms.policies import Policy


@dataclass(frozen=True)
class Halving(Policy):
    """Half the step after so much staleness, a quarter after twice as much, and so on."""

    name = "halving"

    after: int = parameter(2, "staleness that halves a step")

    def __post_init__(self):
        check_number("after", self.after)

    def weights(self, staleness, processors):
        """Return powers of a half."""
        return np.ldexp(1.0, -(staleness // self.after).astype(np.int32))
