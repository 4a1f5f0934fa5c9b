"""A translation table; see translation.pyx."""

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.model cimport Model
from staleness.kernels.models.counts cimport CountsTable


cdef struct Counts:
    # One copy of mu, over its scale.
    float* pairs                # [parameters]          of target word e by source word f
    double* totals              # [1 + source words]    of each source word, the null word first
    const double* scale


cdef class TranslationTable(CountsTable):
    cdef TranslationModel first
    cdef TranslationModel second                   # or None


cdef class TranslationModel(Model):
    cdef readonly Py_ssize_t source_words
    cdef readonly Py_ssize_t target_words
    cdef readonly Py_ssize_t parameters
    cdef readonly double smoothing
    cdef Py_ssize_t _row                    # where its rows and totals begin in the table
    cdef Py_ssize_t _total
    cdef Py_ssize_t _longest                # most source positions of a pair, the null word's too
    cdef Py_ssize_t _most                   # most cells of a pair
    cdef const int64_t[::1] _source_offsets
    cdef const int32_t[::1] _source
    cdef const int64_t[::1] _target_offsets
    cdef const int64_t[::1] _cell_offsets   # [pairs + 1]
    cdef const int32_t[::1] _cells          # parameter of each cell (j, i) of each sentence pair
    cdef const int32_t[::1] _targets        # [parameters]: target word
    cdef const int32_t[::1] _sources        # [parameters]: source word + 1, 0 the null word
    cdef double[::1] _greatest              # [target words], scratch of `fold`
    cdef bint _keeps                        # whether examples' statistics are kept
    cdef float[::1] _kept_cells             # [cells], of every example, where they are kept

    cdef Counts counts(self, Py_ssize_t copy) noexcept nogil
    cdef Py_ssize_t length(self, Py_ssize_t n) noexcept nogil
    cdef void fold(self, Py_ssize_t copy, double factor) noexcept nogil
