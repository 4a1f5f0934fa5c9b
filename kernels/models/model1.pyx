"""IBM Model 1 (Brown, Della Pietra, Della Pietra & Mercer 1993), its E-step in float32.

    p(e, a | f) = prod_j t(e_j | f_{a_j}) / (l + 1)

with a target sentence e, a source sentence f of l words, and the null word at position 0. There are
parameters for pairs of words that co-occur in a sentence pair, in the order of `cooccurrences`. For
each cell (j, i) of each sentence pair its parameter is kept, so that the E-step reads them in the
order in which they lie:

    p(a_j = i | e, f) = t(e_j | f_i) / sum_i' t(e_j | f_i')

Expected counts stay cell by cell, and an update adds them: it costs what its mini-batch holds, and
is the same to the last bit however its pairs were split over slots.

Index letters: n sentence pair, j target position, i source position, k cell or parameter, b block
of 16 source positions.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint64_t
from libc.string cimport memset

from staleness.kernels.core.atomic cimport atomic_load
from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.core.lanes cimport (
    LANES,
    exact_log,
    lanes,
    lanes_all,
    lanes_at_least,
    lanes_load,
    lanes_load_unaligned,
    lanes_store,
    lanes_store_unaligned,
    lanes_sum,
)
from staleness.kernels.core.model cimport Held, Model
from staleness.kernels.models.chain cimport STRETCH
from staleness.kernels.models.counts cimport (
    CountsTable,
    add_to_total,
    inverse,
    kept_now,
    rescaled,
    rescaled_total,
)

from staleness.kernels.core.memory import aligned_rows, padded_width
from staleness.kernels.core.validation import check_numbers, check_pairs
from staleness.kernels.models.cooccurrence import cooccurrences

cdef extern from * nogil:
    int ones "__builtin_popcountll" (uint64_t bits)
    int zeros_below "__builtin_ctzll" (uint64_t bits)

# A posterior below it is 0, so that no product of two numbers is denormal: what is left out of a
# count for it is less than that for each of its occurrences.
cdef float LEAST = 1e-30

cdef extern from * nogil:
    """
    #define LEAST_SUM 0x1p-100f
    """
    const float LEAST_SUM       # of a target word's probabilities, with all of which float32 copes


cdef class TranslationTable(CountsTable):
    """The counts of one direction, or of both behind each other.

    Parameters
    ----------
    slots, replicas : int
        See `Table`.
    first, second : IBMModel1
        The directions; they find their counts here from now on. The second may be None.
    """

    def __init__(self, Py_ssize_t slots, Py_ssize_t replicas, IBMModel1 first not None,
                 IBMModel1 second=None):
        copies, size, words = 1 + replicas, 0, 0
        for direction in (first,) if second is None else (first, second):
            (<IBMModel1>direction)._row, (<IBMModel1>direction)._total = size, words
            (<IBMModel1>direction).table = self
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


cdef class IBMModel1(Model):
    """One direction of the model, learned from a uniform t.

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
        """Make the table, slots and workspaces; see `Model`.

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
        cdef Py_ssize_t number
        super().prepare(slots, workspaces, replicas)
        self.smoothing = smoothing
        self._keeps = keep_statistics
        if table is None:
            TranslationTable(slots, replicas, self)
        self._posteriors.resize(slots)
        self._workspaces.resize(workspaces)
        for number in range(workspaces):
            allocate(&self._workspaces[number], self._longest, self._most)
        self._initialise(np.diff(self._source_offsets) + 1, np.diff(self._target_offsets))

    def _initialise(self, source_lengths, target_lengths):
        """Make t uniform, with as much weight on each source word as its posteriors will have.

        Where statistics are kept, counts must be the examples' sum: they begin as uniform posteriors.
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

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, expected counts, float64 [parameters]."""
        counts = np.zeros(self.parameters)
        self.add_cells(slot, counts)
        return counts

    cdef add_cells(self, Py_ssize_t slot, double[::1] counts):
        """Add what a slot holds to counts, [parameters]."""
        cdef const Held* held
        cdef const float* cells
        cdef Py_ssize_t number, n, k, cell = 0
        if not 0 <= slot < <Py_ssize_t>self.held.size():
            raise IndexError(f"no slot {slot}")
        held = &self.held[slot]
        cells = self._posteriors[slot].cells.data
        with nogil:
            for number in range(held.count):
                n = held.examples.data[number]
                for k in range(self._cell_offsets[n], self._cell_offsets[n + 1]):
                    counts[self._cells[k]] += cells[cell]
                    cell += 1

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

    def statistics_of(self, const int32_t[::1] parameters, double[::1] zeros,
                           Py_ssize_t slot=0):
        """Return what a slot holds of some parameters, float32 [n]: what travels, rounded once.

        Parameters
        ----------
        parameters : ndarray of int32 [n]
            Those of its examples; see `parameters_of`.
        zeros : ndarray of float64 [parameters]
            To add up in; they are zeros again in the end. To make as many each time would be most
            of the work.
        slot : int
        """
        cdef Py_ssize_t k
        if zeros.shape[0] != self.parameters:
            raise ValueError(f"zeros must be {self.parameters}, not {zeros.shape[0]}")
        check_numbers("parameters", np.asarray(parameters), self.parameters)
        found = np.empty(len(parameters), dtype=np.float32)
        cdef float[::1] counts = found
        self.add_cells(slot, zeros)
        with nogil:
            for k in range(parameters.shape[0]):
                counts[k] = <float>zeros[parameters[k]]
                zeros[parameters[k]] = 0.0
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
            raise ValueError("where statistics are kept, learning begins from these, not from theta")
        self.table.set_scales(1.0)
        for copy in range(1 + self.table.replicas):
            self._stored(copy)[parameters] = values
            # As if every source word occurred once.
            self._totals(copy)[:] = 1.0

    def evaluate(self):
        """Align the corpus and return its log-likelihood.

        Returns
        -------
        alignment : ndarray of int32 [target tokens]
            The most probable source position of each target word (Viterbi) in its sentence, from
            0; -1 for the null word. Of equals, the first, the null word before all.
        log_likelihood : float
            Of the target sentences given the source sentences, in nats, summed; NaN if theta is
            not finite.
        """
        aligned_to = np.empty(self._target_offsets[self._target_offsets.shape[0] - 1],
                              dtype=np.int32)
        cdef int32_t[::1] best = aligned_to
        cdef Py_ssize_t n, i, j, length
        cdef const int32_t* cells
        cdef double log_likelihood = 0.0, total
        cdef Counts mu = self.counts(0)
        cdef Workspace workspace
        cdef float more
        self.table.settle()
        more = <float>(self.smoothing / self.table.scale)
        allocate(&workspace, self._longest, self._most)
        with nogil:
            for n in range(self.work_of.shape[0]):
                length = self.length(n)
                rates(self, &mu, mu.scale[0], n, &workspace)
                cells = &self._cells[self._cell_offsets[n]]
                for j in range(self._target_offsets[n], self._target_offsets[n + 1]):
                    total = 0.0
                    best[j] = -1
                    for i in range(length):
                        workspace.products.data[i] = (mu.pairs[cells[i]] + more) * workspace.rate.data[i]
                        total += workspace.products.data[i]
                    if total < LEAST_SUM:
                        log_likelihood += logarithm(raised_products(
                            self, &mu, mu.scale[0], n, cells, workspace.products.data))
                        total = 0.0
                        for i in range(length):
                            total += workspace.products.data[i]
                    for i in range(1, length):
                        if workspace.products.data[i] > workspace.products.data[best[j] + 1]:
                            best[j] = i - 1
                    log_likelihood += logarithm(total / length)
                    cells += length
        return aligned_to, log_likelihood

    cdef Counts counts(self, Py_ssize_t copy) noexcept nogil:
        """A copy of mu, part by part."""
        cdef Counts mu
        mu.pairs = &self.table.rows[copy, self._row]
        mu.totals = &(<CountsTable>self.table).totals[copy, self._total]
        mu.scale = &self.table.scales.data[copy]
        return mu

    cdef Status find(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef const Held* held = &self.held[slot]
        cdef Posteriors* out = &self._posteriors[slot]
        cdef Workspace* scratch = &self._workspaces[workspace]
        cdef Counts mu = self.counts(self.table.copy(slot))
        cdef Py_ssize_t columns = 0, n, number
        cdef float* to_cells
        cdef double* to_columns
        cdef double scale
        for number in range(held.count):
            columns += self.length(held.examples.data[number])
        # A vector of posteriors may reach beyond the last one.
        if not (out.cells.reserve(self.work(slot) + LANES) and out.columns.reserve(columns)):
            return NO_MEMORY
        to_cells = out.cells.data
        to_columns = out.columns.data
        for number in range(held.count):
            n = held.examples.data[number]
            scale = atomic_load(mu.scale)
            rates(self, &mu, scale, n, scratch)
            if not posteriors(self, &mu, scale, n, scratch, to_cells, to_columns):
                return NOT_FINITE
            to_cells += self.work_of[n]
            to_columns += self.length(n)
        return OK

    cdef Py_ssize_t length(self, Py_ssize_t n) noexcept nogil:
        """Source positions of a sentence pair, the null word's too."""
        return self._source_offsets[n + 1] - self._source_offsets[n] + 1

    cdef void add(self, Py_ssize_t slot, double factor) noexcept nogil:
        cdef bint overlapping = self.table.overlapping
        cdef const Held* held = &self.held[slot]
        cdef Counts mu = self.counts(self.table.copy(slot))
        cdef const float* posterior = self._posteriors[slot].cells.data
        cdef const double* column = self._posteriors[slot].columns.data
        cdef const int32_t* cells
        cdef Py_ssize_t number, n, k, i
        cdef float by = <float>factor
        for number in range(held.count):
            n = held.examples.data[number]
            cells = &self._cells[self._cell_offsets[n]]
            for k in range(self.work_of[n]):
                mu.pairs[cells[k]] += by * posterior[k]
            posterior += self.work_of[n]
            add_to_total(&mu.totals[0], factor * column[0], overlapping)
            column += 1
            for i in range(self._source_offsets[n], self._source_offsets[n + 1]):
                add_to_total(&mu.totals[self._source[i] + 1], factor * column[0], overlapping)
                column += 1

    cdef void exchange(self, Py_ssize_t slot, double weight) noexcept nogil:
        cdef bint overlapping = self.table.overlapping
        cdef const Held* held = &self.held[slot]
        cdef Counts mu = self.counts(self.table.copy(slot))
        cdef const float* posterior = self._posteriors[slot].cells.data
        cdef const int32_t* cells
        cdef float* kept
        cdef float* count
        cdef float changed, now
        cdef double* total
        cdef Py_ssize_t number, n, i, k
        for number in range(held.count):
            n = held.examples.data[number]
            cells = &self._cells[self._cell_offsets[n]]
            kept = &self._kept_cells[self._cell_offsets[n]]
            k = 0
            for _ in range(self._target_offsets[n], self._target_offsets[n + 1]):
                for i in range(self.length(n)):
                    total = mu.totals
                    if i:
                        total = &mu.totals[self._source[self._source_offsets[n] + i - 1] + 1]
                    count = &mu.pairs[cells[k]]
                    now = kept_now(posterior[k], kept[k], weight)
                    # A sum of differences may fall a rounding short of 0.
                    changed = max(count[0] + (now - kept[k]), <float>0.0)
                    # By what the count did change, so that the total and its counts do not part.
                    add_to_total(total, <double>changed - count[0], overlapping)
                    count[0] = changed
                    kept[k] = now
                    k += 1
            posterior += self.work_of[n]

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


