"""Expectation maximisation; see em.pyx."""

from libc.stdint cimport int32_t
from staleness.kernels.gate cimport gate
from staleness.kernels.learner cimport Learner, Status


cdef class ExpectationMaximization(Learner):
    cdef int _rule
    cdef readonly double alpha
    cdef readonly double smoothing
    cdef double* _scales        # [1 + replicas]: a copy's counts are scale * what is stored
    cdef Py_ssize_t* _held      # [slots]: examples in a slot's statistics
    cdef gate _gate

    cdef bint keeps_statistics(self) noexcept nogil
    cdef Status rescale(self, Py_ssize_t copy) noexcept nogil

    # What a model adds. `copy` is 0, or 1 + slot where there are replicas.
    cdef Status expect(
        self,
        Py_ssize_t slot,            # OUT: expected counts
        Py_ssize_t workspace,
        Py_ssize_t copy,            # IN: theta
        const int32_t* examples,    # IN [count]
        Py_ssize_t count,
    ) noexcept nogil
    cdef void clear(self, Py_ssize_t copy) noexcept nogil
    cdef void add(self, Py_ssize_t slot, Py_ssize_t copy, double factor) noexcept nogil
    cdef void exchange(self, Py_ssize_t slot, Py_ssize_t copy) noexcept nogil
    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil
    cdef void mean(self) noexcept nogil
    cdef void copy_mean(self) noexcept nogil
