"""Incremental expectation maximisation."""

from staleness.kernels.core.context cimport OK, Context, Status, Step, Update
from staleness.kernels.core.model cimport Model
from staleness.kernels.rules.batch_em cimport ExpectationMaximization


cdef class IncrementalEM(ExpectationMaximization):
    """mu <- mu - (s of these examples when last seen) + s (Neal & Hinton 1998).

    The mean of replicas would not be the sum of the examples' counts: there are none.

    Parameters
    ----------
    smoothing : float
        See `ExpectationMaximization`.
    """

    averages = False
    divisible = False       # totals go by what all counts did change, one after the other

    @property
    def asks(self):
        """That every example's statistics are kept until it is seen again."""
        return {**super().asks, "keep_statistics": True}

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        step.keep = step.gain = 1.0
        return step

    # What is added is not s, but s less what the model has kept of the same examples.
    cdef Status share(
        self, Model model, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef Py_ssize_t slot
        for slot in range(update.first, update.last):
            if model.held[slot].count:
                model.exchange(slot, update.context.weight)
        return OK
