"""Stochastic gradient descent for the CRF."""

from dataclasses import asdict, dataclass

from staleness.algorithms.components import parameter
from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class SGD(Update):
    """Stochastic gradient descent on the L2-regularised conditional log-likelihood.

    After e passes over N sentences, with the gradient g of m of them,
    theta <- theta - eta (g / m + l2 / N theta), eta = step_size / (1 + decay e) (Bottou 2004).
    Tokens whose posteriors are all within `threshold` of the gold labels are left out of g.

    Gimpel, Das & Smith (2010), section 6.1, take a fixed step, of 0.01 times g.
    """

    name = "sgd"
    statistics = "gradient"

    step_size: float = parameter(0.3, "eta before the first epoch (Bottou 2004)")
    decay: float = parameter(0.3, "eta falls as 1 / (1 + decay times epochs) (Bottou 2004)")
    l2: float = parameter(
        1.0, "1 / prior variance, the weight of theta squared (Gimpel, Das & Smith 2010)"
    )
    threshold: float = parameter(
        3e-3, "skip tokens whose posteriors are off by less; the suite's own, 0 skips none"
    )

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.sgd import StochasticGradientDescent

        return StochasticGradientDescent(**asdict(self))
