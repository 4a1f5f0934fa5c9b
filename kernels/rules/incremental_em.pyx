"""Incremental expectation maximisation."""

from staleness.kernels.core.context cimport OK, Context, Status, Step
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

    @property
    def asks(self):
        """That every example's statistics are kept until it is seen again."""
        return {**super().asks, "keep_statistics": True}

    cdef Step step(self, const Context* context) noexcept nogil:
        cdef Step step
        step.keep = step.gain = 1.0
        return step

    # What is added is not s, but s less what the model has kept of the same examples.
    cdef Status update(
        self, Model model, Py_ssize_t first, Py_ssize_t last, const Context* context
    ) noexcept nogil:
        cdef Step step = self.step(context)
        cdef double factor
        cdef Py_ssize_t slot
        cdef Status status
        status = model.table.begin_update(first, last, &step, &factor)
        if status != OK:
            return status
        for slot in range(first, last):
            if model.held[slot].count:
                model.exchange(slot, context.weight)
        model.table.end_update(first)
        return OK
