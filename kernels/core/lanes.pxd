"""Sixteen float32 lanes for Cython; see lanes.h."""

from libc.stdint cimport int32_t

cdef extern from "lanes.h" nogil:
    enum: LANES
    # Arithmetic on `lanes` acts on each lane; a float operand must be spread with lanes_all first.
    ctypedef float lanes
    ctypedef int lanes_int
    lanes lanes_load(const float* row, Py_ssize_t b) noexcept
    void lanes_store(float* row, Py_ssize_t b, lanes x) noexcept
    lanes lanes_load_unaligned(const float* values) noexcept
    void lanes_store_unaligned(float* to, lanes x) noexcept
    lanes lanes_all(float x) noexcept
    lanes_int lanes_int_all(int32_t x) noexcept
    void lanes_int_store(int32_t* row, Py_ssize_t b, lanes_int x) noexcept
    lanes lanes_max(lanes a, lanes b) noexcept
    void lanes_argmax(
        lanes* best,            # IN, OUT
        lanes_int* argument,    # IN, OUT
        lanes candidate,
        int32_t index,
    ) noexcept
    float lanes_sum(lanes x) noexcept
    float lanes_greatest(lanes x) noexcept
    lanes lanes_at_least(lanes x, float least) noexcept
    lanes lanes_at_most(lanes x, float most) noexcept
    lanes lanes_raised(lanes x, float least) noexcept
    lanes lanes_where_positive(lanes x, lanes of) noexcept
    bint lanes_any_beyond(lanes x, float least) noexcept
    bint lanes_differ(lanes x, lanes y) noexcept
    lanes lanes_exp(lanes x) noexcept
    double exact_log(double x) noexcept
    double exact_exp(double x) noexcept

cdef extern from * nogil:
    """
    #define PREFETCH(address) __builtin_prefetch(address)
    """
    void PREFETCH(const void* address) noexcept
