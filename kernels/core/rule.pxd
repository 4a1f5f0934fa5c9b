"""How an update is made of statistics; see rule.pyx."""

from staleness.kernels.core.context cimport Context, Status, Step
from staleness.kernels.core.model cimport Model


cdef class Rule:
    cdef object failure         # what `update` could not raise, being without the GIL

    cdef Step step(self, const Context* context) noexcept nogil
    cdef void apply(
        self, Model model, Py_ssize_t slot, double factor, const Context* context
    ) noexcept nogil
    cdef Status update(
        self,
        Model model,
        Py_ssize_t first,           # IN: slots first to last - 1, in order, as one update
        Py_ssize_t last,
        const Context* context,
    ) noexcept nogil
