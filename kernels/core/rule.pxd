"""How an update is made of statistics; see rule.pyx."""

from staleness.kernels.core.context cimport Context, Status, Step, Update
from staleness.kernels.core.model cimport Model


cdef class Rule:
    cdef object failure         # what `update` could not raise, being without the GIL

    cdef Step step(self, const Context* context) noexcept nogil
    cdef Status begin(self, Model model, Update* update) noexcept nogil
    cdef Status share(
        self,
        Model model,
        const Update* update,
        Py_ssize_t share,           # IN: which of `shares` parts of the rows
        Py_ssize_t shares,
    ) noexcept nogil
    cdef void end(self, Model model, const Update* update) noexcept nogil
