"""Memory that begins on cache lines and frees itself; see memory.h."""

cdef extern from "memory.h" nogil:
    enum: CACHE_LINE                        # bytes

    cppclass Buffer "buffer"[number]:
        number* data
        size_t size
        bint reserve(size_t wanted)         # false if there is no memory; what was there is lost
        bint zeros(size_t wanted)           # likewise
