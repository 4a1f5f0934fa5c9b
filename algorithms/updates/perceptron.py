"""The averaged structured perceptron for the CRF's features."""

from dataclasses import dataclass

from staleness.algorithms.updates import Update
from staleness.kernels.perceptron import StructuredPerceptron


@dataclass(frozen=True)
class Perceptron(Update):
    """The averaged structured perceptron (Collins 2002).

    theta <- theta + 1/m sum of f(x, gold) - f(x, decoded) over the m sentences of a mini-batch; the
    model is the average of theta over all updates.
    """

    name = "perceptron"
    tasks = ("ner",)

    def options(self):
        """Return the kernel of a linear chain and its options; see `Update`."""
        return {"kernel": StructuredPerceptron}
