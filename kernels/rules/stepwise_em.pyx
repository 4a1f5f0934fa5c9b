"""Stepwise expectation maximisation."""

from staleness.kernels.core.context cimport Context, Step
from staleness.kernels.core.lanes cimport exact_exp, exact_log
from staleness.kernels.rules.batch_em cimport ExpectationMaximization

from staleness.kernels.core.validation import check_alpha


cdef class StepwiseEM(ExpectationMaximization):
    """mu <- (1 - eta) mu + eta N/m s,  eta = (k + 2)^-alpha, before it k updates.

    With N examples in the corpus and m in the mini-batch (Cappe & Moulines 2009; Liang & Klein
    2009): stochastic gradient descent in the space of expected counts.

    Parameters
    ----------
    alpha : float
        Above 0.5 and at most 1.
    smoothing : float
        See `ExpectationMaximization`.

    Raises
    ------
    ValueError
        If they are out of range.
    """

    cdef readonly double alpha

    def __init__(self, *, double alpha=0.7, double smoothing=0.0):
        super().__init__(smoothing=smoothing)
        check_alpha(alpha)
        self.alpha = alpha

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        cdef double eta = context.weight * exact_exp(
            -self.alpha * exact_log(context.updates + 2.0))
        step.keep = 1.0 - eta
        step.gain = eta * context.corpus / context.mini_batch
        return step
