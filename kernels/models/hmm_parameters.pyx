"""What the HMM keeps: expected counts by word and state, and theta, which is made of them."""

import numpy as np

from staleness.kernels.core.model cimport Model
from staleness.kernels.models.counts cimport (
    CountsTable,
    inverse,
    rescaled,
    rescaled_total,
)

from staleness.kernels.core.memory import aligned_rows, padded_width
from staleness.kernels.core.validation import MOST_LABELS, check_sentences


cdef class HMMTable(CountsTable):
    """Counts of words by state, of transitions and of starts, row by row.

    Parameters
    ----------
    slots, replicas : int
        See `Table`.
    words, states : int
    """

    def __init__(self, Py_ssize_t slots, Py_ssize_t replicas, *, Py_ssize_t words,
                 Py_ssize_t states):
        copies = 1 + replicas
        self.words = words
        self.states = states
        self.width = padded_width(states)
        rows = aligned_rows(copies * (words + states + 1), states)
        super().__init__(rows.reshape(copies, -1), slots, replicas,
                         np.zeros((copies, self.width)))

    cdef double fold(self, Py_ssize_t copy, double scale) noexcept nogil:
        cdef double* totals = &self.totals[copy, 0]
        cdef Py_ssize_t word, i, j
        cdef float* row
        cdef double greatest, total
        for word in range(self.words):
            row = &self.rows[copy, word * self.width]
            greatest = 0.0
            for j in range(self.states):
                greatest = max(greatest, row[j] * inverse(totals[j]))
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], totals[j], scale, greatest)
        for j in range(self.states):
            totals[j] = rescaled_total(totals[j], scale)
        # The last row is that of starts.
        for i in range(self.states + 1):
            row = &self.rows[copy, (self.words + i) * self.width]
            total = 0.0
            for j in range(self.states):
                total += row[j]
            for j in range(self.states):
                row[j] = <float>rescaled(row[j], total, scale, 1.0)
        return 1.0


