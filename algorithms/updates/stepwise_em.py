"""Stepwise expectation maximisation."""

from dataclasses import asdict, dataclass
from typing import ClassVar

from staleness.algorithms.updates import Master, Update
from staleness.kernels.rules.stepwise_em import StepwiseEM as StepwiseRule
from staleness.kernels.core.validation import check_alpha


@dataclass(frozen=True)
class StepwiseEM(Update):
    """Expected counts of a mini-batch, mixed into those of the corpus.

    The k-th update, with counts s of m of N examples, is mu <- (1 - eta) mu + eta N/m s, where
    eta = (k + 2)^-alpha, 0.5 < alpha <= 1 (Liang & Klein 2009; Cappe & Moulines 2009). `smoothing`
    is added to every count of the whole corpus.
    """

    name = "stepwise-em"
    tasks: ClassVar = ("alignment", "tagging")
    statistics: ClassVar = "expected counts"

    alpha: float = 0.7
    smoothing: float = 0.0

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        return StepwiseRule(**asdict(self))

    def master(self):
        """Return the rule for sums; see `Update`."""
        return _Stepwise(self.alpha, self.smoothing)


class _Stepwise(Master):
    """mu <- (1 - eta) mu + eta N/m s."""

    def __init__(self, alpha, smoothing):
        check_alpha(alpha)
        super().__init__(smoothing)
        self.alpha = alpha

    def update(self, state, counts, updates, examples):
        eta = (updates + 2.0) ** -self.alpha
        state.mix(eta, counts, eta * examples / counts.examples)
