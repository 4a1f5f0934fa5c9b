"""Memory that begins on cache lines, without the GIL."""

from libc.stdlib cimport free
from posix.stdlib cimport posix_memalign

cdef enum:
    CACHE_LINE = 64


cdef inline void* aligned(size_t size) noexcept nogil:
    """Memory on a cache line, or NULL."""
    cdef void* memory = NULL
    if posix_memalign(&memory, CACHE_LINE, max(size, <size_t>CACHE_LINE)) != 0:
        return NULL
    return memory


cdef inline void* room(void* memory, size_t size) noexcept nogil:
    """`memory` if that is room enough, or else new room in its place, on a cache line, or NULL.

    What was in it is then lost. Room grows by half more than was asked for, so that it settles
    within the first few mini-batches. It is to be released with `no_room`; its size stands before
    it.
    """
    if memory != NULL and (<size_t*>(<char*>memory - CACHE_LINE))[0] >= size:
        return memory
    no_room(memory)
    size += size // 2
    memory = aligned(CACHE_LINE + size)
    if memory == NULL:
        return NULL
    (<size_t*>memory)[0] = size
    return <char*>memory + CACHE_LINE


cdef inline void no_room(void* memory) noexcept nogil:
    """Release what `room` returned, or NULL."""
    if memory != NULL:
        free(<char*>memory - CACHE_LINE)
