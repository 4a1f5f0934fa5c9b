"""Scaled recursions over a chain of states (Rabiner 1989, section V.A), shared by CRF and HMM.

Rows are float32, padded to `blocks` cache lines of 16 lanes, 64-byte aligned. Padding lanes of
`emission` are 0, which keeps them 0 in every product with it. Index letters: t position, i and j
states (i before j), b block.
"""

from libc.math cimport INFINITY

from staleness.kernels.lanes cimport (
    LANES,
    lanes,
    lanes_all,
    lanes_at_least,
    lanes_load,
    lanes_store,
    lanes_sum,
)


cdef inline void weighted_rows(
    const float* weights,       # IN [states]
    const float* rows,          # IN [states, width]
    Py_ssize_t states,
    float* out,                 # OUT [width]
    Py_ssize_t blocks,
) noexcept nogil:
    """out[j] = sum_i weights[i] rows[i, j], i ascending, even and odd i apart."""
    cdef Py_ssize_t i, b, width = blocks * LANES
    cdef lanes even, odd
    for b in range(blocks):
        even = lanes_all(0.0)
        odd = lanes_all(0.0)
        i = 0
        while i + 1 < states:
            even = even + lanes_all(weights[i]) * lanes_load(rows + i * width, b)
            odd = odd + lanes_all(weights[i + 1]) * lanes_load(rows + (i + 1) * width, b)
            i += 2
        if i < states:
            even = even + lanes_all(weights[i]) * lanes_load(rows + i * width, b)
        lanes_store(out, b, even + odd)


cdef inline bint forward_scaled(
    const float* emission,      # IN [n, width]
    const float* transition,    # IN [states, width], from state i (row) to j (lane)
    Py_ssize_t n,
    Py_ssize_t states,
    float* forward,             # OUT [n, width], each row of sum 1
    float* scale,               # OUT [n], the sums before scaling
    float least,                # alpha below it is 0
    Py_ssize_t blocks,
) noexcept nogil:
    """alpha_t(j) = psi_t(j) sum_i alpha_{t-1}(i) M(i, j) / c_t; false if a c_t is not finite.

    A `least` keeps alpha from the denormal numbers, on which arithmetic is slow.
    """
    cdef Py_ssize_t t, b, width = blocks * LANES
    cdef float* row
    cdef lanes total
    cdef float c
    for t in range(n):
        row = forward + t * width
        if t:
            weighted_rows(row - width, transition, states, row, blocks)
            for b in range(blocks):
                lanes_store(row, b, lanes_load(row, b) * lanes_load(emission + t * width, b))
        else:
            for b in range(blocks):
                lanes_store(row, b, lanes_load(emission, b))
        total = lanes_load(row, 0)
        for b in range(1, blocks):
            total = total + lanes_load(row, b)
        c = lanes_sum(total)
        if not 0.0 < c < INFINITY:
            return False
        scale[t] = c
        for b in range(blocks):
            total = lanes_load(row, b) * lanes_all(1.0 / c)
            lanes_store(row, b, lanes_at_least(total, least) if least > 0.0 else total)
    return True
