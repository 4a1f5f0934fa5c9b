"""What is learned of examples; see model.pyx."""

from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.context cimport Status
from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.core.table cimport Table


cdef struct Held:
    # The examples that a slot's statistics are of.
    Buffer[int32_t] examples    # [count]
    Py_ssize_t count


cdef class Model:
    cdef readonly Table table
    cdef const int32_t[::1] work_of             # [examples]
    cdef vector[Held] held                      # [slots]
    cdef bint one_scale         # whether `compute` must see rows of the scale that it has read

    cdef Status hold(
        self,
        Py_ssize_t slot,
        const int32_t* examples,    # IN [count]: numbers of the examples
        Py_ssize_t count,
    ) noexcept nogil
    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil
    cdef void add(
        self,
        Py_ssize_t slot,
        double factor,
        Py_ssize_t share,           # IN: which of `shares` parts of the rows
        Py_ssize_t shares,
    ) noexcept nogil
    cdef void exchange(self, Py_ssize_t slot, double weight) noexcept nogil
    cdef int64_t touched(self, Py_ssize_t slot) noexcept nogil
    cdef int64_t work(self, Py_ssize_t slot) noexcept nogil
