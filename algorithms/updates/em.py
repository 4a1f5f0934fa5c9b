"""Batch expectation maximisation."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.updates import Master, Update


@dataclass(frozen=True)
class ExpectationMaximization(Update):
    """Expected counts of the whole corpus, then the parameters that make them most likely.

    Dempster, Laird & Rubin (1977). `smoothing` is added to every count.
    """

    name = "em"
    tasks: ClassVar = ("alignment", "tagging")
    batch: ClassVar = True

    smoothing: float = 0.0

    def options(self):
        """Return the rule of an `ExpectationMaximization` kernel; see `Update`."""
        return {"rule": "em", **asdict(self)}

    def master(self):
        """Return the rule for sums; see `Update`."""
        return _Batch(self.smoothing)


class _Batch(Master):
    """mu <- s."""

    def update(self, state, counts, updates, examples):
        state.replace(counts)
