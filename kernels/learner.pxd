"""What a clock needs of a task: `calc` and `up`, without the GIL."""

from libc.stdint cimport int32_t, int64_t
from staleness.kernels.gate cimport gate

# What calc and up return: 0, or what went wrong.
cdef enum Status:
    OK = 0
    NOT_FINITE = 1
    NO_MEMORY = 2
    FAILED = 3              # by the exception in `failure`


cdef extern from * nogil:
    """
    #define FETCH_ADD(address, value) __atomic_fetch_add(address, value, __ATOMIC_RELAXED)
    #define LOAD(address) __atomic_load_n(address, __ATOMIC_RELAXED)

    static inline double atomic_load(double *address)
    {
        double value;
        __atomic_load(address, &value, __ATOMIC_RELAXED);
        return value;
    }

    static inline void atomic_store(double *address, double value)
    {
        __atomic_store(address, &value, __ATOMIC_RELAXED);
    }

    static inline void atomic_add(double *address, double value)
    {
        double before = atomic_load(address), after;
        do
            after = before + value;
        while (!__atomic_compare_exchange(address, &before, &after, 1, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    }

    static inline double atomic_multiply(double *address, double factor)
    {
        double before = atomic_load(address), after;
        do
            after = before * factor;
        while (!__atomic_compare_exchange(address, &before, &after, 1, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
        return after;
    }
    """
    int64_t FETCH_ADD(int64_t* address, int64_t value) noexcept
    int64_t LOAD(int64_t* address) noexcept
    double atomic_load(double* address) noexcept
    void atomic_store(double* address, double value) noexcept
    void atomic_add(double* address, double value) noexcept
    double atomic_multiply(double* address, double factor) noexcept     # the product


cdef class Learner:
    cdef readonly Py_ssize_t slots
    cdef readonly Py_ssize_t workspaces
    cdef readonly Py_ssize_t replicas
    cdef readonly bint overlapping
    cdef int64_t _updates       # this and the next: atomic, as others look while one counts
    cdef int64_t _examples
    cdef object failure         # what `up` could not raise, being without the GIL
    cdef const int32_t[::1] _work
    cdef int64_t[:, ::1] _touched       # [slots, a cache line]: work that `up` of a slot will touch
    cdef gate _gate             # for rules that move a scale into what it multiplies; see gate.h

    cdef Status calc(
        self,
        Py_ssize_t slot,            # OUT: where the statistics are kept until `up`
        Py_ssize_t workspace,       # scratch; one a thread
        const int32_t* examples,    # IN [count]: numbers of the examples
        Py_ssize_t count,
    ) noexcept nogil

    cdef Status up(
        self,
        Py_ssize_t first,           # IN: slots first to last - 1, in order, as one update
        Py_ssize_t last,
    ) noexcept nogil

    cdef void average(self) noexcept nogil
    cdef void count_update(self, Py_ssize_t examples) noexcept nogil
    cdef raise_for(self, Status status)
