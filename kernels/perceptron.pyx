"""The averaged structured perceptron (Collins 2002), and what every rule shares that decodes.

Of each sentence x with gold labels y the statistics are the best labels z at `theta` as found, and
how far to step: tau. With the features f(x, y) of a sentence, counted over its tokens, an update
with m sentences is

    theta <- theta + 1/m sum_s tau_s (f(x_s, y_s) - f(x_s, z_s))

A sentence that is decoded correctly adds nothing, and the difference is made where it is added,
from the tokens whose labels differ: an update costs what the mistakes of its mini-batch touch.

A mini-batch takes the mean, as McDonald, Hall & Mann (2010) mix parameters by weights that sum to
one: if the step from each sentence alone brings `theta` nearer to one that separates the data, so
does their mean, while their sum may step past it. (To the perceptron it is all one: from zero, mean
and sum differ by a factor of all scores.)

The model is the average of `theta` after each update, also of those that changed nothing: after K
updates that added d_1 .. d_K,

    1/K sum_k theta_k = theta_K - u / K,    u = sum_k (k - 1) d_k

(Daume 2006, chapter 2). u is kept in float64, where (k - 1) d_k is exact; with m a power of two,
all of the perceptron is exact until `theta` reaches 2^24 / m, for its steps are multiples of 1/m.
k - 1 is the number of updates made before, whoever made them. Without a lock an addition d may be
lost to `theta` or to u: that leaves the average off by less than d.

Index letters: t token, j label, k whatever one array is indexed by.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.chain cimport MOST_LABELS, viterbi
from staleness.kernels.lanes cimport LANES
from staleness.kernels.learner cimport FETCH_ADD, NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.linear_chain cimport (
    LinearChain,
    Parameters,
    Workspace,
    path_score,
    scale_transitions,
    score,
)
from staleness.kernels.memory cimport no_room, room


cdef class StructuredPerceptron(LinearChain):
    """The perceptron, which takes every step with tau = 1; a subclass may choose another.

    `theta` and what `evaluate` says are those of the average; `calc` reads what is learned. Setting
    `theta` sets both, and begins the average anew. `average` gives every replica the mean of both.

    Parameters
    ----------
    *arrays, **sizes
        See `LinearChain`.
    """

    def __init__(self, *arrays, **sizes):
        super().__init__(*arrays, **sizes, averaged=True)
        copies = len(self._rows) - 1
        self._sums = np.zeros((copies, self.features + self.labels, self.labels))
        self._numbers = np.zeros(copies, dtype=np.int64)
        self._decoded = <Decoded*>calloc(self.slots, sizeof(Decoded))
        if self._decoded == NULL:
            raise MemoryError

    def __dealloc__(self):
        cdef Py_ssize_t number
        if self._decoded != NULL:
            for number in range(self.slots):
                no_room(self._decoded[number].examples)
                no_room(self._decoded[number].steps)
                no_room(self._decoded[number].labels)
            free(self._decoded)

    @property
    def theta(self):
        """The average, float32 [features + labels, labels]: emissions, then transitions."""
        return LinearChain.theta.__get__(self)

    @theta.setter
    def theta(self, values):
        LinearChain.theta.__set__(self, values)
        np.asarray(self._sums)[:] = 0.0
        np.asarray(self._numbers)[:] = 0

    def decoded(self, Py_ssize_t slot=0):
        """Return what a slot holds.

        Returns
        -------
        labels : ndarray of int32 [tokens]
            The best labels of its sentences.
        steps : ndarray of float64 [sentences]
            tau of each, 0 where these are the gold labels.
        """
        if not 0 <= slot < self.slots:
            raise IndexError(f"no slot {slot}")
        cdef Decoded* held = &self._decoded[slot]
        cdef Py_ssize_t k, tokens = 0
        for k in range(held.count):
            tokens += self._work[held.examples[k]]
        labels = [held.labels[k] for k in range(tokens)]
        steps = [held.steps[k] for k in range(held.count)]
        return np.array(labels, dtype=np.int32), np.array(steps, dtype=np.float64)

    def settle(self):
        """Make `theta` the average of what is learned, over updates and replicas.

        Nobody may be inside `calc` or `up`.
        """
        cdef double[MOST_LABELS] last, average
        cdef Py_ssize_t row, j
        with nogil:
            for row in range(self.features + self.labels):
                self.means(row, last, average)
                for j in range(self.labels):
                    self._rows[0, row, j] = <float>average[j]

    cdef void average(self) noexcept nogil:
        """Give every replica the mean of what is learned, and of the average so far."""
        cdef double[MOST_LABELS] last, average
        cdef Py_ssize_t copy, row, j
        cdef double number
        cdef float* theta
        cdef double* u
        for row in range(self.features + self.labels):
            self.means(row, last, average)
            for copy in range(self._sums.shape[0]):
                theta = &self._rows[1 + copy, row, 0]
                u = &self._sums[copy, row, 0]
                number = self._numbers[copy]
                for j in range(self.labels):
                    theta[j] = <float>last[j]
                    # Such that theta - u / number is the average of all.
                    u[j] = number * (<double>theta[j] - average[j])

    cdef void means(self, Py_ssize_t row, double* last, double* average) noexcept nogil:
        """last[j] = the mean of theta[row, j] over the copies, average[j] = that over all updates.

        Before the first update they are the same.
        """
        cdef Py_ssize_t copies = self._sums.shape[0], copy, j
        cdef int64_t updates = 0
        cdef double number
        cdef const float* theta
        cdef const double* u
        memset(last, 0, self.labels * sizeof(double))
        memset(average, 0, self.labels * sizeof(double))
        for copy in range(copies):
            updates += self._numbers[copy]
        for copy in range(copies):
            theta = &self._rows[1 + copy, row, 0]
            u = &self._sums[copy, row, 0]
            number = self._numbers[copy] if updates else 1.0
            for j in range(self.labels):
                last[j] += theta[j]
                average[j] += number * theta[j] - u[j]
        for j in range(self.labels):
            last[j] /= copies
            average[j] /= updates if updates else copies

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Decoded* out = &self._decoded[slot]
        cdef Py_ssize_t tokens = 0, k
        for k in range(count):
            tokens += self._work[examples[k]]
        if self.reserve(out, count, tokens) != OK:
            return NO_MEMORY
        memcpy(out.examples, examples, count * sizeof(int32_t))
        out.count = count
        cdef Status status
        if self._width == LANES:
            status = decode(self, slot, workspace, 1)
        else:
            status = decode(self, slot, workspace, self._width // LANES)
        if status != OK:
            out.count = 0
        return status

    cdef double step(
        self,
        Py_ssize_t workspace,
        Py_ssize_t sentence,
        const int32_t* decoded,
        Py_ssize_t loss,
        double margin,
    ) noexcept nogil:
        """tau of a sentence that is decoded as other than gold."""
        return 1.0

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Py_ssize_t copy = first if self.replicas else 0
        cdef Py_ssize_t count = 0, slot
        cdef int64_t before
        for slot in range(first, last):
            count += self._decoded[slot].count
        if count == 0:
            return OK
        before = FETCH_ADD(&self._numbers[copy], 1)
        for slot in range(first, last):
            add_differences(self, self.parameters(first).emissions, &self._sums[copy, 0, 0],
                            &self._decoded[slot], before, count)
        self.count_update(count)
        return OK

    cdef Status reserve(
        self,
        Decoded* slot,
        Py_ssize_t count,
        Py_ssize_t tokens,
    ) noexcept nogil:
        slot.examples = <int32_t*>room(slot.examples, count * sizeof(int32_t))
        slot.steps = <double*>room(slot.steps, count * sizeof(double))
        slot.labels = <int32_t*>room(slot.labels, tokens * sizeof(int32_t))
        if slot.examples == NULL or slot.steps == NULL or slot.labels == NULL:
            slot.count = 0
            return NO_MEMORY
        return OK


# ---- sentences, without the GIL -----------------------------------------------------------------

cdef inline Status decode(
    StructuredPerceptron model,
    Py_ssize_t slot,                    # IN: examples, count; OUT: labels, steps
    Py_ssize_t workspace,
    Py_ssize_t blocks,
) noexcept nogil:
    """The best labels of the slot's sentences, and the steps from them."""
    cdef const Parameters* theta = model.parameters(slot)
    cdef Workspace* scratch = &model._workspaces[workspace]
    cdef Decoded* out = &model._decoded[slot]
    cdef int32_t* labels = out.labels
    cdef Py_ssize_t number, sentence, begin, n, t, loss
    cdef int64_t mistakes = 0
    cdef const int32_t* features = NULL
    cdef const int32_t* gold
    cdef double margin
    if model._features.shape[0]:
        features = &model._features[0]
    scale_transitions(model, theta, scratch, blocks)
    for number in range(out.count):
        sentence = out.examples[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        out.steps[number] = 0.0
        if n == 0:
            continue
        gold = &model._gold[begin]
        score(model, theta, &model._feature_offsets[begin], features, n, scratch.emission, blocks)
        if not viterbi(scratch.emission, scratch.weights, n, model.labels, scratch.forward,
                       scratch.back, labels, blocks):
            return NOT_FINITE
        loss = 0
        for t in range(n):
            loss += labels[t] != gold[t]
        if loss:
            margin = path_score(scratch, gold, n, blocks) - path_score(scratch, labels, n, blocks)
            if not fabs(margin) < INFINITY:
                return NOT_FINITE
            out.steps[number] = model.step(workspace, sentence, labels, loss, margin)
        mistakes += loss
        labels += n
    model._touched[slot, 0] = mistakes
    return OK


cdef inline void add_differences(
    StructuredPerceptron model,
    float* theta,                       # IN, OUT [features + L, width]
    double* u,                          # IN, OUT [features + L, L]
    const Decoded* slot,
    int64_t before,                     # updates before this one
    Py_ssize_t count,                   # sentences of the mini-batch
) noexcept nogil:
    """theta += d and u += before * d, sentence by sentence, token by token."""
    cdef Py_ssize_t width = model._width, states = model.labels
    cdef Py_ssize_t number, sentence, begin, t, k, row, right, wrong
    cdef const int32_t* labels = slot.labels
    cdef const int32_t* gold
    cdef float d
    cdef double weighted
    for number in range(slot.count):
        sentence = slot.examples[number]
        if slot.steps[number] == 0.0:
            labels += model._work[sentence]
            continue
        d = <float>(slot.steps[number] / count)
        weighted = before * <double>d
        begin = model._offsets[sentence]
        gold = &model._gold[begin]
        for t in range(model._work[sentence]):
            right = gold[t]
            wrong = labels[t]
            if right != wrong:
                for k in range(model._feature_offsets[begin + t],
                               model._feature_offsets[begin + t + 1]):
                    row = model._features[k]
                    theta[row * width + right] += d
                    theta[row * width + wrong] -= d
                    u[row * states + right] += weighted
                    u[row * states + wrong] -= weighted
            if t and (right != wrong or gold[t - 1] != labels[t - 1]):
                row = model.features + gold[t - 1]
                theta[row * width + right] += d
                u[row * states + right] += weighted
                row = model.features + labels[t - 1]
                theta[row * width + wrong] -= d
                u[row * states + wrong] -= weighted
        labels += model._work[sentence]
