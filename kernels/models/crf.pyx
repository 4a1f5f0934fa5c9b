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
from libc.string cimport memset

from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status, is_mine
from staleness.kernels.core.lanes cimport (
    LANES,
    lanes,
    lanes_all,
    lanes_any_beyond,
    lanes_load,
    lanes_store,
)
from staleness.kernels.core.model cimport Held
from staleness.kernels.models.chain cimport (
    STRETCH,
    all_finite,
    balance,
    forward_log,
    forward_scaled,
    posteriors_log,
    weighted_rows,
)
from staleness.kernels.models.linear_chain cimport (
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


cdef class ConditionalRandomField(LinearChain):
    """The model, whose statistics are the gradient of its negative log-likelihood.

    Parameters
    ----------
    *arrays, **sizes
        See `LinearChain`.
    """

    divisible = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double threshold=0.0, bint log_likelihoods=False):
        """Make the table, slots and workspaces; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        threshold : float
            Tokens whose label residuals, p(y_t = j | x) - [gold label is j], are all below it are
            left out of what is added.
        log_likelihoods : bool
            Whether those of sentences are found too, for `objective`.
        """
        super().prepare(slots, workspaces, replicas)
        self.threshold = threshold
        self._with_log_likelihoods = log_likelihoods
        self._gradients.resize(slots)
        if log_likelihoods:
            self._parts.resize(self.work_of.shape[0])

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 [features + labels, labels].

        The gradient of the negative log-likelihood, summed over the slot's sentences.
        """
        if not 0 <= slot < <Py_ssize_t>self.held.size():
            raise IndexError(f"no slot {slot}")
        gradient = np.zeros((self.features + self.labels, self.labels))
        cdef double[:, ::1] out = gradient
        cdef Held* held = &self.held[slot]
        cdef const float* nodes = self._gradients[slot].nodes.data
        cdef const float* edges = self._gradients[slot].edges.data
        cdef Py_ssize_t number, sentence
        for number in range(held.count):
            sentence = held.examples.data[number]
            self.add_dense(sentence, nodes, edges, &out[0, 0])
            nodes += self.work_of[sentence] * self._width
            edges += self.labels * self._width
        return gradient

    def objective(self, Py_ssize_t first, Py_ssize_t last):
        """Return the negative log-likelihood of the corpus, and its gradient.

        Both are added up in float64 in the order of the corpus, so that neither the order in which
        sentences were visited nor the slots that they were split over change a bit.

        Parameters
        ----------
        first, last : int
            Slots first to last - 1 hold every sentence of the corpus once.

        Returns
        -------
        objective : float
            In nats.
        gradient : ndarray of float64 [features + labels, labels]

        Raises
        ------
        ValueError
            If they do not.
        """
        gradient = np.zeros((self.features + self.labels, self.labels))
        cdef double[:, ::1] out = gradient
        cdef double objective = 0.0
        cdef Py_ssize_t sentence
        cdef Part* part
        if not self.find_parts(first, last):
            raise ValueError("an update needs every sentence of the corpus, once")
        with nogil:
            for sentence in range(self.work_of.shape[0]):
                part = &self._parts[sentence]
                objective -= part.log_likelihood
                self.add_dense(sentence, part.nodes, part.edges, &out[0, 0])
        return objective, gradient

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef Gradient* out = &self._gradients[slot]
        cdef Py_ssize_t count = self.held[slot].count
        cdef Parameters theta = self.parameters(self.table.copy(slot))
        if not (out.nodes.reserve(self.work(slot) * self._width)
                and out.edges.reserve(count * self.labels * self._width)):
            return NO_MEMORY
        if self._with_log_likelihoods and not out.log_likelihoods.reserve(count):
            return NO_MEMORY
        if self._width == LANES:
            return gradients(self, &theta, &self._workspaces[workspace], &self.held[slot], out, 1)
        return gradients(self, &theta, &self._workspaces[workspace], &self.held[slot], out,
                         self._width // LANES)

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef Parameters theta = self.parameters(self.table.copy(slot))
        if self._width == LANES:
            add_gradients(self, &theta, &self.held[slot], &self._gradients[slot], <float>factor,
                          share, shares, 1)
        else:
            add_gradients(self, &theta, &self.held[slot], &self._gradients[slot], <float>factor,
                          share, shares, self._width // LANES)

    cdef int64_t touched(self, Py_ssize_t slot) noexcept nogil:
        """Tokens of a slot that are not below the threshold."""
        cdef Py_ssize_t b, blocks = self._width // LANES
        cdef const float* nodes = self._gradients[slot].nodes.data
        cdef int64_t beyond = 0
        cdef bint counts
        for _ in range(self.work(slot)):
            counts = False
            for b in range(blocks):
                counts = counts or lanes_any_beyond(lanes_load(nodes, b), self.threshold)
            beyond += counts
            nodes += self._width
        return beyond

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

    cdef bint find_parts(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        """Find every sentence's statistics in the slots; false if one is missing or there twice."""
        cdef Py_ssize_t slot, number, sentence, missing = self.work_of.shape[0]
        cdef const Held* held
        cdef const Gradient* gradient
        cdef const float* nodes
        cdef Part* part
        for sentence in range(self.work_of.shape[0]):
            self._parts[sentence].edges = NULL
        for slot in range(first, last):
            held = &self.held[slot]
            gradient = &self._gradients[slot]
            nodes = gradient.nodes.data
            for number in range(held.count):
                sentence = held.examples.data[number]
                part = &self._parts[sentence]
                if part.edges != NULL:
                    return False
                part.nodes = nodes
                part.edges = gradient.edges.data + number * self.labels * self._width
                part.log_likelihood = gradient.log_likelihoods.data[number]
                nodes += self.work_of[sentence] * self._width
                missing -= 1
        return missing == 0


