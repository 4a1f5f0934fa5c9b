"""A translation table: parameters for pairs of words that co-occur, and the counts behind them.

There are parameters for pairs of words that co-occur in a sentence pair, in the order of
`cooccurrences`. For each cell (j, i) of each sentence pair its parameter is kept, so that an E-step
reads them in the order in which they lie. Position 0 of a source sentence is the null word.
"""

import numpy as np

from libc.stdint cimport int32_t, uint64_t

from staleness.kernels.core.lanes cimport LANES
from staleness.kernels.core.model cimport Model
from staleness.kernels.models.counts cimport CountsTable, inverse, rescaled, rescaled_total

from staleness.kernels.core.memory import aligned_rows, padded_width
from staleness.kernels.core.validation import check_numbers, check_pairs
from staleness.kernels.models.cooccurrence import cooccurrences

cdef extern from * nogil:
    int ones "__builtin_popcountll" (uint64_t bits)
    int zeros_below "__builtin_ctzll" (uint64_t bits)


cdef class TranslationTable(CountsTable):
    """The counts of one direction, or of both behind each other.

    Parameters
    ----------
    slots, replicas : int
        See `Table`.
    first, second : TranslationModel
        The directions; they find their counts here from now on. The second may be None.
    """

    def __init__(self, Py_ssize_t slots, Py_ssize_t replicas, TranslationModel first not None,
                 TranslationModel second=None):
        copies, size, words = 1 + replicas, 0, 0
        for direction in (first,) if second is None else (first, second):
            (<TranslationModel>direction)._row, (<TranslationModel>direction)._total = size, words
            (<TranslationModel>direction).table = self
            size += padded_width(max(direction.parameters, 1))
            words += 1 + direction.source_words
        rows = aligned_rows(copies, size)
        super().__init__(rows, slots, replicas, np.zeros((copies, words)))
        self.first = first
        self.second = second

    cdef double fold(self, Py_ssize_t copy, double scale) noexcept nogil:
        self.first.fold(copy, scale)
        if self.second is not None:
            self.second.fold(copy, scale)
        return 1.0


