"""The linear-chain model, and what its learners share of a sentence; see linear_chain.pyx.

A `blocks` argument comes last, so that calls with a constant 1 (up to 16 labels: nearly always)
compile to code without block loops.
"""

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.atomic cimport atomic_load
from staleness.kernels.core.context cimport NO_MEMORY, OK, Status
from staleness.kernels.core.lanes cimport (
    LANES,
    PREFETCH,
    exact_log,
    lanes,
    lanes_all,
    lanes_exp,
    lanes_greatest,
    lanes_load,
    lanes_max,
    lanes_store,
)
from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.core.model cimport Model
from staleness.kernels.models.chain cimport forward_scaled

cdef enum:
    MOST_SPREAD = 30        # of transitions; see `scaled_will_do`
    MOST_TOTAL_SPREAD = 0x40000000     # of them, times tokens; see `log_space_will_do`
    AHEAD = 64              # feature rows from a prefetch to its use: two tokens of 32 features


cdef struct Workspace:
    # Scratch of one thread, for sentences of n tokens at most; L labels, padded to `width` lanes.
    Buffer[float] emission      # [n, width]  scores; then exp(score - greatest of the token)
    Buffer[float] forward       # [n, width]  alpha, each row of sum 1; or Viterbi's delta
    Buffer[float] scale         # [n]         c_t, the row sums before scaling
    Buffer[int32_t] back        # [n, width]  Viterbi's best label before each
    Buffer[float] weights       # [L, width]  theta from label i (row) to j (lane)
    Buffer[float] transition    # [L, width]  exp(theta - greatest), the same way
    Buffer[float] transposed    # [L, width]  the same, from label i (lane) to j (row)
    Buffer[float] backward      # [width]     beta of one token
    Buffer[float] weighted      # [width]     psi beta / c of one token
    # In log space, and of long sentences; room is made when it is needed.
    Buffer[double] alpha        # [n, L]      log alpha, each row less its greatest
    Buffer[double] greatest     # [n]         what that was
    Buffer[double] edges        # [L, width]  sums over more than a stretch of tokens


cdef struct Parameters:
    # One copy of theta, as scale * rows.
    float* emissions            # [features, width]
    float* transitions          # [L, width], from label i (row) to j (lane)
    const double* scale


cdef class LinearChain(Model):
    cdef readonly Py_ssize_t labels
    cdef readonly Py_ssize_t features
    cdef Py_ssize_t _width
    cdef float[:, ::1] _padding             # [1, width], 0 for a label, -inf for padding
    cdef const int64_t[::1] _offsets
    cdef const int32_t[::1] _gold
    cdef const int64_t[::1] _feature_offsets
    cdef const int32_t[::1] _features
    cdef vector[Workspace] _workspaces

    cdef Parameters parameters(self, Py_ssize_t copy) noexcept nogil


cdef inline void score(
    LinearChain model,
    const Parameters* theta,
    const int64_t* feature_offsets,     # IN [n + 1], of the sentence's tokens
    const int32_t* features,            # IN, of the whole corpus
    Py_ssize_t n,
    float* scores,                      # OUT [n, width], -inf in padding lanes
    Py_ssize_t blocks,
) noexcept nogil:
    """scores[t, j] = sum of theta[f, j] over the features f of token t."""
    cdef const float* rows = theta.emissions
    cdef const float* padding = &model._padding[0, 0]
    cdef Py_ssize_t t, b, k, end, width = blocks * LANES
    cdef Py_ssize_t last = feature_offsets[n]
    cdef lanes scale = lanes_all(<float>atomic_load(theta.scale))
    cdef lanes even, odd
    prefetch(rows, features, feature_offsets[0], min(feature_offsets[0] + AHEAD, last), blocks)
    for t in range(n):
        end = feature_offsets[t + 1]
        prefetch(rows, features, min(feature_offsets[t] + AHEAD, last), min(end + AHEAD, last),
                 blocks)
        for b in range(blocks):
            # Two sums, as one alone would wait for its last addition every time.
            even = lanes_all(0.0)
            odd = lanes_all(0.0)
            k = feature_offsets[t]
            while k + 1 < end:
                even = even + lanes_load(rows + features[k] * width, b)
                odd = odd + lanes_load(rows + features[k + 1] * width, b)
                k += 2
            if k < end:
                even = even + lanes_load(rows + features[k] * width, b)
            lanes_store(scores + t * width, b, (even + odd) * scale + lanes_load(padding, b))


cdef inline void prefetch(
    const float* rows,
    const int32_t* features,
    Py_ssize_t begin,
    Py_ssize_t end,
    Py_ssize_t blocks,
) noexcept nogil:
    """Ask for the rows of features[begin] to features[end - 1]."""
    cdef Py_ssize_t width = blocks * LANES, k, b
    for k in range(begin, end):
        for b in range(blocks):
            PREFETCH(rows + features[k] * width + b * LANES)


cdef inline float exponentiate(float* row, Py_ssize_t blocks) noexcept nogil:
    """row <- exp(row - greatest); returns the greatest."""
    cdef Py_ssize_t b
    cdef lanes greatest = lanes_load(row, 0)
    for b in range(1, blocks):
        greatest = lanes_max(greatest, lanes_load(row, b))
    cdef float most = lanes_greatest(greatest)
    for b in range(blocks):
        lanes_store(row, b, lanes_exp(lanes_load(row, b) - lanes_all(most)))
    return most


