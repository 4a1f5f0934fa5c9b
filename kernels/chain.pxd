"""Recursions over a chain of states (Rabiner 1989), shared by CRF and HMM.

Rows are float32, padded to `blocks` cache lines of 16 lanes, 64-byte aligned. Padding lanes of
`emission` are 0, which keeps them 0 in every product with it; those of `scores` are -inf. Index
letters: t position, i and j states (i before j), b block.
"""

from libc.float cimport FLT_MIN
from libc.math cimport INFINITY
from libc.stdint cimport int32_t

from staleness.kernels.lanes cimport (
    LANES,
    exact_exp,
    exact_log,
    lanes,
    lanes_all,
    lanes_at_least,
    lanes_argmax,
    lanes_exp,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_max,
    lanes_store,
    lanes_sum,
)

cdef enum:
    LEAST_EXPONENT = -700   # that exact_exp takes
    AT_ONCE = 3             # blocks whose sums do not wait for each other


cdef inline void weighted_rows(
    const float* weights,       # IN [states]
    const float* rows,          # IN [states, width]
    Py_ssize_t states,
    float* out,                 # OUT [width]
    Py_ssize_t blocks,
) noexcept nogil:
    """out[j] = sum_i weights[i] rows[i, j], i ascending, even and odd i apart."""
    cdef Py_ssize_t first = 0
    while first + AT_ONCE <= blocks:
        weighted_blocks(weights, rows, states, out, blocks, first, AT_ONCE)
        first += AT_ONCE
    while first < blocks:
        weighted_blocks(weights, rows, states, out, blocks, first, 1)
        first += 1


cdef inline void weighted_blocks(
    const float* weights,       # IN [states]
    const float* rows,          # IN [states, width]
    Py_ssize_t states,
    float* out,                 # OUT [width], its blocks from `first` on
    Py_ssize_t blocks,
    Py_ssize_t first,
    Py_ssize_t count,           # at most AT_ONCE, and a constant: the sums are then in registers
) noexcept nogil:
    """The same for `count` blocks side by side: a sum waits for its last addition every time."""
    cdef Py_ssize_t i = 0, b, width = blocks * LANES
    cdef lanes[AT_ONCE] even, odd
    cdef lanes weight
    for b in range(count):
        even[b] = lanes_all(0.0)
        odd[b] = lanes_all(0.0)
    while i + 1 < states:
        weight = lanes_all(weights[i])
        for b in range(count):
            even[b] = even[b] + weight * lanes_load(rows + i * width, first + b)
        weight = lanes_all(weights[i + 1])
        for b in range(count):
            odd[b] = odd[b] + weight * lanes_load(rows + (i + 1) * width, first + b)
        i += 2
    if i < states:
        weight = lanes_all(weights[i])
        for b in range(count):
            even[b] = even[b] + weight * lanes_load(rows + i * width, first + b)
    for b in range(count):
        lanes_store(out, first + b, even[b] + odd[b])


cdef inline bint forward_scaled(
    const float* emission,      # IN [n, width]
    const float* transition,    # IN [states, width], from state i (row) to j (lane)
    Py_ssize_t n,
    Py_ssize_t states,
    float* forward,             # OUT [n, width], each row of sum 1
    float* scale,               # OUT [n], the sums before scaling; where it fails, the last is bad
    float least,                # alpha below it is 0
    Py_ssize_t blocks,
) noexcept nogil:
    """alpha_t(j) = psi_t(j) sum_i alpha_{t-1}(i) M(i, j) / c_t; false if a c_t is 0 or not finite.

    Scaled as in section V.A. A `least` keeps alpha from the denormal numbers, on which arithmetic
    is slow. A c_t whose inverse would be infinite counts as 0.
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
        scale[t] = c
        if not FLT_MIN / 2 <= c < INFINITY:
            return False
        for b in range(blocks):
            total = lanes_load(row, b) * lanes_all(1.0 / c)
            lanes_store(row, b, lanes_at_least(total, least) if least > 0.0 else total)
    return True


cdef inline double forward_log(
    const float* scores,        # IN [n, width], logarithms
    const float* transition,    # IN [states, width], the same, from state i (row) to j (lane)
    Py_ssize_t n,
    Py_ssize_t states,
    float* alpha,               # scratch [width]
    float* following,           # scratch [width]
    float* sums,                # scratch [width]
    Py_ssize_t blocks,
) noexcept nogil:
    """log sum over all sequences of exp(their score): slower, but in any range of numbers.

    log alpha_t(j) = score_t(j) + log sum_i exp(log alpha_{t-1}(i) + w(i, j)), less its greatest
    """
    cdef Py_ssize_t t, i, j, b, width = blocks * LANES
    cdef double taken_out = 0.0, rest = 0.0
    cdef float greatest
    cdef lanes most, total
    for j in range(states):
        following[j] = scores[j]
    for t in range(1, n + 1):
        greatest = -INFINITY
        for j in range(states):
            greatest = max(greatest, following[j])
        for j in range(states):
            alpha[j] = following[j] - greatest
        taken_out += greatest
        if t == n:
            break
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            for i in range(states):
                most = lanes_max(most, lanes_all(alpha[i])
                                 + lanes_load(transition + i * width, b))
            total = lanes_all(0.0)
            for i in range(states):
                total = total + lanes_exp(lanes_all(alpha[i])
                                          + lanes_load(transition + i * width, b) - most)
            lanes_store(following, b, most + lanes_load(scores + t * width, b))
            lanes_store(sums, b, total)
        for j in range(states):
            following[j] += <float>exact_log(sums[j])
    for j in range(states):
        rest += exact_exp(max(alpha[j], LEAST_EXPONENT))
    return taken_out + exact_log(rest)


cdef inline void viterbi(
    const float* scores,        # IN [n, width], logarithms
    const float* transition,    # IN [states, width], the same, from state i (row) to j (lane)
    Py_ssize_t n,
    Py_ssize_t states,
    float* delta,               # scratch [n, width]
    int32_t* back,              # scratch [n, width]
    int32_t* best,              # OUT [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """The best sequence of states; of equals, the one with the lowest states from the end on."""
    cdef Py_ssize_t t, i, b, width = blocks * LANES
    cdef const float* before = scores
    cdef lanes most
    cdef lanes_int argument
    for t in range(1, n):
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            argument = lanes_int_all(0)
            for i in range(states):
                lanes_argmax(&most, &argument,
                             lanes_all(before[i]) + lanes_load(transition + i * width, b), i)
            lanes_store(delta + t * width, b, most + lanes_load(scores + t * width, b))
            lanes_int_store(back + t * width, b, argument)
        before = delta + t * width
    best[n - 1] = 0
    for i in range(1, states):
        if before[i] > before[best[n - 1]]:
            best[n - 1] = i
    for t in range(n - 1, 0, -1):
        best[t - 1] = back[t * width + best[t]]
