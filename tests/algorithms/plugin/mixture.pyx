"""A mixture of unigrams (Nigam, McCallum, Thrun & Mitchell 2000): each text has a topic.

    p(x) = sum_z p(z) prod_t p(x_t | z)

Index letters: w word, z topic, t token. Row w of the table has the expected counts of a word, the
row behind them those of texts.
"""

import numpy as np

from libc.math cimport INFINITY, isfinite
from libc.stdint cimport int32_t, int64_t
from libcpp.vector cimport vector

from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.core.lanes cimport exact_exp, exact_log
from staleness.kernels.core.memory cimport Buffer
from staleness.kernels.core.model cimport Held, Model
from staleness.kernels.core.table cimport Table

from staleness.kernels.core.memory import aligned_rows

cdef double LEAST = 1e-300          # that a probability counts as, so that it has a logarithm


cdef class MixtureOfUnigrams(Model):
    """The model, with the counts that it begins from, float32 [words + 1, topics]."""

    cdef const int64_t[::1] offsets
    cdef const int32_t[::1] tokens
    cdef object initial
    cdef Py_ssize_t words, topics, width
    cdef double smoothing
    cdef vector[Buffer[double]] logs            # [workspaces]  log theta, [words + 1, topics]
    cdef vector[Buffer[double]] posteriors      # [slots]       p(z | x), [held texts, topics]

    def __init__(self, offsets, tokens, initial):
        super().__init__(np.diff(offsets))
        self.offsets, self.tokens, self.initial = offsets, tokens, initial
        self.words, self.topics = len(initial) - 1, initial.shape[1]
        self.one_scale = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double smoothing=0.0):
        super().prepare(slots, workspaces, replicas)
        rows = aligned_rows((1 + replicas) * (self.words + 1), self.topics)
        self.width, self.smoothing = rows.shape[1], smoothing
        rows[:, : self.topics] = np.tile(self.initial, (1 + replicas, 1))
        self.table = Table(rows.reshape(1 + replicas, -1), slots, replicas)
        self.logs.resize(workspaces)
        self.posteriors.resize(slots)

    @property
    def theta(self):
        """p(w | z), and behind them p(z), float32 [words + 1, topics]."""
        cdef Buffer[double] logs
        self.table.settle()
        if not self.find_logs(0, &logs):
            raise MemoryError
        shape = self.words + 1, self.topics
        return np.exp(<double[:shape[0], :shape[1]]>logs.data).astype(np.float32)

    def evaluate(self):
        """Return the most probable topic of each text, and the log-likelihood of all."""
        cdef double likelihood = 0.0
        cdef double[::1] posterior = np.empty(self.topics)
        cdef Buffer[double] logs
        cdef Py_ssize_t text
        found = np.empty(len(self.work_of), dtype=np.int32)
        self.table.settle()
        if not self.find_logs(0, &logs):
            raise MemoryError
        for text in range(len(found)):
            likelihood += self.posterior(text, logs.data, &posterior[0])
            found[text] = np.argmax(posterior)
        return found, likelihood

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, expected counts, float64 [words + 1, topics]."""
        counts = np.zeros((self.words + 1, self.topics))
        for k in range(self.held[slot].count):
            text = self.held[slot].examples.data[k]
            share = [self.posteriors[slot].data[k * self.topics + z] for z in range(self.topics)]
            words = np.asarray(self.tokens)[self.offsets[text] : self.offsets[text + 1]]
            np.add.at(counts, [*words, self.words], share)
        return counts

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef Held* held = &self.held[slot]
        cdef Buffer[double]* out = &self.posteriors[slot]
        cdef Py_ssize_t k
        if not (self.find_logs(self.table.copy(slot), &self.logs[workspace])
                and out.reserve(held.count * self.topics)):
            return NO_MEMORY
        for k in range(held.count):
            if not isfinite(self.posterior(held.examples.data[k], self.logs[workspace].data,
                                           &out.data[k * self.topics])):
                return NOT_FINITE
        return OK

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef Held* held = &self.held[slot]
        cdef float* rows = &self.table.rows[self.table.copy(slot), 0]
        cdef const double* posterior = self.posteriors[slot].data
        cdef Py_ssize_t k, t, z, text
        for k in range(held.count):
            text = held.examples.data[k]
            for z in range(self.topics):
                for t in range(self.offsets[text], self.offsets[text + 1]):
                    rows[self.tokens[t] * self.width + z] += <float>(factor * posterior[z])
                rows[self.words * self.width + z] += <float>(factor * posterior[z])
            posterior += self.topics

    cdef bint find_logs(self, Py_ssize_t copy, Buffer[double]* out) noexcept nogil:
        """log theta of a copy, once a mini-batch; false if there is no memory."""
        cdef const float* rows = &self.table.rows[copy, 0]
        cdef double scale = self.table.scales.data[copy], texts = 0.0, total
        cdef Py_ssize_t w, z, last = self.words
        if not out.reserve((last + 1) * self.topics):
            return False
        for z in range(self.topics):
            total = 0.0
            for w in range(last):
                total += scale * rows[w * self.width + z] + self.smoothing
            for w in range(last):
                out.data[w * self.topics + z] = exact_log(max(
                    (scale * rows[w * self.width + z] + self.smoothing) / max(total, LEAST), LEAST))
            texts += rows[last * self.width + z]
        for z in range(self.topics):
            out.data[last * self.topics + z] = exact_log(
                max(rows[last * self.width + z] / max(texts, LEAST), LEAST))
        return True

    cdef double posterior(self, Py_ssize_t text, const double* logs, double* out) noexcept nogil:
        """p(z | x) of a text; returns log p(x)."""
        cdef double most = -INFINITY, total = 0.0
        cdef Py_ssize_t t, z
        for z in range(self.topics):
            out[z] = logs[self.words * self.topics + z]
            for t in range(self.offsets[text], self.offsets[text + 1]):
                out[z] += logs[self.tokens[t] * self.topics + z]
            most = max(most, out[z])
        for z in range(self.topics):
            out[z] = exact_exp(out[z] - most) if out[z] > most - 700.0 else 0.0
            total += out[z]
        for z in range(self.topics):
            out[z] /= total
        return most + exact_log(total)
