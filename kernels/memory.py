"""Arrays whose rows begin on cache lines."""

import numpy as np

CACHE_LINE = 64  # bytes
LANES = 16  # float32 in a cache line


def padded_width(columns):
    """Return `columns` rounded up to whole cache lines of float32."""
    return -(-columns // LANES) * LANES


def aligned_rows(rows, columns):
    """Return zeros, float32 [rows, padded_width(columns)], the first element on a cache line."""
    width = padded_width(columns)
    spare = CACHE_LINE // 4
    flat = np.zeros(rows * width + spare, dtype=np.float32)
    start = (-flat.ctypes.data % CACHE_LINE) // 4
    return flat[start : start + rows * width].reshape(rows, width)
