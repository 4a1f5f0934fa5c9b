"""Stepwise expectation maximisation."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class StepwiseEM(Update):
    """Expected counts of a mini-batch, mixed into those of the corpus.

    The k-th update, with counts s of m of N examples, is mu <- (1 - eta) mu + eta N/m s, where
    eta = (k + 2)^-alpha, 0.5 < alpha <= 1 (Liang & Klein 2009; Cappe & Moulines 2009). `smoothing`
    is added to every count of the whole corpus.
    """

    name = "stepwise-em"
    statistics: ClassVar = "expected counts"
    sums: ClassVar = True

    alpha: float = parameter(0.7, "eta of the k-th update is (k + 2)^-alpha (Liang & Klein 2009)")
    smoothing: float = parameter(
        0.0, "added to every expected count: 0 is maximum likelihood (Dempster et al. 1977)"
    )

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.stepwise_em import StepwiseEM as StepwiseRule

        return StepwiseRule(**asdict(self))
