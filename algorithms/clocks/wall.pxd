"""The wall clock; see wall.pyx."""

from libc.stdint cimport int64_t
from staleness.algorithms.clocks.clock cimport Clock
from staleness.algorithms.clocks.realtime cimport gate
from staleness.kernels.core.context cimport Status


cdef struct Signals:
    # Words that threads wait for, each on a cache line of its own.
    int64_t ticket              # lock: the next to be given out
    int64_t[7] after_ticket
    int64_t serving             # lock: the one whose turn it is
    int64_t[7] after_serving
    int64_t arrived             # barrier: how many have come
    int64_t[7] after_arrived
    int64_t generation          # barrier: how often it has opened
    int64_t[7] after_generation
    int64_t pause               # 1: stand still at the next instruction
    int64_t stop                # 1: end at the next instruction
    int64_t resumptions         # how often all have gone on


cdef class WallClock(Clock):
    cdef list _threads
    cdef list _cores
    cdef list _errors
    cdef Signals _signals
    cdef bint _held                     # the caller of `advance` knows that all stand
    cdef gate _gate
    cdef Py_ssize_t _standing           # threads; this and the next behind the gate's mutex
    cdef Py_ssize_t _ended
    cdef double _origin                 # of the clock: pauses are added to it
    cdef double _paused_at

    cdef double now(self) noexcept nogil
    cdef void run(self, Py_ssize_t p) noexcept nogil
    cdef bint go_on(self) noexcept nogil
    cdef void stand(self) noexcept nogil
    cdef void end(self) noexcept nogil
    cdef void updated(self, double now) noexcept nogil
    cdef bint wait_at_barrier(self, Py_ssize_t p, Status* status) noexcept nogil
    cdef bint wait_for_lock(self) noexcept nogil
    cdef bint pause_for(self, double seconds) noexcept nogil
    cdef bint all_stand(self) noexcept nogil