# ---- sentence pairs, without the GIL ------------------------------------------------------------

cdef inline void rates(
    IBMModel1 model,
    const Counts* mu,
    double scale,
    Py_ssize_t n,
    Workspace* workspace,               # OUT: rate, 0 in the lanes behind the last
) noexcept nogil:
    """1 / total of each source word; a count times it is t."""
    cdef double more = model.target_words * model.smoothing / scale
    cdef const int32_t* source = NULL
    cdef Py_ssize_t i, length = model.length(n)
    if length > 1:
        source = &model._source[model._source_offsets[n]]
    workspace.rate.data[0] = <float>(1.0 / (mu.totals[0] + more))
    for i in range(1, length):
        workspace.rate.data[i] = <float>(1.0 / (mu.totals[source[i - 1] + 1] + more))
    for i in range(length, (length + LANES - 1) // LANES * LANES):
        workspace.rate.data[i] = 0.0


cdef inline bint posteriors(
    IBMModel1 model,
    const Counts* mu,
    double scale,
    Py_ssize_t n,
    Workspace* workspace,               # IN: rate
    float* out,                         # OUT [cells of the pair], and LANES behind them
    double* columns,                    # OUT [source positions]: sums over target positions
) noexcept nogil:
    """p(a_j = i | e, f) of each cell; false if a target word has no finite probability above 0."""
    cdef Py_ssize_t length = model.length(n), blocks = (length + LANES - 1) // LANES, b, k, j
    cdef Py_ssize_t words = model._target_offsets[n + 1] - model._target_offsets[n]
    cdef float* counts = workspace.counts.data
    cdef const int32_t* cells = &model._cells[model._cell_offsets[n]]
    cdef lanes more = lanes_all(<float>(model.smoothing / scale))
    cdef lanes product, total
    cdef float sum_of_row
    memset(columns, 0, length * sizeof(double))
    memset(workspace.columns.data, 0, blocks * LANES * sizeof(float))
    for k in range(model.work_of[n]):
        counts[k] = mu.pairs[cells[k]]
    for j in range(words):
        total = lanes_all(0.0)
        for b in range(blocks):
            # What stands behind the last position is of the next row; its rate is 0.
            product = (lanes_load_unaligned(counts + b * LANES) + more) * lanes_load(
                workspace.rate.data, b)
            lanes_store(workspace.products.data, b, product)
            total = total + product
        sum_of_row = lanes_sum(total)
        if blocks > STRETCH // LANES:
            sum_of_row = long_sum(workspace.products.data, blocks)
        if sum_of_row < LEAST_SUM:
            raised_products(model, mu, scale, n, cells + j * length, workspace.products.data)
            sum_of_row = long_sum(workspace.products.data, blocks)
        if not 0.0 < sum_of_row < INFINITY:
            return False
        for b in range(blocks):
            product = lanes_at_least(
                lanes_load(workspace.products.data, b) * lanes_all(1.0 / sum_of_row), LEAST)
            lanes_store(workspace.columns.data, b, lanes_load(workspace.columns.data, b) + product)
            # The next row overwrites what stands behind this one.
            lanes_store_unaligned(out + b * LANES, product)
        counts += length
        out += length
        if (j + 1) % STRETCH == 0 or j + 1 == words:
            for k in range(length):
                columns[k] += workspace.columns.data[k]
            memset(workspace.columns.data, 0, blocks * LANES * sizeof(float))
    return True


cdef inline double raised_products(
    IBMModel1 model,
    const Counts* mu,
    double scale,
    Py_ssize_t n,
    const int32_t* cells,               # IN [source positions], of one target word
    float* products,                    # OUT [source positions]
) noexcept nogil:
    """t(e_j | f_i) over the greatest of them, which is returned; 0, if all of them are."""
    cdef double more = model.smoothing / scale, greatest = 0.0, total
    cdef Py_ssize_t i, turn
    for turn in range(2):
        for i in range(model.length(n)):
            total = mu.totals[0]
            if i:
                total = mu.totals[model._source[model._source_offsets[n] + i - 1] + 1]
            total = (mu.pairs[cells[i]] + more) / (total + model.target_words * more)
            if turn == 0:
                greatest = max(greatest, total)
            else:
                products[i] = <float>(total / greatest) if greatest > 0.0 else 0.0
    return greatest


cdef inline float long_sum(const float* values, Py_ssize_t blocks) noexcept nogil:
    """The sum of values [blocks * LANES]."""
    cdef Py_ssize_t k
    cdef double total = 0.0
    for k in range(blocks * LANES):
        total += values[k]
    return <float>total


cdef inline double logarithm(double x) noexcept nogil:
    if not 0.0 < x < INFINITY:
        return -INFINITY if x == 0.0 else INFINITY - INFINITY
    return exact_log(x)


# ---- memory -------------------------------------------------------------------------------------

cdef allocate(Workspace* workspace, Py_ssize_t n, Py_ssize_t cells):
    """Make room in a workspace."""
    cdef Py_ssize_t width = (n + LANES - 1) // LANES * LANES
    if not (workspace.rate.zeros(width) and workspace.products.zeros(width)
            and workspace.columns.zeros(width) and workspace.counts.zeros(cells + LANES)):
        raise MemoryError(f"no memory for a workspace of {n} words")
