"""The rows of theta with a common scale, and their replicas; see table.pyx."""

from libc.stdint cimport int64_t

from staleness.kernels.core.context cimport Status, Step
from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.core.reader_lock cimport ReaderLock


cdef class Table:
    cdef readonly Py_ssize_t slots
    cdef readonly Py_ssize_t replicas
    cdef readonly bint overlapping          # whether several may be inside an update at once
    cdef Py_ssize_t learned                 # the first copy that is learned: 1, or 0 if it is theta
    cdef float[:, ::1] rows                 # [copies, size]  theta over the copy's scale
    cdef Buffer[double] scales              # [copies]        atomic
    cdef ReaderLock lock                    # held alone while a scale is moved into its rows

    cdef begin(self, Py_ssize_t copies, Py_ssize_t slots, Py_ssize_t replicas)
    cdef Py_ssize_t copy(self, Py_ssize_t slot) noexcept nogil
    cdef Status begin_update(
        self,
        Py_ssize_t first,           # IN: of slots first to last - 1, whose copy is updated
        Py_ssize_t last,
        const Step* step,           # IN
        double* factor,             # OUT: the gain, over the scale that statistics are added to
    ) noexcept nogil
    cdef void end_update(self, Py_ssize_t first) noexcept nogil
    cdef double fold(self, Py_ssize_t copy, double scale) noexcept nogil
    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil
    cdef void clear(self, Py_ssize_t copy) noexcept nogil
    cdef void mean(self) noexcept nogil
    cdef void average(self) noexcept nogil
    cdef void settle(self) noexcept nogil


cdef class DoubleTable(Table):
    cdef double[:, ::1] values              # [rows, width]  over the scale


cdef class AveragedTable(Table):
    cdef double[:, :, ::1] sums             # [learned copies, rows, columns]  of (k - 1) d_k
    cdef int64_t[::1] numbers               # [learned copies]  updates of each; atomic
    cdef int64_t[::1] before                # [slots]  of the update under way, updates before it
    cdef Py_ssize_t width                   # of a row, padded

    cdef void means(self, Py_ssize_t row, double* last, double* average) noexcept nogil
