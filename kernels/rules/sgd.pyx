"""Stochastic gradient descent."""

from staleness.kernels.core.context cimport Context, Step
from staleness.kernels.core.rule cimport Rule


cdef class StochasticGradientDescent(Rule):
    """L2-regularised descent along the gradient of a mini-batch.

    The objective is the mean loss of an example, such as the negative log-likelihood of a sentence,
    plus l2 / (2 N) |theta|^2, with N examples. An update with the gradient g of m examples, after e
    passes over the corpus, is

        theta <- theta - eta (g / m + l2 / N theta),    eta = step_size / (1 + decay e)

    (Bottou 2004), where g leaves out every token whose label residuals are all below a threshold.

    Parameters
    ----------
    step_size, decay, l2, threshold : float
        See above; `l2` is 1 / sigma^2 of a Gaussian prior.

    Raises
    ------
    ValueError
        If they are out of range.
    """

    cdef readonly double step_size
    cdef readonly double decay
    cdef readonly double l2
    cdef readonly double threshold

    def __init__(self, *, double step_size, double decay, double l2, double threshold=0.0):
        if not (step_size > 0 and decay >= 0 and l2 >= 0 and threshold >= 0):
            raise ValueError("step_size must be positive, decay, l2 and threshold not negative")
        self.step_size = step_size
        self.decay = decay
        self.l2 = l2
        self.threshold = threshold

    @property
    def asks(self):
        """The threshold; see `ConditionalRandomField`."""
        return {"threshold": self.threshold}

    def check(self, examples):
        """Raise ValueError if an update would keep nothing of theta, or turn it round."""
        if examples and self.step_size * self.l2 >= examples:
            raise ValueError("step_size times l2 must be under the number of sentences")

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        cdef double eta = context.weight * self.step_size / (
            1.0 + self.decay * context.examples / context.corpus)
        step.keep = 1.0 - eta * self.l2 / context.corpus
        step.gain = -eta / context.mini_batch
        return step
