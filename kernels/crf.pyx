"""Linear-chain conditional random field (Lafferty, McCallum & Pereira 2001), in float32.

    p(y | x) = 1/Z(x) prod_t psi_t(y_t) M(y_{t-1}, y_t)
    psi_t(j) = exp(sum of theta[f, j] over the features f of token t),  M(i, j) = exp(theta[i, j])

A feature's parameters for all labels are one row, padded to whole cache lines, so that a label loop
is one vector instruction a line. Recursions are scaled, not in log space. The gradient stays as it
falls out of them, one row of label residuals a token: the update adds it to the token's feature
rows, and nothing is ever as long as `theta`. As it is kept sentence by sentence, an update is the
same to the last bit however its sentences were split over slots.

`theta` is stored as scale * rows: L2 decay multiplies the scale alone (Shalev-Shwartz, Singer &
Srebro 2007), so that an update costs what its mini-batch touches.

Index letters: t token, i and j labels (i before j), f feature, b block of 16 labels, k whatever
one array is indexed by. A `blocks` argument comes last, so that calls with a constant 1 (up to 16
labels: nearly always) compile to code without block loops.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.aligned cimport aligned
from staleness.kernels.chain cimport forward_scaled, weighted_rows
from staleness.kernels.lanes cimport (
    LANES,
    PREFETCH,
    exact_log,
    lanes,
    lanes_all,
    lanes_any_beyond,
    lanes_argmax,
    lanes_exp,
    lanes_greatest,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_max,
    lanes_store,
)
from staleness.kernels.learner cimport LOAD, NO_MEMORY, NOT_FINITE, OK, Learner, Status

from staleness.kernels.memory import aligned_rows
from staleness.kernels.validation import check_labelled_features

cdef enum:
    AHEAD = 64              # feature rows from a prefetch to its use: two tokens of 32 features
    SMALLEST_POWER = -40    # settle() keeps the scale above 2^-40


cdef class ConditionalRandomField(Learner):
    """The model, its parameters and the gradient; a subclass adds the update rule.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
        Sentence s is tokens offsets[s] to offsets[s + 1] - 1.
    labels : ndarray of int32 [tokens]
        Gold labels, 0 to `label_count` - 1.
    feature_offsets : ndarray of int64 [tokens + 1]
        Token t has features feature_offsets[t] to feature_offsets[t + 1] - 1 of `features`.
    features : ndarray of int32 [...]
        Feature numbers, 0 to `feature_count` - 1.
    label_count, feature_count : int
        The model's size; |theta| = label_count * (feature_count + label_count).
    slots, workspaces, replicas : int
        See `Learner`.

    Raises
    ------
    ValueError
        If the arrays contradict each other, or there are more than 128 labels.
    """

    def __init__(
        self,
        offsets,
        labels,
        feature_offsets,
        features,
        *,
        Py_ssize_t label_count,
        Py_ssize_t feature_count,
        Py_ssize_t slots=1,
        Py_ssize_t workspaces=1,
        Py_ssize_t replicas=0,
    ):
        cdef Py_ssize_t copies = 1 + replicas, number
        check_labelled_features(offsets, labels, feature_offsets, features,
                                label_count=label_count, feature_count=feature_count)
        lengths = np.diff(offsets)
        super().__init__(lengths, slots, workspaces, replicas)
        self._offsets = offsets
        self._gold = labels
        self._feature_offsets = feature_offsets
        self._features = features
        self.labels = label_count
        self.features = feature_count
        rows = aligned_rows(copies * (feature_count + label_count), label_count)
        self._width = rows.shape[1]
        self._rows = rows.reshape(copies, feature_count + label_count, self._width)
        padding = aligned_rows(1, label_count)
        padding[0, label_count:] = -np.inf
        self._padding = padding
        self._copies = <Parameters*>calloc(copies, sizeof(Parameters))
        self._statistics = <Statistics*>calloc(slots, sizeof(Statistics))
        self._workspaces = <Workspace*>calloc(workspaces, sizeof(Workspace))
        if self._copies == NULL or self._statistics == NULL or self._workspaces == NULL:
            raise MemoryError
        for number in range(copies):
            self._copies[number].emissions = &self._rows[number, 0, 0]
            self._copies[number].transitions = &self._rows[number, feature_count, 0]
            self._copies[number].scale = 1.0
        for number in range(workspaces):
            allocate(&self._workspaces[number], lengths.max(initial=0), label_count, self._width)

    def __dealloc__(self):
        cdef Py_ssize_t number
        free(self._copies)
        if self._workspaces != NULL:
            for number in range(self.workspaces):
                free(self._workspaces[number].emission)
            free(self._workspaces)
        if self._statistics != NULL:
            for number in range(self.slots):
                free(self._statistics[number].examples)
                free(self._statistics[number].nodes)
                free(self._statistics[number].edges)
            free(self._statistics)

    @property
    def theta(self):
        """The parameters, float32 [features + labels, labels]: emissions, then transitions."""
        self.settle()
        rows = np.asarray(self._rows[0])[:, : self.labels]
        return (rows * self.scale).astype(np.float32)

    @theta.setter
    def theta(self, values):
        values = np.asarray(values, dtype=np.float32)
        if values.shape != (self.features + self.labels, self.labels):
            raise ValueError(f"theta is [{self.features + self.labels}, {self.labels}]")
        np.asarray(self._rows)[:, :, : self.labels] = values
        for number in range(1 + self.replicas):
            self._copies[number].scale = 1.0

    @property
    def scale(self):
        """What the rows of `theta` are to be multiplied with."""
        return self._copies[0].scale

    def gradient(self, Py_ssize_t slot=0):
        """Return the gradient that a slot holds, float64 [features + labels, labels].

        It is that of the negative log-likelihood, summed over the slot's sentences.
        """
        if not 0 <= slot < self.slots:
            raise IndexError(f"no slot {slot}")
        gradient = np.zeros((self.features + self.labels, self.labels))
        cdef double[:, ::1] out = gradient
        cdef Statistics* held = &self._statistics[slot]
        cdef Py_ssize_t row = 0, number, t, k, i, j, sentence
        for number in range(held.count):
            sentence = held.examples[number]
            for t in range(self._offsets[sentence], self._offsets[sentence + 1]):
                for k in range(self._feature_offsets[t], self._feature_offsets[t + 1]):
                    for j in range(self.labels):
                        out[self._features[k], j] += held.nodes[row * self._width + j]
                row += 1
            for i in range(self.labels):
                for j in range(self.labels):
                    k = (number * self.labels + i) * self._width + j
                    out[self.features + i, j] += held.edges[k]
        return gradient

    def settle(self):
        """Make `theta` the mean of the replicas, and move small scales into the rows.

        Scales by powers of two, which is exact: no bit of `theta` depends on when it is called.
        Nobody may be inside `calc` or `up`.
        """
        for number in range(1 + self.replicas):
            _, power = np.frexp(self._copies[number].scale)
            if power < SMALLEST_POWER:
                rows = np.asarray(self._rows[number])
                np.ldexp(rows, power, out=rows)
                self._copies[number].scale = np.ldexp(self._copies[number].scale, -power)
        if self.replicas:
            self.mean()

    def evaluate(self, offsets, labels, feature_offsets, features):
        """Decode a corpus and return its log-likelihood.

        Parameters
        ----------
        offsets, labels, feature_offsets, features : ndarray
            A corpus, as for the constructor.

        Returns
        -------
        decoded : ndarray of int32 [tokens]
            The most probable label sequence of each sentence (Viterbi).
        log_likelihood : float
            Of the gold labels given the sentences, in nats, summed over the sentences; NaN if
            `theta` is not finite.

        Raises
        ------
        ValueError
            If the arrays contradict each other or the model.
        """
        check_labelled_features(offsets, labels, feature_offsets, features,
                                label_count=self.labels, feature_count=self.features)
        decoded = np.empty(len(labels), dtype=np.int32)
        cdef const int64_t[::1] starts = offsets
        cdef const int32_t[::1] gold = labels
        cdef const int64_t[::1] feature_starts = feature_offsets
        cdef const int32_t[::1] numbers = features
        cdef int32_t[::1] best = decoded
        cdef Py_ssize_t longest = np.diff(offsets).max(initial=0)
        cdef float[:, ::1] back = aligned_rows(max(longest, 1), self.labels)
        cdef Py_ssize_t sentence, t, n
        cdef double log_likelihood = 0.0
        cdef Workspace workspace
        self.settle()
        allocate(&workspace, longest, self.labels, self._width)
        with nogil:
            for sentence in range(starts.shape[0] - 1):
                t = starts[sentence]
                n = starts[sentence + 1] - t
                if n == 0:
                    continue
                score(self, self._copies, &feature_starts[t],
                      &numbers[0] if numbers.shape[0] else NULL, n, workspace.emission,
                      self._width // LANES)
                viterbi(self, self._copies, &workspace, n, <int32_t*>&back[0, 0], &best[t],
                        self._width // LANES)
                log_likelihood += log_probability(self, self._copies, &workspace, n, &gold[t],
                                                  self._width // LANES)
        free(workspace.emission)
        return decoded, log_likelihood

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

    cdef Parameters* parameters(self, Py_ssize_t slot) noexcept nogil:
        """The copy of theta that a slot reads and writes."""
        return &self._copies[1 + slot if self.replicas else 0]

    cdef void mean(self) noexcept nogil:
        """theta <- the mean of the replicas, first to last."""
        cdef Py_ssize_t size = (self.features + self.labels) * self._width // LANES
        cdef Py_ssize_t number, b
        cdef lanes total
        for b in range(size):
            total = lanes_all(0.0)
            for number in range(1, 1 + self.replicas):
                total = total + (lanes_load(self._copies[number].emissions, b)
                                 * lanes_all(<float>self._copies[number].scale))
            lanes_store(self._copies[0].emissions, b,
                        total * lanes_all(<float>(1.0 / self.replicas)))
        self._copies[0].scale = 1.0

    cdef void average(self) noexcept nogil:
        cdef size_t size = (self.features + self.labels) * self._width * sizeof(float)
        cdef Py_ssize_t number
        self.mean()
        for number in range(1, 1 + self.replicas):
            memcpy(self._copies[number].emissions, self._copies[0].emissions, size)
            self._copies[number].scale = 1.0

    cdef Status reserve(
        self,
        Statistics* slot,
        Py_ssize_t count,
        Py_ssize_t tokens,
    ) noexcept nogil:
        # Rooms grow by half, so that they settle within the first few mini-batches.
        if count > slot.examples_room:
            slot.examples_room = count + count // 2
            free(slot.examples)
            free(slot.edges)
            slot.examples = <int32_t*>aligned(slot.examples_room * sizeof(int32_t))
            slot.edges = <float*>aligned(
                slot.examples_room * self.labels * self._width * sizeof(float))
        if tokens > slot.nodes_room:
            slot.nodes_room = tokens + tokens // 2
            free(slot.nodes)
            slot.nodes = <float*>aligned(slot.nodes_room * self._width * sizeof(float))
        if (slot.examples_room and (slot.examples == NULL or slot.edges == NULL)) or (
            slot.nodes_room and slot.nodes == NULL
        ):
            slot.count = slot.examples_room = slot.nodes_room = 0
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


cdef class StochasticGradientDescent(ConditionalRandomField):
    """L2-regularised maximum conditional likelihood by stochastic gradient descent.

    The objective is the mean negative log-likelihood of a sentence plus l2 / (2 N) |theta|^2, with
    N sentences. An update with the gradient g of m sentences, after e passes over the corpus, is

        theta <- theta - eta (g / m + l2 / N theta),    eta = step_size / (1 + decay e)

    where g leaves out every token whose label residuals, p(y_t = j | x) - [gold label is j], are
    all below a threshold.

    Parameters
    ----------
    *arrays, **sizes
        See `ConditionalRandomField`.
    step_size, decay, l2, threshold : float
        See above; `l2` is 1 / sigma^2 of a Gaussian prior.

    Raises
    ------
    ValueError
        If they are out of range.
    """

    def __init__(
        self,
        *arrays,
        double step_size,
        double decay,
        double l2,
        double threshold=0.0,
        **sizes,
    ):
        super().__init__(*arrays, **sizes)
        if not (step_size > 0 and decay >= 0 and l2 >= 0 and threshold >= 0):
            raise ValueError("step_size must be positive, decay, l2 and threshold not negative")
        if self._work.shape[0] and step_size * l2 >= self._work.shape[0]:
            raise ValueError("step_size times l2 must be under the number of sentences")
        self.step_size = step_size
        self.decay = decay
        self.l2 = l2
        self.threshold = threshold

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Py_ssize_t sentences = self._work.shape[0], count = 0, slot
        cdef double eta = self.step_size / (1.0 + self.decay * LOAD(&self._examples) / sentences)
        cdef Parameters* theta = self.parameters(first)
        cdef double scale = theta.scale * (1.0 - eta * self.l2 / sentences)
        cdef float factor
        for slot in range(first, last):
            count += self._statistics[slot].count
        if count == 0:
            return OK
        factor = <float>(-eta / (scale * count))
        if not fabs(factor) < INFINITY:
            return NOT_FINITE
        theta.scale = scale
        for slot in range(first, last):
            self.add(&self._statistics[slot], theta, factor, <float>self.threshold)
        self.count_update(count)
        return OK


# ---- sentences, without the GIL -----------------------------------------------------------------

cdef inline void score(
    ConditionalRandomField model,
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
    cdef lanes scale = lanes_all(<float>theta.scale)
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


cdef inline float exponentiate_transitions(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,               # OUT: transition, transposed
    Py_ssize_t blocks,
) noexcept nogil:
    """M(i, j) = exp(theta[i, j] - greatest), by rows and by columns; returns the greatest."""
    cdef Py_ssize_t i, j, b, width = blocks * LANES
    cdef float* row
    cdef lanes scale = lanes_all(<float>theta.scale)
    cdef lanes greatest = lanes_all(-INFINITY)
    for i in range(model.labels):
        row = workspace.transition + i * width
        for b in range(blocks):
            lanes_store(row, b, lanes_load(theta.transitions + i * width, b) * scale
                        + lanes_load(&model._padding[0, 0], b))
            greatest = lanes_max(greatest, lanes_load(row, b))
    cdef float most = lanes_greatest(greatest)
    for i in range(model.labels):
        row = workspace.transition + i * width
        for b in range(blocks):
            lanes_store(row, b, lanes_exp(lanes_load(row, b) - lanes_all(most)))
        for j in range(model.labels):
            workspace.transposed[j * width + i] = row[j]
    return most


cdef inline Status gradients(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,
    Statistics* out,                    # IN: examples, count; OUT: nodes, edges
    Py_ssize_t blocks,
) noexcept nogil:
    """The gradients of -log p(y | x) of the slot's sentences."""
    cdef Py_ssize_t width = blocks * LANES, number, sentence, begin, n, t
    cdef const int32_t* features = NULL
    cdef float* nodes = out.nodes
    if model._features.shape[0]:
        features = &model._features[0]
    exponentiate_transitions(model, theta, workspace, blocks)
    for number in range(out.count):
        sentence = out.examples[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        if n == 0:
            memset(out.edges + number * model.labels * width, 0,
                   model.labels * width * sizeof(float))
            continue
        score(model, theta, &model._feature_offsets[begin], features, n, workspace.emission, blocks)
        for t in range(n):
            exponentiate(workspace.emission + t * width, blocks)
        if not forward_scaled(workspace.emission, workspace.transition, n, model.labels,
                              workspace.forward, workspace.scale, 0.0, blocks):
            return NOT_FINITE
        residuals(workspace, &model._gold[begin], n, model.labels, nodes,
                  out.edges + number * model.labels * width, blocks)
        nodes += n * width
    return OK


cdef inline void residuals(
    Workspace* workspace,               # IN: emission, forward, scale, transition, transposed
    const int32_t* gold,                # IN [n]
    Py_ssize_t n,
    Py_ssize_t labels,
    float* nodes,                       # OUT [n, width]
    float* edges,                       # OUT [labels, width]
    Py_ssize_t blocks,
) noexcept nogil:
    """Posteriors less gold, from the last token to the first.

    beta_{t-1}(i) = sum_j M(i, j) v_t(j),  v_t(j) = psi_t(j) beta_t(j) / c_t
    p(y_t = j | x) = alpha_t(j) beta_t(j)
    p(y_{t-1} = i, y_t = j | x) = alpha_{t-1}(i) M(i, j) v_t(j)
    """
    cdef Py_ssize_t width = blocks * LANES, t, i, b
    cdef float* beta = workspace.backward
    cdef float* v = workspace.weighted
    cdef const float* alpha
    cdef lanes of_lanes
    memset(edges, 0, labels * width * sizeof(float))
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
    for b in range(labels * blocks):
        lanes_store(edges, b, lanes_load(edges, b) * lanes_load(workspace.transition, b))
    for t in range(1, n):
        edges[gold[t - 1] * width + gold[t]] -= 1.0


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


cdef inline void viterbi(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,               # IN: emission, holding scores; scratch: forward
    Py_ssize_t n,
    int32_t* back,                      # scratch [n, width]
    int32_t* best,                      # OUT [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """The best label sequence; of equals, the one with the lowest labels from the end on."""
    cdef Py_ssize_t width = blocks * LANES, t, i, b
    cdef const float* delta = workspace.emission
    cdef float* following
    cdef lanes scale = lanes_all(<float>theta.scale)
    cdef lanes most
    cdef lanes_int argument
    for t in range(1, n):
        following = workspace.forward + t * width
        for b in range(blocks):
            most = lanes_all(-INFINITY)
            argument = lanes_int_all(0)
            for i in range(model.labels):
                lanes_argmax(&most, &argument, lanes_all(delta[i])
                             + lanes_load(theta.transitions + i * width, b) * scale, i)
            lanes_store(following, b, most + lanes_load(workspace.emission + t * width, b))
            lanes_int_store(back + t * width, b, argument)
        delta = following
    best[n - 1] = 0
    for i in range(1, model.labels):
        if delta[i] > delta[best[n - 1]]:
            best[n - 1] = i
    for t in range(n - 1, 0, -1):
        best[t - 1] = back[t * width + best[t]]


cdef inline double log_probability(
    ConditionalRandomField model,
    const Parameters* theta,
    Workspace* workspace,               # IN: emission, holding scores (overwritten)
    Py_ssize_t n,
    const int32_t* gold,                # IN [n]
    Py_ssize_t blocks,
) noexcept nogil:
    """log p(gold | x) = score of gold - sum_t (log c_t + what was subtracted), in nats."""
    cdef Py_ssize_t width = blocks * LANES, t
    cdef double total = 0.0
    for t in range(n):
        total += workspace.emission[t * width + gold[t]]
        if t:
            total += theta.scale * theta.transitions[gold[t - 1] * width + gold[t]]
        total -= exponentiate(workspace.emission + t * width, blocks)
    total -= (n - 1) * <double>exponentiate_transitions(model, theta, workspace, blocks)
    if not forward_scaled(workspace.emission, workspace.transition, n, model.labels,
                          workspace.forward, workspace.scale, 0.0, blocks):
        return INFINITY - INFINITY
    for t in range(n):
        total -= exact_log(workspace.scale[t])
    return total


# ---- memory -------------------------------------------------------------------------------------

cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t labels, Py_ssize_t width):
    """Lay a workspace out in one piece of memory, which begins at `emission`."""
    cdef Py_ssize_t scales = (n + LANES - 1) // LANES * LANES
    cdef Py_ssize_t size = (2 * n + 2 * labels + 2) * width + scales
    cdef float* memory = <float*>aligned(size * sizeof(float))
    if memory == NULL:
        raise MemoryError(f"no memory for a workspace of {n} tokens")
    memset(memory, 0, size * sizeof(float))
    workspace.emission = memory
    workspace.forward = workspace.emission + n * width
    workspace.transition = workspace.forward + n * width
    workspace.transposed = workspace.transition + labels * width
    workspace.backward = workspace.transposed + labels * width
    workspace.weighted = workspace.backward + width
    workspace.scale = workspace.weighted + width
