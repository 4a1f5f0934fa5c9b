"""The gradient of a linear-chain conditional random field (Lafferty, McCallum & Pereira 2001).

It stays as it falls out of the recursions, one row of label residuals a token: an update adds it to
the token's feature rows, and nothing is ever as long as `theta`. As it is kept sentence by
sentence, an update is the same to the last bit however its sentences were split over slots.

Recursions are scaled, or in log space where these would lose something: that depends on theta and
the sentence alone. Posteriors are right at any scores that float32 holds, but where transitions are
so far apart that float64, too, would not tell paths apart: that is an error. Scores themselves are
float32 sums of float32 numbers.

Index letters: t token, i and j labels (i before j), b block of 16 labels, k whatever one array is
indexed by.
"""

import numpy as np

from libc.math cimport isfinite
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.chain cimport (
    STRETCH,
    all_finite,
    balance,
    forward_log,
    forward_scaled,
    posteriors_log,
    weighted_rows,
)
from staleness.kernels.lanes cimport (
    LANES,
    lanes,
    lanes_all,
    lanes_any_beyond,
    lanes_load,
    lanes_store,
)
from staleness.kernels.learner cimport NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.linear_chain cimport (
    LinearChain,
    Parameters,
    Workspace,
    exponentiate,
    exponentiate_transitions,
    log_probability,
    log_space_will_do,
    make_room_for_edges,
    make_room_for_logs,
    scale_transitions,
    scaled_will_do,
    score,
)
from staleness.kernels.memory cimport no_room, room