cdef class HMMParameters(Model):
    """Sentences, and the parameters of a HMM of them; a subclass adds statistics.

    Parameters
    ----------
    offsets : ndarray of int64 [sentences + 1]
        Sentence s is tokens offsets[s] to offsets[s + 1] - 1.
    tokens : ndarray of int32 [tokens]
        Words, 0 to `words` - 1.
    words : int
    responsibilities : ndarray of float [words, states]
        p(state | word) before learning, rows of sum 1: as if every token of a word had it.
    transitions : ndarray of float [states, states]
        p(state | state before) before learning, rows of sum 1.

    Raises
    ------
    ValueError
        If the arrays contradict each other, there are more than 1024 states.
    """

    def __init__(self, offsets, tokens, *, Py_ssize_t words, responsibilities, transitions):
        check_sentences(offsets, tokens, words)
        responsibilities = np.asarray(responsibilities, dtype=np.float32)
        transitions = np.asarray(transitions, dtype=np.float64)
        states = len(transitions)
        if not 0 < states <= MOST_LABELS:
            raise ValueError(f"{states} states: the HMM takes 1 to {MOST_LABELS}")
        if responsibilities.shape != (words, states) or transitions.shape != (states, states):
            raise ValueError(f"responsibilities are [{words}, {states}], "
                             f"transitions [{states}, {states}]")
        super().__init__(np.diff(offsets))
        self._offsets = offsets
        self._tokens = tokens
        self.states = states
        self.words = words
        self._width = padded_width(states)
        self._beginning = responsibilities, transitions

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double smoothing=0.0, bint keep_statistics=False):
        """Make the table; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        smoothing : float
            Added to every count of the whole corpus before theta is normalised.
        keep_statistics : bool
            Whether every example's statistics are kept until it is seen again, for `exchange`.
        """
        super().prepare(slots, workspaces, replicas)
        self.smoothing = smoothing
        self._keeps = keep_statistics
        self.table = HMMTable(slots, replicas, words=self.words, states=self.states)
        self._initialise(*self._beginning)

    def _initialise(self, responsibilities, transitions):
        """Make mu what the first E-step would have left, had it found these posteriors."""
        offsets, tokens = np.asarray(self._offsets), np.asarray(self._tokens)
        lengths = np.diff(offsets)
        firsts = tokens[offsets[: len(lengths)][lengths > 0]]
        follow = np.maximum(lengths - 1, 0)
        occurrences = np.bincount(tokens, minlength=self.words)
        counts = np.concatenate([
            occurrences[:, None] * responsibilities,
            follow.sum() / self.states * transitions,
            responsibilities[firsts].sum(axis=0, dtype=np.float64)[None],
        ])
        self._set_counts(counts)
        if self._keeps:
            self._kept_nodes = aligned_rows(max(len(tokens), 1), self.states)
            np.asarray(self._kept_nodes)[: len(tokens), : self.states] = responsibilities[tokens]
            rows = max(len(lengths), 1)
            edges = aligned_rows(rows * self.states, self.states)
            self._kept_edges = edges.reshape(rows, self.states, self._width)
            np.multiply(
                (follow / self.states).astype(np.float32)[:, None, None],
                transitions.astype(np.float32),
                out=np.asarray(self._kept_edges)[: len(lengths), :, : self.states],
            )

    @property
    def theta(self):
        """The probabilities, float32 [words + states + 1, states].

        p(word | state), then p(next state | state) with a row for each state, then p(first state).
        """
        self.table.settle()
        smoothing = self.smoothing
        counts = np.float64(self.table.scale) * self._stored(0)[:, : self.states] + smoothing
        totals = self._totals(0) * self.table.scale + smoothing * self.words
        words, following, starts = self._parts(counts)
        return np.concatenate([
            shares(words, totals),
            shares(following, following.sum(axis=1, keepdims=True)),
            shares(starts, starts.sum()),
        ]).astype(np.float32)

    @theta.setter
    def theta(self, values):
        values = np.asarray(values, dtype=np.float64)
        if values.shape != (self.words + self.states + 1, self.states):
            raise ValueError(f"theta is [{self.words + self.states + 1}, {self.states}]")
        if self._keeps:
            raise ValueError("statistics are kept: learning begins from these, not from theta")
        words, following, starts = self._parts(values)
        tokens, sentences = max(self._tokens.shape[0], 1), max(self.work_of.shape[0], 1)
        self._set_counts(np.concatenate([
            words * (tokens / self.states),
            following * (tokens / self.states),
            starts * sentences,
        ]))

    def set_theta(self, rows, values):
        """Make some rows of theta these, of words whose probabilities sum to 1 for each state.

        For who keeps theta elsewhere and sets what some sentences need. The other rows stay what
        they are if they have been set so, and are undefined if not.

        Parameters
        ----------
        rows : ndarray of int, or slice
        values : ndarray of float [rows, states]
        """
        if self._keeps:
            raise ValueError("statistics are kept: learning begins from these, not from theta")
        cdef double weight = max(self._tokens.shape[0], 1) / <double>self.states
        weights = np.full((self.words + self.states + 1, 1), weight)
        weights[self.words + self.states] = max(self.work_of.shape[0], 1)
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[rows, : self.states] = values * weights[rows]
            self._totals(copy)[:] = weight

    @property
    def counts(self):
        """mu, the expected counts of the whole corpus, float64 in the shape of theta."""
        self.table.settle()
        return np.float64(self.table.scale) * self._stored(0)[:, : self.states]

    def _set_counts(self, counts):
        """Make every copy's counts these, float [words + states + 1, states]."""
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[:, : self.states] = counts
            self._totals(copy)[:] = self._parts(counts)[0].sum(
                axis=0, dtype=np.float64)

    def _stored(self, copy):
        """Return a copy's counts over their scale, float32 [words + states + 1, width]."""
        return self.table.stored(copy).reshape(-1, self._width)

    def _totals(self, copy):
        """Return a copy's totals over its scale, float64 [states]."""
        return np.asarray((<CountsTable>self.table).totals)[copy, : self.states]

    def _parts(self, rows):
        """Return the rows of the words, of the states and of the beginning."""
        return (rows[: self.words], rows[self.words : self.words + self.states],
                rows[self.words + self.states :])

    cdef Counts counts_of(self, Py_ssize_t copy) noexcept nogil:
        """A copy of mu, part by part."""
        cdef Counts mu
        mu.emissions = &self.table.rows[copy, 0]
        mu.transitions = mu.emissions + self.words * self._width
        mu.starts = mu.transitions + self.states * self._width
        mu.totals = &(<CountsTable>self.table).totals[copy, 0]
        mu.scale = &self.table.scales.data[copy]
        return mu


def shares(counts, totals):
    """Return counts over totals, 0 over 0 as 0."""
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals != 0)
