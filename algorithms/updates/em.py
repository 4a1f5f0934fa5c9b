"""Batch expectation maximisation."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class ExpectationMaximization(Update):
    """Expected counts of the whole corpus, then the parameters that make them most likely.

    Dempster, Laird & Rubin (1977). `smoothing` is added to every count.
    """

    name = "em"
    statistics: ClassVar = "expected counts"
    sums: ClassVar = True
    batch: ClassVar = True

    smoothing: float = parameter(
        0.0, "added to every expected count: 0 is maximum likelihood (Dempster et al. 1977)"
    )

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.batch_em import ExpectationMaximization as BatchEM

        return BatchEM(**asdict(self))
