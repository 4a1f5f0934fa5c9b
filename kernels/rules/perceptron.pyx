"""The averaged structured perceptron."""

from staleness.kernels.core.context cimport Context, Step
from staleness.kernels.core.rule cimport Rule


cdef class StructuredPerceptron(Rule):
    """The perceptron (Collins 2002): from the labels found towards the gold ones.

    An update with m sentences is

        theta <- theta + 1/m sum_s (f(x_s, y_s) - f(x_s, z_s))

    A mini-batch takes the mean, as McDonald, Hall & Mann (2010) mix parameters by weights that sum
    to one: if the step from each sentence alone brings theta nearer to one that separates the data,
    so does their mean, while their sum may step past it. (To the perceptron it is all one: from
    zero, mean and sum differ by a factor of all scores.) With m a power of two all of it is exact
    until theta reaches 2^24 / m, for its steps are multiples of 1/m.
    """

    @property
    def asks(self):
        """That theta is an average; see `DecodedChain`."""
        return {"averaged": True}

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        step.keep = 1.0
        step.gain = context.weight / context.mini_batch
        return step
