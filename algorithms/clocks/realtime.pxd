"""Time, waiting and handing over between threads; see realtime.h."""

from libc.stdint cimport int64_t

cdef extern from "realtime.h" nogil:
    double seconds_now() noexcept
    void sleep_for(double seconds) noexcept
    void wait_a_little(int64_t step) noexcept
    int64_t load_acquire(const int64_t* address) noexcept
    void store_release(int64_t* address, int64_t value) noexcept
    void store_time(double* address, double value) noexcept
    int64_t fetch_add(int64_t* address, int64_t value) noexcept

    ctypedef struct gate:
        pass
    int gate_init(gate* g) noexcept
    void gate_lock(gate* g) noexcept
    void gate_unlock(gate* g) noexcept
    void gate_tell_watcher(gate* g) noexcept
    void gate_open(gate* g) noexcept
    void gate_stand(gate* g) noexcept
    int gate_watch(gate* g, double deadline) noexcept