cdef inline Status gradients(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,
    const Held* held,
    Gradient* out,                      # OUT
    Py_ssize_t blocks,
) noexcept nogil:
    """The gradients of -log p(y | x) of the slot's sentences."""
    cdef Py_ssize_t width = blocks * LANES, number, sentence, begin, n, t
    cdef const int32_t* features = NULL
    cdef float* nodes = out.nodes.data
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
    for number in range(held.count):
        sentence = held.examples.data[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        edges = out.edges.data + number * model.labels * width
        if n == 0:
            memset(edges, 0, model.labels * width * sizeof(float))
            if model._with_log_likelihoods:
                out.log_likelihoods.data[number] = 0.0
            continue
        score(model, theta, &model._feature_offsets[begin], features, n, workspace.emission.data,
              blocks)
        if not scaled:
            if not log_space_will_do(least, most, n):
                return NOT_FINITE
            status = residuals_log(model, workspace, most, &model._gold[begin], n, nodes, edges,
                                   &log_likelihood, blocks)
        else:
            if model._with_log_likelihoods:
                log_likelihood = log_probability(
                    model, theta, workspace, most, n, &model._gold[begin], blocks)
                if not isfinite(log_likelihood):
                    return NOT_FINITE
            else:
                for t in range(n):
                    exponentiate(workspace.emission.data + t * width, blocks)
                if not forward_scaled(workspace.emission.data, workspace.transition.data, n,
                                      model.labels, workspace.forward.data, workspace.scale.data,
                                      0.0, blocks):
                    return NOT_FINITE
            status = residuals(model, workspace, &model._gold[begin], n, nodes, edges, blocks)
        if status != OK:
            return status
        if model._with_log_likelihoods:
            out.log_likelihoods.data[number] = log_likelihood
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
    cdef float* beta = workspace.backward.data
    cdef float* v = workspace.weighted.data
    cdef const float* alpha
    cdef lanes of_lanes
    memset(edges, 0, labels * width * sizeof(float))
    if n > STRETCH:
        if make_room_for_edges(model, workspace) != OK:
            return NO_MEMORY
        memset(workspace.edges.data, 0, labels * width * sizeof(double))
    for b in range(blocks):
        lanes_store(beta, b, lanes_all(1.0))
    for t in range(n - 1, -1, -1):
        alpha = workspace.forward.data + t * width
        for b in range(blocks):
            lanes_store(nodes + t * width, b, lanes_load(alpha, b) * lanes_load(beta, b))
        nodes[t * width + gold[t]] -= 1.0
        if t == 0:
            break
        alpha -= width
        for b in range(blocks):
            of_lanes = lanes_load(workspace.emission.data + t * width, b) * lanes_load(beta, b)
            of_lanes = of_lanes * lanes_all(1.0 / workspace.scale.data[t])
            lanes_store(v, b, of_lanes)
            for i in range(labels):
                lanes_store(edges + i * width, b, lanes_load(edges + i * width, b)
                            + lanes_all(alpha[i]) * of_lanes)
        weighted_rows(v, workspace.transposed.data, labels, beta, blocks)
        if t % STRETCH == 0:
            balance(beta, alpha, blocks)
            less_gold(workspace, gold, t, min(t + STRETCH, n), labels, edges, blocks)
            for k in range(labels * width):
                workspace.edges.data[k] += edges[k]
                edges[k] = 0.0
    less_gold(workspace, gold, 1, min(<Py_ssize_t>STRETCH, n), labels, edges, blocks)
    if n > STRETCH:
        for k in range(labels * width):
            edges[k] = <float>(workspace.edges.data[k] + edges[k])
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
        lanes_store(edges, b, lanes_load(edges, b) * lanes_load(workspace.transition.data, b))
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
    if not all_finite(workspace.emission.data, n, labels, blocks):
        return NOT_FINITE
    if not all_finite(workspace.weights.data, labels, labels, blocks):
        return NOT_FINITE
    if make_room_for_logs(model, workspace, n) != OK:
        return NO_MEMORY
    log_likelihood[0] = forward_log(
        workspace.emission.data, workspace.weights.data, most, n, labels, gold,
        workspace.alpha.data, workspace.greatest.data, width)
    posteriors_log(workspace.emission.data, workspace.weights.data, most, n, labels,
                   workspace.alpha.data, workspace.greatest.data, nodes, workspace.edges.data,
                   width)
    for t in range(n):
        nodes[t * width + gold[t]] -= 1.0
        if t:
            workspace.edges.data[gold[t - 1] * width + gold[t]] -= 1.0
    for k in range(labels * width):
        edges[k] = <float>workspace.edges.data[k]
    return OK


cdef inline void add_gradients(
    ConditionalRandomField model,
    const Parameters* theta,            # OUT
    const Held* held,
    const Gradient* gradient,
    float factor,
    Py_ssize_t share,                   # IN: which of `shares` parts of the rows
    Py_ssize_t shares,
    Py_ssize_t blocks,
) noexcept nogil:
    """rows += factor * gradient, sentence by sentence, token by token.

    Rows that other threads have just read or written are what an update on several cores costs: a
    token that would change next to nothing is not worth taking its rows away from them.
    """
    cdef float* rows = theta.emissions
    cdef float* transitions = theta.transitions
    cdef const float* nodes = gradient.nodes.data
    cdef const float* edges = gradient.edges.data
    cdef Py_ssize_t width = blocks * LANES, number, sentence, t, k, b
    cdef bint counts
    cdef float* row
    cdef lanes step
    for number in range(held.count):
        sentence = held.examples.data[number]
        for t in range(model._offsets[sentence], model._offsets[sentence + 1]):
            counts = False
            for b in range(blocks):
                counts = counts or lanes_any_beyond(lanes_load(nodes, b), model.threshold)
            for b in range(blocks if counts else 0):
                step = lanes_all(factor) * lanes_load(nodes, b)
                for k in range(model._feature_offsets[t], model._feature_offsets[t + 1]):
                    if is_mine(model._features[k], share, shares):
                        row = rows + model._features[k] * width
                        lanes_store(row, b, lanes_load(row, b) + step)
            nodes += width
        for b in range(model.labels * blocks * share // shares,
                       model.labels * blocks * (share + 1) // shares):
            lanes_store(transitions, b, lanes_load(transitions, b)
                        + lanes_all(factor) * lanes_load(edges, b))
        edges += model.labels * width
