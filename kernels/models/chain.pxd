"""Recursions over a chain of states (Rabiner 1989), shared by CRF and HMM.

Rows are float32, padded to `blocks` cache lines of 16 lanes, 64-byte aligned. Padding lanes of
`emission` are 0, which keeps them 0 in every product with it; those of `scores` are -inf. Index
letters: t position, i and j states (i before j), b block.
"""

from libc.float cimport FLT_MIN
from libc.math cimport INFINITY
from libc.stdint cimport int32_t
from libc.string cimport memset

from staleness.kernels.core.lanes cimport (
    LANES,
    exact_exp,
    exact_log,
    lanes,
    lanes_all,
    lanes_at_least,
    lanes_argmax,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_store,
    lanes_store_unaligned,
    lanes_sum,
)

cdef enum:
    LEAST_EXPONENT = -700   # that exact_exp takes
    AT_ONCE = 3             # blocks whose sums do not wait for each other
    MOST_LABELS = 1024      # as in validation.py
    STRETCH = 256           # tokens whose sums float32 holds as exactly as it must; see `balance`


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

    Scaled as in section V.A of Rabiner. A `least` keeps alpha from the denormal numbers, on which
    arithmetic is slow. A c_t whose inverse would be infinite counts as 0.
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


cdef inline void balance(
    float* beta,                # IN, OUT [width]
    const float* alpha,         # IN [width], of the same token
    Py_ssize_t blocks,
) noexcept nogil:
    """Make sum_j alpha(j) beta(j) = 1 again, after a stretch of roundings."""
    cdef Py_ssize_t b
    cdef lanes total = lanes_all(0.0)
    cdef float over
    for b in range(blocks):
        total = total + lanes_load(alpha, b) * lanes_load(beta, b)
    over = 1.0 / lanes_sum(total)
    for b in range(blocks):
        lanes_store(beta, b, lanes_load(beta, b) * lanes_all(over))


# ---- in log space: float64, slower, but in any range of numbers ---------------------------------

cdef inline double exp_of(double x) noexcept nogil:
    """exp(x) of a logarithm of a share."""
    return exact_exp(x) if x > LEAST_EXPONENT else 0.0


cdef inline double log_sum(const double* values, Py_ssize_t count) noexcept nogil:
    """log sum_k exp(values[k])."""
    cdef Py_ssize_t k
    cdef double most = values[0], total = 0.0
    for k in range(1, count):
        most = max(most, values[k])
    for k in range(count):
        total += exp_of(values[k] - most)
    return most + exact_log(total)


cdef inline float greatest_of(const float* row, Py_ssize_t count) noexcept nogil:
    """The greatest of a row."""
    cdef Py_ssize_t k
    cdef float most = row[0]
    for k in range(1, count):
        most = max(most, row[k])
    return most


cdef inline double forward_log(
    const float* scores,        # IN [n, width], logarithms
    const float* transition,    # IN [states, width], the same, from state i (row) to j (lane)
    float most,                 # IN: the greatest of transition
    Py_ssize_t n,
    Py_ssize_t states,
    const int32_t* path,        # IN [n]
    double* alpha,              # OUT [n, states], log alpha, each row less its greatest
    double* greatest,           # OUT [n], what that was
    Py_ssize_t width,
) noexcept nogil:
    """The logarithm of one sequence's share in sum over all sequences of exp(their score).

    log alpha_t(j) = score_t(j) + log sum_i exp(log alpha_{t-1}(i) + w(i, j))

    From scores and transitions their greatest is taken first, so that nothing of interest is
    rounded in a sum with something far greater.
    """
    cdef Py_ssize_t t, i, j
    cdef double share = 0.0
    cdef double[MOST_LABELS] onward
    cdef double* here
    cdef const double* before
    cdef float above
    for t in range(n):
        here = alpha + t * states
        above = greatest_of(scores + t * width, states)
        for j in range(states):
            here[j] = <double>scores[t * width + j] - above
        share += here[path[t]]
        if t:
            share += <double>transition[path[t - 1] * width + path[t]] - most
            before = here - states
            for j in range(states):
                for i in range(states):
                    onward[i] = before[i] + (<double>transition[i * width + j] - most)
                here[j] += log_sum(onward, states)
        greatest[t] = here[0]
        for j in range(1, states):
            greatest[t] = max(greatest[t], here[j])
        for j in range(states):
            here[j] -= greatest[t]
        share -= greatest[t]
    return share - log_sum(alpha + (n - 1) * states, states)


