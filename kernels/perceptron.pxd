"""Averaged structured perceptron; see perceptron.pyx."""

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.learner cimport Status
from staleness.kernels.linear_chain cimport LinearChain


cdef struct Decoded:
    # What `calc` leaves in a slot: sentences, what they were taken for, and how far to step.
    int32_t* examples           # [count]     numbers of the sentences
    Py_ssize_t count
    double* steps               # [count]     tau, 0 where the decoded labels are gold
    int32_t* labels             # [tokens]    the best sequence of each sentence


cdef class StructuredPerceptron(LinearChain):
    cdef Decoded* _decoded
    cdef double[:, :, ::1] _sums    # [copies, features + L, L], of additions times their number
    cdef int64_t[::1] _numbers      # [copies], updates of each; atomic

    cdef double step(
        self,
        Py_ssize_t workspace,       # scratch; one a thread
        Py_ssize_t sentence,
        const int32_t* decoded,     # IN [n], not gold
        Py_ssize_t loss,            # IN: tokens where it is not
        double margin,              # IN: score of gold less that of `decoded`
    ) noexcept nogil
    cdef Status reserve(self, Decoded* slot, Py_ssize_t count, Py_ssize_t tokens) noexcept nogil
    cdef void means(self, Py_ssize_t row, double* last, double* average) noexcept nogil