cdef inline float scale_transitions(
    LinearChain model,
    const Parameters* theta,
    Workspace* workspace,               # OUT: weights, -inf in padding lanes
    Py_ssize_t blocks,
) noexcept nogil:
    """weights[i, j] = theta[i, j]; returns the least."""
    cdef Py_ssize_t i, b, width = blocks * LANES
    cdef lanes scale = lanes_all(<float>atomic_load(theta.scale)), padding, weight
    cdef lanes least = lanes_all(-INFINITY)
    for i in range(model.labels):
        for b in range(blocks):
            padding = lanes_load(&model._padding[0, 0], b)
            weight = lanes_load(theta.transitions + i * width, b) * scale
            lanes_store(workspace.weights.data + i * width, b, weight + padding)
            least = lanes_max(least, padding - weight)
    return -lanes_greatest(least)


cdef inline float exponentiate_transitions(
    LinearChain model,
    Workspace* workspace,               # IN: weights; OUT: transition, transposed
    Py_ssize_t blocks,
) noexcept nogil:
    """M(i, j) = exp(theta[i, j] - greatest), by rows and by columns; returns the greatest."""
    cdef Py_ssize_t i, j, b, width = blocks * LANES
    cdef float* row
    cdef lanes greatest = lanes_all(-INFINITY)
    for b in range(model.labels * blocks):
        greatest = lanes_max(greatest, lanes_load(workspace.weights.data, b))
    cdef float most = lanes_greatest(greatest)
    for i in range(model.labels):
        row = workspace.transition.data + i * width
        for b in range(blocks):
            lanes_store(row, b, lanes_exp(lanes_load(workspace.weights.data + i * width, b)
                                          - lanes_all(most)))
        for j in range(model.labels):
            workspace.transposed.data[j * width + i] = row[j]
    return most


cdef inline bint scaled_will_do(float least, float most) noexcept nogil:
    """Whether scaled recursions lose nothing, given the least and the greatest transition.

    What float32 loses is what lies below e^-87. With transitions M from e^-D to 1, a sum
    sum_i alpha_{t-1}(i) M(i, j) is the same for all j to within e^D; so is beta_t(j), whose mean
    over alpha_t is 1; and c_t is at least e^-D, as the greatest psi_t is 1. So

    - if psi_t(j) is lost, alpha_t(j) would have been below e^(-87 + D);
    - if psi_t(j) sum_i alpha_{t-1}(i) M(i, j) is, it is below e^-87 / c_t, no more than the same;
    - the posterior alpha_t(j) beta_t(j) of what is lost is below e^(-87 + 2 D).

    Emissions may be anything. False, too, if a transition is not finite.
    """
    return <double>most - least <= MOST_SPREAD


cdef inline bint log_space_will_do(float least, float most, Py_ssize_t n) noexcept nogil:
    """Whether float64 tells apart what counts in a sentence of n tokens; false if not finite.

    By the same token a label counts only if log alpha is above -D - 40: what is rounded there at
    each token is some D 2^-53.
    """
    return n * (<double>most - least) <= MOST_TOTAL_SPREAD


cdef inline Status make_room_for_logs(
    LinearChain model, Workspace* workspace, Py_ssize_t n
) noexcept nogil:
    """Make room for n tokens in log space."""
    if workspace.alpha.reserve(n * model.labels) and workspace.greatest.reserve(n):
        return make_room_for_edges(model, workspace)
    return NO_MEMORY


cdef inline Status make_room_for_edges(LinearChain model, Workspace* workspace) noexcept nogil:
    """Make room for sums of transitions in float64."""
    return OK if workspace.edges.reserve(model.labels * model._width) else NO_MEMORY


cdef inline double log_probability(
    LinearChain model,
    const Parameters* theta,
    Workspace* workspace,               # IN: emission, holding scores; transition
                                        # OUT: emission as exp(score - greatest), forward, scale
    float most,                         # IN: what was subtracted before exponentiating transition
    Py_ssize_t n,
    const int32_t* gold,                # IN [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """log p(gold | x) = score of gold - sum_t (log c_t + what was subtracted), in nats."""
    cdef Py_ssize_t width = blocks * LANES, t
    cdef double total = 0.0
    for t in range(n):
        total += workspace.emission.data[t * width + gold[t]]
        if t:
            total += atomic_load(theta.scale) * theta.transitions[gold[t - 1] * width + gold[t]]
        total -= exponentiate(workspace.emission.data + t * width, blocks)
    total -= (n - 1) * <double>most
    if not forward_scaled(workspace.emission.data, workspace.transition.data, n, model.labels,
                          workspace.forward.data, workspace.scale.data, 0.0, blocks):
        return INFINITY - INFINITY
    for t in range(n):
        total -= exact_log(workspace.scale.data[t])
    return total


cdef inline double path_score(
    const Workspace* workspace,         # IN: emission, holding scores; weights
    const int32_t* labels,              # IN [n]
    Py_ssize_t n,
    Py_ssize_t blocks,
) noexcept nogil:
    """The score of one label sequence."""
    cdef Py_ssize_t width = blocks * LANES, t
    cdef double total = workspace.emission.data[labels[0]]
    for t in range(1, n):
        total += workspace.emission.data[t * width + labels[t]]
        total += workspace.weights.data[labels[t - 1] * width + labels[t]]
    return total
