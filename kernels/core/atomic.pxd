"""Numbers that several threads change."""

from libc.stdint cimport int64_t

cdef extern from * nogil:
    """
    #define FETCH_ADD(address, value) __atomic_fetch_add(address, value, __ATOMIC_RELAXED)
    #define LOAD(address) __atomic_load_n(address, __ATOMIC_RELAXED)

    static inline double atomic_load(const double *address)
    {
        double value;
        __atomic_load((double *)address, &value, __ATOMIC_RELAXED);
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
    int64_t FETCH_ADD(int64_t* address, int64_t value) noexcept     # what was there before
    int64_t LOAD(int64_t* address) noexcept
    double atomic_load(const double* address) noexcept
    void atomic_store(double* address, double value) noexcept
    void atomic_add(double* address, double value) noexcept
    double atomic_multiply(double* address, double factor) noexcept     # the product
