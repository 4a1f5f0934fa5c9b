"""Stochastic gradient descent for the CRF."""

from dataclasses import asdict, dataclass

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

    step_size: float = 0.3
    decay: float = 0.3
    l2: float = 1.0
    threshold: float = 3e-3

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.sgd import StochasticGradientDescent

        return StochasticGradientDescent(**asdict(self))
