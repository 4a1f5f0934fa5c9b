"""Memory that begins on cache lines, without the GIL."""

from posix.stdlib cimport posix_memalign

cdef enum:
    CACHE_LINE = 64


cdef inline void* aligned(size_t size) noexcept nogil:
    """Memory on a cache line, or NULL."""
    cdef void* memory = NULL
    if posix_memalign(&memory, CACHE_LINE, max(size, <size_t>CACHE_LINE)) != 0:
        return NULL
    return memory
