"""Rows on cache lines."""

import numpy as np
import pytest

from staleness.kernels.core.memory import LINE, aligned_rows, padded_width


@pytest.mark.parametrize(
    ("columns", "width"), [(0, 0), (1, 16), (15, 16), (16, 16), (17, 32), (32, 32), (128, 128)]
)
def test_width_is_whole_cache_lines(columns, width):
    assert padded_width(columns) == width


@pytest.mark.parametrize("rows", [0, 1, 3, 1000])
@pytest.mark.parametrize("columns", [1, 16, 17])
def test_rows_begin_on_cache_lines(rows, columns):
    # Many at once: a single one may lie on a cache line by luck.
    for array in [aligned_rows(rows, columns) for _ in range(20)]:
        assert array.shape == (rows, padded_width(columns))
        assert array.dtype == np.float32
        assert array.flags.c_contiguous
        assert not array.any()
        if rows:
            assert array.ctypes.data % LINE == 0
            assert array.strides[0] % LINE == 0


def test_arrays_share_no_memory():
    first, second = aligned_rows(4, 9), aligned_rows(4, 9)
    first[:] = 1.0
    assert not second.any()
    assert first.sum() == 4 * 16