cdef inline void posteriors_log(
    const float* scores,        # IN [n, width], logarithms
    const float* transition,    # IN [states, width], the same
    float most,                 # IN: the greatest of transition
    Py_ssize_t n,
    Py_ssize_t states,
    const double* alpha,        # IN [n, states], of forward_log
    const double* greatest,     # IN [n], of forward_log
    float* nodes,               # OUT [n, width], p(y_t = j), 0 in padding lanes
    double* edges,              # OUT [states, width], sum_t p(y_{t-1} = i, y_t = j); likewise
    Py_ssize_t width,
) noexcept nogil:
    """Posteriors, from the last token to the first.

    log beta_{t-1}(i) = log sum_j exp(w(i, j) + score_t(j) + log beta_t(j))
    """
    cdef Py_ssize_t t, i, j
    cdef double[MOST_LABELS] beta, onward, sums
    cdef double whole
    cdef float above
    memset(edges, 0, states * width * sizeof(double))
    memset(nodes, 0, n * width * sizeof(float))
    for j in range(states):
        beta[j] = 0.0
    for t in range(n - 1, -1, -1):
        for j in range(states):
            sums[j] = alpha[t * states + j] + beta[j]
        whole = log_sum(sums, states)
        for j in range(states):
            nodes[t * width + j] = <float>exp_of(sums[j] - whole)
        if t == 0:
            break
        whole += greatest[t]
        above = greatest_of(scores + t * width, states)
        for j in range(states):
            onward[j] = <double>scores[t * width + j] - above + beta[j]
        for i in range(states):
            for j in range(states):
                sums[j] = <double>transition[i * width + j] - most + onward[j]
                edges[i * width + j] += exp_of(alpha[(t - 1) * states + i] + sums[j] - whole)
            beta[i] = log_sum(sums, states)
        whole = beta[0]
        for j in range(1, states):
            whole = max(whole, beta[j])
        for j in range(states):
            beta[j] -= whole


# ---- the best sequence --------------------------------------------------------------------------

cdef inline bint viterbi(
    const float* scores,        # IN [n, width], logarithms
    const float* transition,    # IN [states, width], the same, from state i (row) to j (lane)
    Py_ssize_t n,
    Py_ssize_t states,
    float* delta,               # scratch [n, width]
    int32_t* back,              # scratch [n, width]
    int32_t* best,              # OUT [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """The best sequence of states; of equals, the one with the lowest states from the end on.

    False if scores are not finite.
    """
    if viterbi_within(scores, transition, n, states, delta, back, best, 1.0, STRETCH, blocks):
        return True
    # An eighth of each score, less the greatest after each token: that float32 can hold.
    return viterbi_within(scores, transition, n, states, delta, back, best, 0.125, 1, blocks)


cdef inline bint viterbi_within(
    const float* scores,
    const float* transition,
    Py_ssize_t n,
    Py_ssize_t states,
    float* delta,
    int32_t* back,
    int32_t* best,
    float share,                # a constant: what scores are multiplied with
    Py_ssize_t stretch,         # a constant: tokens after which the greatest is taken from delta
    Py_ssize_t blocks,
) noexcept nogil:
    """The same, of some share of the scores; false if a delta is not finite.

    delta_t(j) = score_t(j) + max_i (delta_{t-1}(i) + w(i, j)), less the same for all j now and then
    """
    cdef Py_ssize_t t, i, b, width = blocks * LANES
    cdef const float* before = scores
    cdef lanes most
    cdef lanes_int argument
    if share != 1.0:
        for b in range(blocks):
            lanes_store(delta, b, lanes_load(scores, b) * lanes_all(share))
        take_greatest(delta, states, blocks)
        before = delta
    for t in range(1, n):
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            argument = lanes_int_all(0)
            for i in range(states):
                lanes_argmax(&most, &argument,
                             lanes_all(before[i])
                             + lanes_load(transition + i * width, b) * lanes_all(share), i)
            lanes_store(delta + t * width, b,
                        most + lanes_load(scores + t * width, b) * lanes_all(share))
            lanes_int_store(back + t * width, b, argument)
        before = delta + t * width
        if t % stretch == 0:
            take_greatest(delta + t * width, states, blocks)
    best[n - 1] = 0
    for i in range(1, states):
        if before[i] > before[best[n - 1]]:
            best[n - 1] = i
    for t in range(n - 1, 0, -1):
        best[t - 1] = back[t * width + best[t]]
    return (all_finite(scores, 1, states, blocks)
            and all_finite(delta + width, n - 1, states, blocks))


cdef inline void take_greatest(float* row, Py_ssize_t states, Py_ssize_t blocks) noexcept nogil:
    """row <- row - its greatest."""
    cdef Py_ssize_t b
    cdef lanes greatest = lanes_all(greatest_of(row, states))
    for b in range(blocks):
        lanes_store(row, b, lanes_load(row, b) - greatest)


cdef inline bint all_finite(
    const float* rows,          # IN [n, width]
    Py_ssize_t n,
    Py_ssize_t states,
    Py_ssize_t blocks,
) noexcept nogil:
    """Whether all that is not padding is finite."""
    cdef Py_ssize_t t, j, b, width = blocks * LANES
    cdef float[LANES] none
    cdef lanes total
    for b in range(blocks):
        total = lanes_all(0.0)
        for t in range(n):
            # 0 times anything finite is 0; times anything else it is not a number.
            total = total + lanes_load(rows + t * width, b) * lanes_all(0.0)
        lanes_store_unaligned(none, total)
        for j in range(min(states - b * LANES, <Py_ssize_t>LANES)):
            if none[j] != 0.0:
                return False
    return True
