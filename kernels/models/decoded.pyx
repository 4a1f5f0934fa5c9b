"""A linear chain whose statistics are the mistakes that it makes.

Of each sentence x with gold labels y the statistics are the best labels z at theta as found; with
the features f(x, y) of a sentence, counted over its tokens, what is added is

    sum_s tau_s (f(x_s, y_s) - f(x_s, z_s))

where a rule chooses tau, how far to step, which is 1 unless it does. A sentence that is decoded
correctly adds nothing, and the difference is made where it is added, from the tokens whose labels
differ: an update costs what the mistakes of its mini-batch touch.

Index letters: t token, j label, k whatever one array is indexed by.
"""

import numpy as np

from libc.math cimport INFINITY, fabs
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport qsort

from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status, is_mine
from staleness.kernels.core.lanes cimport LANES
from staleness.kernels.core.model cimport Held
from staleness.kernels.core.table cimport AveragedTable
from staleness.kernels.models.chain cimport viterbi
from staleness.kernels.models.linear_chain cimport (
    LinearChain,
    Parameters,
    Workspace,
    path_score,
    scale_transitions,
    score,
)


cdef class DecodedChain(LinearChain):
    """The model, theta being the average of what is learned.

    `theta` and what `evaluate` says are those of the average; statistics are found at what is
    learned. Setting `theta` sets both, and begins the average anew.

    Parameters
    ----------
    *arrays, **sizes
        See `LinearChain`.
    """

    divisible = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                bint averaged=True, bint squares=False):
        """Make the table, slots and workspaces; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        averaged : bool
            That theta is an average, as it must be.
        squares : bool
            Whether |f(x, y) - f(x, z)|^2 is found of each sentence.
        """
        if not averaged:
            raise ValueError("the theta of decoded sentences is an average")
        super().prepare(slots, workspaces, replicas, averaged=True)
        self.decoded.resize(slots)
        self._with_squares = squares
        if squares:
            offsets, feature_offsets = np.asarray(self._offsets), np.asarray(self._feature_offsets)
            counts = np.diff(feature_offsets[offsets]) + np.diff(offsets)
            self._entries = np.zeros((workspaces, 2 * counts.max(initial=1)), dtype=np.int64)

    def mistakes(self, Py_ssize_t slot=0):
        """Return what a slot holds.

        Returns
        -------
        labels : ndarray of int32 [tokens]
            The best labels of its sentences.
        steps : ndarray of float64 [sentences]
            tau of each, 0 where these are the gold labels.
        """
        if not 0 <= slot < <Py_ssize_t>self.held.size():
            raise IndexError(f"no slot {slot}")
        cdef Decoded* decoded = &self.decoded[slot]
        cdef Py_ssize_t k
        labels = [decoded.labels.data[k] for k in range(self.work(slot))]
        steps = [decoded.steps.data[k] for k in range(self.held[slot].count)]
        return np.array(labels, dtype=np.int32), np.array(steps, dtype=np.float64)

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef Decoded* out = &self.decoded[slot]
        cdef Py_ssize_t count = self.held[slot].count
        if not (out.labels.reserve(self.work(slot)) and out.steps.reserve(count)
                and out.margins.reserve(count) and out.losses.reserve(count)
                and out.squares.reserve(count)):
            return NO_MEMORY
        if self._width == LANES:
            return decode(self, slot, workspace, 1)
        return decode(self, slot, workspace, self._width // LANES)

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef Py_ssize_t copy = self.table.copy(slot)
        add_differences(self, self.parameters(copy).emissions,
                        &(<AveragedTable>self.table).sums[copy - 1, 0, 0], &self.held[slot],
                        &self.decoded[slot], (<AveragedTable>self.table).before[slot], factor,
                        share, shares)

    cdef int64_t touched(self, Py_ssize_t slot) noexcept nogil:
        """Tokens of a slot whose labels are wrong."""
        return self.decoded[slot].mistakes


# ---- sentences, without the GIL -----------------------------------------------------------------

cdef inline Status decode(
    DecodedChain model,
    Py_ssize_t slot,                    # IN: examples, count; OUT: labels, steps
    Py_ssize_t workspace,
    Py_ssize_t blocks,
) noexcept nogil:
    """The best labels of the slot's sentences, and the steps from them."""
    cdef Parameters theta = model.parameters(model.table.copy(slot))
    cdef Workspace* scratch = &model._workspaces[workspace]
    cdef const Held* held = &model.held[slot]
    cdef Decoded* out = &model.decoded[slot]
    cdef int32_t* labels = out.labels.data
    cdef Py_ssize_t number, sentence, begin, n, t, loss
    cdef const int32_t* features = NULL
    cdef const int32_t* gold
    cdef double margin
    if model._features.shape[0]:
        features = &model._features[0]
    out.mistakes = 0
    scale_transitions(model, &theta, scratch, blocks)
    for number in range(held.count):
        sentence = held.examples.data[number]
        begin = model._offsets[sentence]
        n = model._offsets[sentence + 1] - begin
        out.steps.data[number] = out.losses.data[number] = 0
        if n == 0:
            continue
        gold = &model._gold[begin]
        score(model, &theta, &model._feature_offsets[begin], features, n, scratch.emission.data,
              blocks)
        if not viterbi(scratch.emission.data, scratch.weights.data, n, model.labels,
                       scratch.forward.data, scratch.back.data, labels, blocks):
            return NOT_FINITE
        loss = 0
        for t in range(n):
            loss += labels[t] != gold[t]
        if loss:
            margin = path_score(scratch, gold, n, blocks) - path_score(scratch, labels, n, blocks)
            if not fabs(margin) < INFINITY:
                return NOT_FINITE
            out.steps.data[number] = 1.0
            out.margins.data[number] = margin
            out.losses.data[number] = loss
            if model._with_squares:
                out.squares.data[number] = squared_norm(model, sentence, labels,
                                                        &model._entries[workspace, 0])
        out.mistakes += loss
        labels += n
    return OK


cdef inline void add_differences(
    DecodedChain model,
    float* theta,                       # IN, OUT [features + L, width]
    double* u,                          # IN, OUT [features + L, L]
    const Held* held,
    const Decoded* decoded,
    int64_t before,                     # updates before this one
    double factor,
    Py_ssize_t share,                   # IN: which of `shares` parts of the rows
    Py_ssize_t shares,
) noexcept nogil:
    """theta += d and u += before * d, sentence by sentence, token by token."""
    cdef Py_ssize_t width = model._width, states = model.labels
    cdef Py_ssize_t number, sentence, begin, t, k, row, right, wrong
    cdef const int32_t* labels = decoded.labels.data
    cdef const int32_t* gold
    cdef float d
    cdef double weighted
    for number in range(held.count):
        sentence = held.examples.data[number]
        if decoded.steps.data[number] == 0.0:
            labels += model.work_of[sentence]
            continue
        d = <float>(decoded.steps.data[number] * factor)
        weighted = before * <double>d
        begin = model._offsets[sentence]
        gold = &model._gold[begin]
        for t in range(model.work_of[sentence]):
            right = gold[t]
            wrong = labels[t]
            if right != wrong:
                for k in range(model._feature_offsets[begin + t],
                               model._feature_offsets[begin + t + 1]):
                    row = model._features[k]
                    if is_mine(row, share, shares):
                        theta[row * width + right] += d
                        theta[row * width + wrong] -= d
                        u[row * states + right] += weighted
                        u[row * states + wrong] -= weighted
            if t and (right != wrong or gold[t - 1] != labels[t - 1]):
                row = model.features + gold[t - 1]
                if is_mine(row, share, shares):
                    theta[row * width + right] += d
                    u[row * states + right] += weighted
                row = model.features + labels[t - 1]
                if is_mine(row, share, shares):
                    theta[row * width + wrong] -= d
                    u[row * states + wrong] -= weighted
        labels += model.work_of[sentence]


cdef int64_t squared_norm(
    DecodedChain model,
    Py_ssize_t sentence,
    const int32_t* decoded,             # IN [n]
    int64_t* entries,                   # scratch
) noexcept nogil:
    """|f(x, y) - f(x, z)|^2, exactly.

    The entries of the difference are listed one by one, gold's as odd numbers and those of the
    decoded labels as even ones, and sorted: what a feature adds at several tokens lies together.
    """
    cdef Py_ssize_t begin = model._offsets[sentence], n = model._offsets[sentence + 1] - begin
    cdef Py_ssize_t count = 0, t, k
    cdef const int32_t* gold = &model._gold[begin]
    cdef int64_t width = model._width, row, entry, total = 0, value
    for t in range(n):
        if gold[t] != decoded[t]:
            for k in range(model._feature_offsets[begin + t],
                           model._feature_offsets[begin + t + 1]):
                row = model._features[k]
                entries[count] = 2 * (row * width + gold[t]) + 1
                entries[count + 1] = 2 * (row * width + decoded[t])
                count += 2
        if t and (gold[t] != decoded[t] or gold[t - 1] != decoded[t - 1]):
            entries[count] = 2 * ((model.features + gold[t - 1]) * width + gold[t]) + 1
            entries[count + 1] = 2 * ((model.features + decoded[t - 1]) * width + decoded[t])
            count += 2
    qsort(entries, count, sizeof(int64_t), compare)
    k = 0
    while k < count:
        entry = entries[k] // 2
        value = 0
        while k < count and entries[k] // 2 == entry:
            value += 1 if entries[k] % 2 else -1
            k += 1
        total += value * value
    return total


cdef int compare(const void* a, const void* b) noexcept nogil:
    cdef int64_t left = (<const int64_t*>a)[0], right = (<const int64_t*>b)[0]
    return (left > right) - (left < right)
