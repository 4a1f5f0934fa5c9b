"""Updates that are too stale are not made."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.components import check_number, parameter
from staleness.algorithms.policies import Policy


@dataclass(frozen=True)
class Drop(Policy):
    """Statistics staler than a bound are thrown away; all others count in full.

    As in Ringmaster ASGD (Maranjyan, Tyurin & Richtarik 2025), where a gradient is ignored once
    its delay has reached a threshold. Its examples are seen again in the next epoch.
    """

    name = "drop"

    most_stale: int = parameter(32, "staleness beyond which updates are dropped")

    def __post_init__(self):
        check_number("most_stale", self.most_stale, 0)

    def weights(self, staleness, processors):
        """Return ones, and zeros beyond the bound; see `Policy`."""
        return (staleness <= self.most_stale).astype(np.float64)
