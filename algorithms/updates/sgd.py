"""Stochastic gradient descent for the CRF."""

from dataclasses import dataclass

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.updates import Update
from staleness.kernels.sgd import StochasticGradientDescent


@dataclass(frozen=True)
class SGD(Update):
    """Stochastic gradient descent on the L2-regularised conditional log-likelihood.

    After e passes over N sentences, with the gradient g of m of them,
    theta <- theta - eta (g / m + l2 / N theta), eta = step_size / (1 + decay e) (Bottou 2004).
    Tokens whose posteriors are all within `threshold` of the gold labels are left out of g.
    """

    name = "sgd"
    tasks = ("ner",)

    step_size: float = 0.3
    decay: float = 0.3
    l2: float = 1.0
    threshold: float = 3e-3

    def learner(self, training, slots, workspaces, replicas=0):
        """Return the kernel that learns by this rule; see `Update`."""
        try:
            return StochasticGradientDescent(
                *training.arrays,
                label_count=training.label_count,
                feature_count=training.feature_count,
                step_size=self.step_size,
                decay=self.decay,
                l2=self.l2,
                threshold=self.threshold,
                slots=slots,
                workspaces=workspaces,
                replicas=replicas,
            )
        except ValueError as error:
            raise StalenessError(f"update 'sgd': {error}") from error
