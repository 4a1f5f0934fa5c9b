"""Batch expectation maximisation."""

from staleness.kernels.core.context cimport Context, Step
from staleness.kernels.core.rule cimport Rule

from staleness.kernels.core.validation import check_smoothing


cdef class ExpectationMaximization(Rule):
    """mu <- s, with the expected counts s of the whole corpus (Dempster, Laird & Rubin 1977).

    Parameters
    ----------
    smoothing : float
        Added to every count of the whole corpus before theta is normalised.

    Raises
    ------
    ValueError
        If it is negative or not finite.
    """

    # There is no step: what has no probability at all has never been counted.
    remedy = "take a larger smoothing"

    def __init__(self, *, double smoothing=0.0):
        check_smoothing(smoothing)
        self.smoothing = smoothing

    @property
    def asks(self):
        """The smoothing; see the models that have expected counts."""
        return {"smoothing": self.smoothing}

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        step.keep = 0.0
        step.gain = 1.0
        return step
