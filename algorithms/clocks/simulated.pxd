"""The simulated clock; see simulated.pyx."""

from libc.stdint cimport int64_t
from staleness.algorithms.clocks.clock cimport Clock
from staleness.kernels.core.context cimport Status


cdef struct Costs:
    # Seconds; see `staleness.algorithms.costs.Costs`.
    double compute_fixed
    double compute_example
    double compute_work
    double update_fixed
    double update_work
    double average_replica
    double barrier


cdef class SimulatedClock(Clock):
    cdef Costs _costs
    cdef double[::1] _due               # [P] when a processor's instruction ends; inf: it waits
    cdef int64_t[::1] _sequence         # [P] when that was set: the earlier goes first in a tie
    cdef int64_t _events
    cdef Py_ssize_t _resume             # processor to go on with, or -1
    cdef Py_ssize_t _ended
    cdef Py_ssize_t _arrived            # at the barrier
    cdef Py_ssize_t _updated            # have made their part of the update under way
    cdef Py_ssize_t _holder             # of the lock, or -1
    cdef Py_ssize_t[::1] _queue         # [P] ring of those who wait for it
    cdef Py_ssize_t _queue_head
    cdef Py_ssize_t _queue_length

    cdef int run(self) noexcept nogil
    cdef Py_ssize_t earliest(self) noexcept nogil
    cdef void finish(self, Py_ssize_t p, double now) noexcept nogil
    cdef void begin(self, Py_ssize_t p, double now) noexcept nogil
    cdef Status update_all(self) noexcept nogil
    cdef void set_due(self, Py_ssize_t p, double when) noexcept nogil
