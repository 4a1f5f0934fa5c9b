"""What both clocks share: the processors and what an instruction does, apart from its time."""

from libc.stdint cimport int8_t, int32_t, int64_t
from staleness.kernels.core.context cimport Status, Update
from staleness.kernels.core.learner cimport Learner


cdef packed struct TraceRow:
    # One mini-batch, or one processor's share of it; times in seconds of the clock.
    int32_t processor       # -1: not begun
    int32_t mini_batch
    int32_t examples
    int64_t work            # tokens or cells
    int64_t update_work     # of these, what this row's update, or part of one, touches
    double start            # theta is read
    double computed         # statistics are there
    double delay            # artificial pause
    double barrier_wait
    double lock_wait
    double update           # duration of the update itself
    double end
    int64_t update_number   # counted from 1; 0: a policy has dropped it
    int32_t staleness       # updates by others between start and this one


cdef struct Processor:
    Py_ssize_t counter      # of its instruction in the program; -1 before the first
    int64_t turn            # mini-batches taken
    int64_t repeated        # how often REPEAT was met since it last went on
    const int32_t* examples  # of the one in hand
    Py_ssize_t count
    int64_t updates_read    # updates in theta when it was read
    int64_t own_updates     # since then, to a replica of its own
    double since            # when it began to wait
    TraceRow* row


cdef class Clock:
    cdef readonly Learner learner
    cdef readonly Py_ssize_t processors
    cdef readonly Py_ssize_t mini_batch_size
    cdef readonly double time           # of the latest update, seconds
    cdef readonly object trace          # structured array of TraceRow
    cdef const int8_t[::1] _program
    cdef const double[::1] _operands    # of its instructions; 0 where there is none
    cdef const int32_t[::1] _order
    cdef const double[:, ::1] _delays
    cdef const double[::1] _weights     # of a step, by the update's staleness
    cdef const int64_t[::1] _touched    # by the update of each mini-batch; empty: ask the model
    cdef const int64_t[::1] _evaluations
    cdef Py_ssize_t _evaluation         # index of the next
    cdef int64_t _next                  # mini-batch of the queue
    cdef int64_t _mini_batches
    cdef Py_ssize_t _repeat             # where the program's REPEAT is, or -1
    cdef Processor* _processors
    cdef TraceRow* _rows
    cdef Update _update                 # of all processors together, from its begin to its end
    cdef Status _failure
    cdef int64_t _failed_batch
    cdef Py_ssize_t _failed_processor

    cdef void open_row(self, Py_ssize_t p, int64_t batch, TraceRow* row) noexcept nogil
    cdef bint take(self, Py_ssize_t p) noexcept nogil
    cdef bint share(self, Py_ssize_t p) noexcept nogil
    cdef bint deal(self, Py_ssize_t p) noexcept nogil
    cdef bint obtain(self, Py_ssize_t p, int instruction, double now) noexcept nogil
    cdef void repeat(self, Py_ssize_t p) noexcept nogil
    cdef void average(self) noexcept nogil
    cdef Status compute(self, Py_ssize_t p, Py_ssize_t workspace, double now) noexcept nogil
    cdef Status update(self, Py_ssize_t p) noexcept nogil
    cdef bint is_before(self, Py_ssize_t p, int instruction) noexcept nogil
    cdef bint is_after(self, Py_ssize_t p, int instruction) noexcept nogil
    cdef Status begin_update_all(self) noexcept nogil
    cdef void end_update_all(self) noexcept nogil
    cdef int64_t staleness(self, Py_ssize_t p) noexcept nogil
    cdef double weight(self, int64_t staleness) noexcept nogil
    cdef double delay(self, Py_ssize_t p) noexcept nogil
    cdef bint evaluation_is_due(self) noexcept nogil
    cdef void fail(self, Py_ssize_t p, Status status) noexcept nogil
    cdef raise_failure(self)
    cdef pass_evaluations(self)