cdef class TranslationModel(Model):
    """Sentence pairs and a table t(e | f) of their words, in one direction; it begins uniform.

    Parameters
    ----------
    source_offsets, target_offsets : ndarray of int64 [pairs + 1]
        Sentence pair n is source words source_offsets[n] to source_offsets[n + 1] - 1, and likewise
        for the target.
    source, target : ndarray of int32 [tokens]
        Words, 0 to `source_words` - 1 and `target_words` - 1, best by falling frequency.
    source_words, target_words : int

    Attributes
    ----------
    parameters : int
        Pairs of words that co-occur.

    Raises
    ------
    ValueError
        If the arrays contradict each other.
    """

    def __init__(self, source_offsets, source, target_offsets, target, *,
                 Py_ssize_t source_words, Py_ssize_t target_words):
        check_pairs(source_offsets, source, target_offsets, target,
                    source_words=source_words, target_words=target_words)
        lengths = np.diff(source_offsets) + 1, np.diff(target_offsets)
        work = lengths[0] * lengths[1]
        if work.max(initial=0) >= 2**31:
            raise ValueError("a sentence pair of 2^31 cells or more: leave it out")
        super().__init__(work)
        self._source_offsets = source_offsets
        self._source = source
        self._target_offsets = target_offsets
        self.source_words = source_words
        self.target_words = target_words
        # A vector of cells may reach beyond the last one.
        self._targets, self._sources, self._cells = cooccurrences(
            source_offsets, source, target_offsets, target, source_words, target_words, LANES)
        self._cell_offsets = np.concatenate([[0], np.cumsum(work, dtype=np.int64)])
        self._greatest = np.empty(target_words)
        self.parameters = len(self._targets)
        self._longest = lengths[0].max(initial=1)
        self._most = work.max(initial=0)

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double smoothing=0.0, bint keep_statistics=False, TranslationTable table=None):
        """Make the table; see `Model`.

        Parameters
        ----------
        slots, workspaces, replicas : int
        smoothing : float
            Added to every count of the whole corpus before theta is normalised.
        keep_statistics : bool
            Whether every example's statistics are kept until it is seen again, for `exchange`.
        table : TranslationTable
            That this direction has a place in already.
        """
        super().prepare(slots, workspaces, replicas)
        self.smoothing = smoothing
        self._keeps = keep_statistics
        if table is None:
            TranslationTable(slots, replicas, self)
        self._initialise(np.diff(self._source_offsets) + 1, np.diff(self._target_offsets))

    def _initialise(self, source_lengths, target_lengths):
        """Make t uniform, with as much weight on each source word as its posteriors will have.

        Where statistics are kept, counts must be the examples' sum: they are of uniform posteriors.
        """
        source, sources = np.asarray(self._source), np.asarray(self._sources)
        share = target_lengths / source_lengths
        weights = np.bincount(source + 1, np.repeat(share, source_lengths - 1),
                              minlength=1 + self.source_words)
        weights[0] = share.sum()
        if self._keeps:
            # As many as there are cells, the spare ones too.
            self._kept_cells = np.zeros(len(self._cells), dtype=np.float32)
            cells = len(self._cells) - LANES
            kept = np.asarray(self._kept_cells)[:cells]
            kept[:] = np.repeat(1 / source_lengths, source_lengths * target_lengths)
            counts = np.bincount(np.asarray(self._cells)[:cells], kept, minlength=self.parameters)
        else:
            counts = weights[sources] / self.target_words
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[:] = counts
            self._totals(copy)[:] = weights

    @property
    def parameter_words(self):
        """The words of each parameter, int32 [parameters, 2]: target, source + 1 (0 is null)."""
        return np.stack([self._targets, self._sources], axis=1)

    @property
    def theta(self):
        """t(target word | source word), float32 [parameters]; see `parameter_words`."""
        self.table.settle()
        counts = np.float64(self.table.scale) * self._stored(0)
        totals = self._totals(0) * self.table.scale + self.smoothing * self.target_words
        with np.errstate(invalid="ignore", divide="ignore"):
            return ((counts + self.smoothing) / totals[np.asarray(self._sources)]).astype(
                np.float32)

    @theta.setter
    def theta(self, values):
        if np.shape(values) != (self.parameters,):
            raise ValueError(f"theta is [{self.parameters}]")
        self.set_theta(slice(None), values)

    @property
    def totals(self):
        """Expected occurrences of each source word, float64 [1 + source words], null word first."""
        self.table.settle()
        return self.table.scale * self._totals(0)

    def _stored(self, copy):
        """Return a copy's counts over its scale, float32 [parameters]."""
        return self.table.stored(copy)[self._row : self._row + self.parameters]

    def _totals(self, copy):
        """Return a copy's totals over its scale, float64 [1 + source words]."""
        totals = np.asarray((<CountsTable>self.table).totals)[copy]
        return totals[self._total : self._total + 1 + self.source_words]

    # Of some parameters only, for who keeps theta elsewhere and sets what some examples need.

    def parameters_of(self, examples):
        """Return the parameters that some examples need, int32, each once, ascending."""
        numbers = np.ascontiguousarray(examples, dtype=np.int32)
        check_numbers("examples", numbers, self.work_of.shape[0])
        cdef const int32_t[::1] pairs = numbers
        # A bit each: so they fit into a core's cache.
        cdef uint64_t[::1] marks = np.zeros(self.parameters // 64 + 1, dtype=np.uint64)
        cdef const int32_t* cells
        cdef Py_ssize_t number, k, count = 0
        cdef uint64_t left
        with nogil:
            for number in range(pairs.shape[0]):
                cells = &self._cells[self._cell_offsets[pairs[number]]]
                for k in range(self.work_of[pairs[number]]):
                    marks[cells[k] >> 6] |= (<uint64_t>1) << (cells[k] & 63)
            for k in range(marks.shape[0]):
                count += ones(marks[k])
        found = np.empty(count, dtype=np.int32)
        cdef int32_t[::1] parameters = found
        with nogil:
            count = 0
            for k in range(marks.shape[0]):
                left = marks[k]
                while left:
                    parameters[count] = 64 * k + zeros_below(left)
                    left &= left - 1
                    count += 1
        return found

    def set_theta(self, parameters, values):
        """Make theta of some parameters these, to the last bit.

        That of all others stays what it is if it has been set so, and is undefined if not.

        Parameters
        ----------
        parameters : ndarray of int, or slice
        values : array_like
        """
        if self._keeps:
            raise ValueError("statistics are kept: learning begins from these, not from theta")
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[parameters] = values
            # As if every source word occurred once.
            self._totals(copy)[:] = 1.0

    cdef Counts counts(self, Py_ssize_t copy) noexcept nogil:
        """A copy of mu, part by part."""
        cdef Counts mu
        mu.pairs = &self.table.rows[copy, self._row]
        mu.totals = &(<CountsTable>self.table).totals[copy, self._total]
        mu.scale = &self.table.scales.data[copy]
        return mu

    cdef Py_ssize_t length(self, Py_ssize_t n) noexcept nogil:
        """Source positions of a sentence pair, the null word's too."""
        return self._source_offsets[n + 1] - self._source_offsets[n] + 1

    cdef void fold(self, Py_ssize_t copy, double factor) noexcept nogil:
        """Multiply a copy's stored counts, as `rescaled` does."""
        cdef Counts mu = self.counts(copy)
        cdef Py_ssize_t k
        cdef double* greatest
        for k in range(self.target_words):
            self._greatest[k] = 0.0
        for k in range(self.parameters):
            greatest = &self._greatest[self._targets[k]]
            greatest[0] = max(greatest[0], mu.pairs[k] * inverse(mu.totals[self._sources[k]]))
        for k in range(self.parameters):
            mu.pairs[k] = <float>rescaled(mu.pairs[k], mu.totals[self._sources[k]], factor,
                                          self._greatest[self._targets[k]])
        for k in range(1 + self.source_words):
            mu.totals[k] = rescaled_total(mu.totals[k], factor)
