"""The averaged structured perceptron for the CRF's features."""

from dataclasses import dataclass

from staleness.algorithms.updates import Update


@dataclass(frozen=True)
class Perceptron(Update):
    """The averaged structured perceptron (Collins 2002).

    theta <- theta + 1/m sum of f(x, gold) - f(x, decoded) over the m sentences of a mini-batch; the
    model is the average of theta over all updates.
    """

    name = "perceptron"
    statistics = "mistakes"

    def rule(self):
        """Return the kernel's rule; see `Update`."""
        from staleness.kernels.rules.perceptron import StructuredPerceptron

        return StructuredPerceptron()