cdef class ConditionalRandomField(LinearChain):
    """The model and the gradient of its likelihood; a subclass adds the update rule.

    Parameters
    ----------
    *arrays, **sizes
        See `LinearChain`.
    """

    def __init__(self, *arrays, **sizes):
        super().__init__(*arrays, **sizes)
        self._statistics = <Statistics*>calloc(self.slots, sizeof(Statistics))
        if self._statistics == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef Py_ssize_t number
        if self._statistics != NULL:
            for number in range(self.slots):
                no_room(self._statistics[number].examples)
                no_room(self._statistics[number].nodes)
                no_room(self._statistics[number].edges)
                no_room(self._statistics[number].log_likelihoods)
            free(self._statistics)

    def gradient(self, Py_ssize_t slot=0):
        """Return the gradient that a slot holds, float64 [features + labels, labels].

        It is that of the negative log-likelihood, summed over the slot's sentences.
        """
        if not 0 <= slot < self.slots:
            raise IndexError(f"no slot {slot}")
        gradient = np.zeros((self.features + self.labels, self.labels))
        cdef double[:, ::1] out = gradient
        cdef Statistics* held = &self._statistics[slot]
        cdef const float* nodes = held.nodes
        cdef Py_ssize_t number, sentence
        for number in range(held.count):
            sentence = held.examples[number]
            self.add_dense(sentence, nodes, held.edges + number * self.labels * self._width,
                           &out[0, 0])
            nodes += self._work[sentence] * self._width
        return gradient

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Statistics* out = &self._statistics[slot]
        cdef Py_ssize_t tokens = 0, k
        for k in range(count):
            tokens += self._work[examples[k]]
        if self.reserve(out, count, tokens) != OK:
            return NO_MEMORY
        memcpy(out.examples, examples, count * sizeof(int32_t))
        out.count = count
        if self._width == LANES:
            return gradients(self, self.parameters(slot), &self._workspaces[workspace], out, 1)
        return gradients(self, self.parameters(slot), &self._workspaces[workspace], out,
                         self._width // LANES)

    cdef Status reserve(
        self,
        Statistics* slot,
        Py_ssize_t count,
        Py_ssize_t tokens,
    ) noexcept nogil:
        cdef Py_ssize_t row = self._width * sizeof(float)
        slot.examples = <int32_t*>room(slot.examples, count * sizeof(int32_t))
        slot.edges = <float*>room(slot.edges, count * self.labels * row)
        slot.nodes = <float*>room(slot.nodes, tokens * row)
        if self._with_log_likelihoods:
            slot.log_likelihoods = <double*>room(slot.log_likelihoods, count * sizeof(double))
        if slot.examples == NULL or slot.edges == NULL or slot.nodes == NULL or (
            self._with_log_likelihoods and slot.log_likelihoods == NULL
        ):
            slot.count = 0
            return NO_MEMORY
        return OK

    cdef void add(
        self, const Statistics* slot, Parameters* theta, float factor, float threshold
    ) noexcept nogil:
        """Add `factor` times a slot's gradient to the rows, without tokens below the threshold."""
        if self._width == LANES:
            add_gradients(self, theta, slot, factor, threshold, 1)
        else:
            add_gradients(self, theta, slot, factor, threshold, self._width // LANES)

    cdef void add_dense(
        self, Py_ssize_t sentence, const float* nodes, const float* edges, double* out
    ) noexcept nogil:
        """Add a sentence's gradient, its nodes and edges, to `out` [features + labels, labels]."""
        cdef Py_ssize_t t, k, i, j
        cdef double* row
        for t in range(self._offsets[sentence], self._offsets[sentence + 1]):
            for k in range(self._feature_offsets[t], self._feature_offsets[t + 1]):
                row = out + self._features[k] * self.labels
                for j in range(self.labels):
                    row[j] += nodes[j]
            nodes += self._width
        for i in range(self.labels):
            row = out + (self.features + i) * self.labels
            for j in range(self.labels):
                row[j] += edges[i * self._width + j]

    cdef int64_t tokens_beyond(self, const Statistics* slot, float threshold) noexcept nogil:
        """How many tokens of a slot are not below the threshold."""
        cdef Py_ssize_t number, b, blocks = self._width // LANES
        cdef const float* nodes = slot.nodes
        cdef int64_t beyond = 0
        cdef bint counts
        for number in range(slot.count):
            for _ in range(self._work[slot.examples[number]]):
                counts = False
                for b in range(blocks):
                    counts = counts or lanes_any_beyond(lanes_load(nodes, b), threshold)
                beyond += counts
                nodes += self._width
        return beyond


cdef inline Status gradients(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,
    Statistics* out,                    # IN: examples, count; OUT: all others
    Py_ssize_t blocks,
) noexcept nogil:
    """The gradients of -log p(y | x) of the slot's sentences."""
    cdef Py_ssize_t width = blocks * LANES, number, sentence, begin, n, t
    cdef const int32_t* features = NULL
    cdef float* nodes = out.nodes
    if model._features.shape[0]:
        features = &model._features[0]
    cdef float* edges
    cdef float least, most
    cdef double log_likelihood = 0.0
    cdef bint scaled
    cdef Status status
    least = scale_transitions(model, theta, workspace, blocks)
    most = exponentiate_transitions(model, workspace, blocks)
    scaled = scaled_will_do(least, most)
    for number in range(out.count):
        sentence = out.examples[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        edges = out.edges + number * model.labels * width
        if n == 0:
            memset(edges, 0, model.labels * width * sizeof(float))
            if out.log_likelihoods != NULL:
                out.log_likelihoods[number] = 0.0
            continue
        score(model, theta, &model._feature_offsets[begin], features, n, workspace.emission, blocks)
        if not scaled:
            if not log_space_will_do(least, most, n):
                return NOT_FINITE
            status = residuals_log(model, workspace, most, &model._gold[begin], n, nodes, edges,
                                   &log_likelihood, blocks)
        else:
            if out.log_likelihoods != NULL:
                log_likelihood = log_probability(
                    model, theta, workspace, most, n, &model._gold[begin], blocks)
                if not isfinite(log_likelihood):
                    return NOT_FINITE
            else:
                for t in range(n):
                    exponentiate(workspace.emission + t * width, blocks)
                if not forward_scaled(workspace.emission, workspace.transition, n, model.labels,
                                      workspace.forward, workspace.scale, 0.0, blocks):
                    return NOT_FINITE
            status = residuals(model, workspace, &model._gold[begin], n, nodes, edges, blocks)
        if status != OK:
            return status
        if out.log_likelihoods != NULL:
            out.log_likelihoods[number] = log_likelihood
        nodes += n * width
    return OK


cdef inline Status residuals(
    ConditionalRandomField model,
    Workspace* workspace,               # IN: emission, forward, scale, transition, transposed
    const int32_t* gold,                # IN [n]
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    float* edges,                       # OUT [labels, width]
    Py_ssize_t blocks,
) noexcept nogil:
    """Posteriors less gold, from the last token to the first.

    beta_{t-1}(i) = sum_j M(i, j) v_t(j),  v_t(j) = psi_t(j) beta_t(j) / c_t
    p(y_t = j | x) = alpha_t(j) beta_t(j)
    p(y_{t-1} = i, y_t = j | x) = alpha_{t-1}(i) M(i, j) v_t(j)

    Of a long sentence, what float32 has summed and multiplied is put right after each stretch.
    """
    cdef Py_ssize_t labels = model.labels, width = blocks * LANES, t, i, b, k
    cdef float* beta = workspace.backward
    cdef float* v = workspace.weighted
    cdef const float* alpha
    cdef lanes of_lanes
    memset(edges, 0, labels * width * sizeof(float))
    if n > STRETCH:
        if make_room_for_edges(model, workspace) != OK:
            return NO_MEMORY
        memset(workspace.edges, 0, labels * width * sizeof(double))
    for b in range(blocks):
        lanes_store(beta, b, lanes_all(1.0))
    for t in range(n - 1, -1, -1):
        alpha = workspace.forward + t * width
        for b in range(blocks):
            lanes_store(nodes + t * width, b, lanes_load(alpha, b) * lanes_load(beta, b))
        nodes[t * width + gold[t]] -= 1.0
        if t == 0:
            break
        alpha -= width
        for b in range(blocks):
            of_lanes = lanes_load(workspace.emission + t * width, b) * lanes_load(beta, b)
            of_lanes = of_lanes * lanes_all(1.0 / workspace.scale[t])
            lanes_store(v, b, of_lanes)
            for i in range(labels):
                lanes_store(edges + i * width, b, lanes_load(edges + i * width, b)
                            + lanes_all(alpha[i]) * of_lanes)
        weighted_rows(v, workspace.transposed, labels, beta, blocks)
        if t % STRETCH == 0:
            balance(beta, alpha, blocks)
            less_gold(workspace, gold, t, min(t + STRETCH, n), labels, edges, blocks)
            for k in range(labels * width):
                workspace.edges[k] += edges[k]
                edges[k] = 0.0
    less_gold(workspace, gold, 1, min(<Py_ssize_t>STRETCH, n), labels, edges, blocks)
    if n > STRETCH:
        for k in range(labels * width):
            edges[k] = <float>(workspace.edges[k] + edges[k])
    return OK


cdef inline void less_gold(
    const Workspace* workspace,         # IN: transition
    const int32_t* gold,
    Py_ssize_t first,                   # IN: transitions into tokens first to last - 1
    Py_ssize_t last,
    Py_ssize_t labels,
    float* edges,                       # IN: sums of alpha_{t-1}(i) v_t(j); OUT [labels, width]
    Py_ssize_t blocks,
) noexcept nogil:
    """Expected transitions, less those of gold."""
    cdef Py_ssize_t width = blocks * LANES, t, b
    for b in range(labels * blocks):
        lanes_store(edges, b, lanes_load(edges, b) * lanes_load(workspace.transition, b))
    for t in range(first, last):
        edges[gold[t - 1] * width + gold[t]] -= 1.0


cdef inline Status residuals_log(
    ConditionalRandomField model,
    Workspace* workspace,               # IN: emission, holding scores; weights
    float most,                         # IN: the greatest of weights
    const int32_t* gold,                # IN [n]
    Py_ssize_t n,
    float* nodes,                       # OUT [n, width]
    float* edges,                       # OUT [labels, width]
    double* log_likelihood,             # OUT
    Py_ssize_t blocks,
) noexcept nogil:
    """Posteriors less gold, in log space; the log-likelihood beside them."""
    cdef Py_ssize_t labels = model.labels, width = blocks * LANES, t, k
    if not all_finite(workspace.emission, n, labels, blocks):
        return NOT_FINITE
    if not all_finite(workspace.weights, labels, labels, blocks):
        return NOT_FINITE
    if make_room_for_logs(model, workspace, n) != OK:
        return NO_MEMORY
    log_likelihood[0] = forward_log(workspace.emission, workspace.weights, most, n, labels, gold,
                                    workspace.alpha, workspace.greatest, width)
    posteriors_log(workspace.emission, workspace.weights, most, n, labels, workspace.alpha,
                   workspace.greatest, nodes, workspace.edges, width)
    for t in range(n):
        nodes[t * width + gold[t]] -= 1.0
        if t:
            workspace.edges[gold[t - 1] * width + gold[t]] -= 1.0
    for k in range(labels * width):
        edges[k] = <float>workspace.edges[k]
    return OK


cdef inline void add_gradients(
    ConditionalRandomField model,
    Parameters* theta,                  # OUT
    const Statistics* slot,
    float factor,
    float threshold,
    Py_ssize_t blocks,
) noexcept nogil:
    """rows += factor * gradient, sentence by sentence, token by token.

    Rows that other threads have just read or written are what an update on several cores costs: a
    token that would change next to nothing is not worth taking its rows away from them.
    """
    cdef float* rows = theta.emissions
    cdef float* transitions = theta.transitions
    cdef const float* nodes = slot.nodes
    cdef const float* edges = slot.edges
    cdef Py_ssize_t width = blocks * LANES, number, sentence, t, k, b
    cdef bint counts
    cdef float* row
    cdef lanes step
    for number in range(slot.count):
        sentence = slot.examples[number]
        for t in range(model._offsets[sentence], model._offsets[sentence + 1]):
            counts = False
            for b in range(blocks):
                counts = counts or lanes_any_beyond(lanes_load(nodes, b), threshold)
            for b in range(blocks if counts else 0):
                step = lanes_all(factor) * lanes_load(nodes, b)
                for k in range(model._feature_offsets[t], model._feature_offsets[t + 1]):
                    row = rows + model._features[k] * width
                    lanes_store(row, b, lanes_load(row, b) + step)
            nodes += width
        for b in range(model.labels * blocks):
            lanes_store(transitions, b, lanes_load(transitions, b)
                        + lanes_all(factor) * lanes_load(edges, b))
        edges += model.labels * width
