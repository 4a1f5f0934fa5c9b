"""Arrays whose rows begin on cache lines."""

import numpy as np

cdef extern from "lanes.h":
    enum:
        FLOATS "LANES"
        LANES_REGISTER

cdef extern from "memory.h":
    enum:
        BYTES "CACHE_LINE"

LINE = BYTES                        # bytes of a cache line
LANES = FLOATS                      # float32 in a cache line
VECTOR_BITS = 8 * LANES_REGISTER    # of the registers that these kernels are compiled for


def padded_width(columns):
    """Return `columns` rounded up to whole cache lines of float32."""
    return -(-columns // LANES) * LANES


def aligned_rows(rows, columns):
    """Return zeros, float32 [rows, padded_width(columns)], the first element on a cache line."""
    width = padded_width(columns)
    spare = LINE // 4
    flat = np.zeros(rows * width + spare, dtype=np.float32)
    start = (-flat.ctypes.data % LINE) // 4
    return flat[start : start + rows * width].reshape(rows, width)
