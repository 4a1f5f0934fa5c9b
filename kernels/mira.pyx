"""The margin-infused relaxed algorithm with one constraint a sentence (1-best MIRA).

The step from the decoded labels z is the shortest that lets the gold labels y win over them by
their loss, the number of wrong tokens (Crammer & Singer 2003; McDonald, Crammer & Pereira 2005),
but no longer than C (PA-I of Crammer et al. 2006, figure 1):

    tau = min(C, (loss - (score(y, x) - score(z, x))) / |f(x, y) - f(x, z)|^2)

Both scores, like z, are those of `theta` as found.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, int64_t
from libc.stdlib cimport qsort

from staleness.kernels.perceptron cimport StructuredPerceptron


cdef class MarginInfusedRelaxedAlgorithm(StructuredPerceptron):
    """1-best MIRA, averaged; see `StructuredPerceptron` for the update of a mini-batch.

    Parameters
    ----------
    *arrays, **sizes
        See `LinearChain`.
    step_limit : float
        C.

    Raises
    ------
    ValueError
        If it is out of range.
    """

    cdef readonly double step_limit
    cdef int64_t[:, ::1] _entries       # [workspaces, entries of the longest difference]

    def __init__(self, *arrays, double step_limit, **sizes):
        super().__init__(*arrays, **sizes)
        if not 0 < step_limit < INFINITY:
            raise ValueError("step_limit must be positive and finite")
        self.step_limit = step_limit
        offsets, feature_offsets = np.asarray(self._offsets), np.asarray(self._feature_offsets)
        counts = np.diff(feature_offsets[offsets]) + np.diff(offsets)
        self._entries = np.zeros((self.workspaces, 2 * counts.max(initial=1)), dtype=np.int64)

    cdef double step(
        self,
        Py_ssize_t workspace,
        Py_ssize_t sentence,
        const int32_t* decoded,
        Py_ssize_t loss,
        double margin,
    ) noexcept nogil:
        cdef int64_t squares = squared_norm(self, sentence, decoded, &self._entries[workspace, 0])
        # Another order of the same labels may have the same features: there is no step to take.
        if squares == 0:
            return 0.0
        return min(self.step_limit, (loss - margin) / squares)


cdef int64_t squared_norm(
    StructuredPerceptron model,
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
