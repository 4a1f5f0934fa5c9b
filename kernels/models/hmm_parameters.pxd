"""What the HMM keeps; see hmm_parameters.pyx."""

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.model cimport Model
from staleness.kernels.models.counts cimport CountsTable


cdef struct Counts:
    # One copy of mu, over its scale.
    float* emissions            # [words, width]
    float* transitions          # [S, width]  from state i (row) to j (lane)
    float* starts               # [width]
    double* totals              # [width]     of each state's emissions
    const double* scale


cdef class HMMTable(CountsTable):
    cdef Py_ssize_t words
    cdef Py_ssize_t states
    cdef Py_ssize_t width


cdef class HMMParameters(Model):
    cdef readonly Py_ssize_t states
    cdef readonly Py_ssize_t words
    cdef readonly double smoothing
    cdef Py_ssize_t _width
    cdef object _beginning                  # posteriors and transitions before learning
    cdef const int64_t[::1] _offsets
    cdef const int32_t[::1] _tokens
    cdef bint _keeps                        # whether examples' statistics are kept
    cdef float[:, ::1] _kept_nodes          # [tokens, width], of every example, where they are kept
    cdef float[:, :, ::1] _kept_edges       # [sentences, S, width]

    cdef Counts counts_of(self, Py_ssize_t copy) noexcept nogil
