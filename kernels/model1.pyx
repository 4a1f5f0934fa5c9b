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

cimport cython
from libc.math cimport INFINITY
from libc.stdint cimport int32_t, uint64_t
from libc.stdlib cimport calloc, free
from libc.string cimport memcpy, memset

from staleness.kernels.memory cimport aligned, no_room, room
from staleness.kernels.chain cimport STRETCH
from staleness.kernels.em cimport (
    ExpectationMaximization,
    add_to_total,
    inverse,
    rescaled,
    rescaled_total,
)
from staleness.kernels.lanes cimport (
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
from staleness.kernels.learner cimport NO_MEMORY, NOT_FINITE, OK, Status, atomic_load

from staleness.kernels.cooccurrence import cooccurrences
from staleness.kernels.validation import check_numbers, check_pairs

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


@cython.final
cdef class IBMModel1(ExpectationMaximization):
    """One direction of the model, learned by expectation maximisation from a uniform t.

    Parameters
    ----------
    source_offsets, target_offsets : ndarray of int64 [pairs + 1]
        Sentence pair n is source words source_offsets[n] to source_offsets[n + 1] - 1, and likewise
        for the target.
    source, target : ndarray of int32 [tokens]
        Words, 0 to `source_words` - 1 and `target_words` - 1, best by falling frequency.
    source_words, target_words : int
    **options
        See `ExpectationMaximization`.

    Attributes
    ----------
    parameters : int
        Pairs of words that co-occur.

    Raises
    ------
    ValueError
        If the arrays contradict each other, or an option is out of range.
    """

    def __init__(self, source_offsets, source, target_offsets, target, *,
                 Py_ssize_t source_words, Py_ssize_t target_words, **options):
        cdef Py_ssize_t number, copies
        check_pairs(source_offsets, source, target_offsets, target,
                    source_words=source_words, target_words=target_words)
        lengths = np.diff(source_offsets) + 1, np.diff(target_offsets)
        work = lengths[0] * lengths[1]
        if work.max(initial=0) >= 2**31:
            raise ValueError("a sentence pair of 2^31 cells or more: leave it out")
        super().__init__(work, **options)
        copies = 1 + self.replicas
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
        self.keep_counts(np.zeros((copies, max(self.parameters, 1)), dtype=np.float32),
                         np.zeros((copies, 1 + source_words)))
        self._copies = <Counts*>calloc(copies, sizeof(Counts))
        self._statistics = <Statistics*>calloc(self.slots, sizeof(Statistics))
        self._workspaces = <Workspace*>calloc(self.workspaces, sizeof(Workspace))
        if self._copies == NULL or self._statistics == NULL or self._workspaces == NULL:
            raise MemoryError
        for number in range(copies):
            self._copies[number].pairs = &self._counts[number, 0]
            self._copies[number].totals = &self._totals[number, 0]
        for number in range(self.workspaces):
            allocate(&self._workspaces[number], self._longest, self._most)
        self._initialise(*lengths)

    def __dealloc__(self):
        cdef Py_ssize_t number
        free(self._copies)
        if self._workspaces != NULL:
            for number in range(self.workspaces):
                free(self._workspaces[number].rate)
            free(self._workspaces)
        if self._statistics != NULL:
            for number in range(self.slots):
                no_room(self._statistics[number].examples)
                no_room(self._statistics[number].cells)
                no_room(self._statistics[number].columns)
            free(self._statistics)

    def _initialise(self, source_lengths, target_lengths):
        """Make t uniform, with as much weight on each source word as its posteriors will have.

        Incremental EM begins from uniform posteriors instead: its counts must be the examples' sum.
        """
        source, sources = np.asarray(self._source), np.asarray(self._sources)
        share = target_lengths / source_lengths
        weights = np.bincount(source + 1, np.repeat(share, source_lengths - 1),
                              minlength=1 + self.source_words)
        weights[0] = share.sum()
        if self.keeps_statistics():
            # As many as there are cells, the spare ones too.
            self._kept_cells = np.zeros(len(self._cells), dtype=np.float32)
            cells = len(self._cells) - LANES
            kept = np.asarray(self._kept_cells)[:cells]
            kept[:] = np.repeat(1 / source_lengths, source_lengths * target_lengths)
            counts = np.bincount(np.asarray(self._cells)[:cells], kept, minlength=self.parameters)
        else:
            counts = weights[sources] / self.target_words
        for copy in range(1 + self.replicas):
            np.asarray(self._counts)[copy, : self.parameters] = counts
            np.asarray(self._totals)[copy] = weights

    @property
    def parameter_words(self):
        """The words of each parameter, int32 [parameters, 2]: target, source + 1 (0 is null)."""
        return np.stack([self._targets, self._sources], axis=1)

    @property
    def theta(self):
        """t(target word | source word), float32 [parameters]; see `parameter_words`."""
        self.settle()
        counts = np.float64(self.scale) * np.asarray(self._counts)[0, : self.parameters]
        totals = np.asarray(self._totals)[0] * self.scale + self.smoothing * self.target_words
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
        self.settle()
        return self.scale * np.asarray(self._totals)[0]

    def expected_counts(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 [parameters]."""
        counts = np.zeros(self.parameters)
        self.add_cells(slot, counts)
        return counts

    cdef add_cells(self, Py_ssize_t slot, double[::1] counts):
        """Add what a slot holds to counts, [parameters]."""
        cdef const Statistics* held
        cdef Py_ssize_t number, n, k, cell = 0
        if not 0 <= slot < self.slots:
            raise IndexError(f"no slot {slot}")
        held = &self._statistics[slot]
        with nogil:
            for number in range(held.count):
                n = held.examples[number]
                for k in range(self._cell_offsets[n], self._cell_offsets[n + 1]):
                    counts[self._cells[k]] += held.cells[cell]
                    cell += 1

    # Of some parameters only, for who keeps theta elsewhere and sets what some examples need.

    def touched(self, examples):
        """Return the parameters that some examples need, int32, each once, ascending."""
        numbers = np.ascontiguousarray(examples, dtype=np.int32)
        check_numbers("examples", numbers, self._work.shape[0])
        cdef const int32_t[::1] pairs = numbers
        # A bit each: so they fit into a core's cache.
        cdef uint64_t[::1] marks = np.zeros(self.parameters // 64 + 1, dtype=np.uint64)
        cdef const int32_t* cells
        cdef Py_ssize_t number, k, count = 0
        cdef uint64_t left
        with nogil:
            for number in range(pairs.shape[0]):
                cells = &self._cells[self._cell_offsets[pairs[number]]]
                for k in range(self._work[pairs[number]]):
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

    def expected_counts_of(self, const int32_t[::1] parameters, double[::1] zeros,
                           Py_ssize_t slot=0):
        """Return what a slot holds of some parameters, float32 [n]: what travels, rounded once.

        Parameters
        ----------
        parameters : ndarray of int32 [n]
            Those that its examples have `touched`.
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
        if self.keeps_statistics():
            raise ValueError("incremental EM begins from posteriors, not from theta")
        for copy in range(1 + self.replicas):
            self._scales[copy] = 1.0
            np.asarray(self._counts)[copy, : self.parameters][parameters] = values
            # As if every source word occurred once.
            np.asarray(self._totals)[copy] = 1.0

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
        cdef Counts* mu = self._copies
        cdef Workspace workspace
        cdef float more
        self.settle()
        more = <float>(self.smoothing / self._scales[0])
        allocate(&workspace, self._longest, self._most)
        with nogil:
            for n in range(self._work.shape[0]):
                length = self.length(n)
                rates(self, mu, self._scales[0], n, &workspace)
                cells = &self._cells[self._cell_offsets[n]]
                for j in range(self._target_offsets[n], self._target_offsets[n + 1]):
                    total = 0.0
                    best[j] = -1
                    for i in range(length):
                        workspace.products[i] = (mu.pairs[cells[i]] + more) * workspace.rate[i]
                        total += workspace.products[i]
                    if total < LEAST_SUM:
                        log_likelihood += logarithm(raised_products(
                            self, mu, self._scales[0], n, cells, workspace.products))
                        total = 0.0
                        for i in range(length):
                            total += workspace.products[i]
                    for i in range(1, length):
                        if workspace.products[i] > workspace.products[best[j] + 1]:
                            best[j] = i - 1
                    log_likelihood += logarithm(total / length)
                    cells += length
        free(workspace.rate)
        return aligned_to, log_likelihood

    cdef Status expect(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        Py_ssize_t copy,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Statistics* out = &self._statistics[slot]
        cdef Workspace* scratch = &self._workspaces[workspace]
        cdef Py_ssize_t cells = 0, columns = 0, n, number
        cdef float* to_cells
        cdef double* to_columns
        cdef double scale
        for number in range(count):
            cells += self._work[examples[number]]
            columns += self.length(examples[number])
        if self.reserve(out, count, cells, columns) != OK:
            return NO_MEMORY
        memcpy(out.examples, examples, count * sizeof(int32_t))
        out.count = count
        to_cells = out.cells
        to_columns = out.columns
        for number in range(count):
            n = examples[number]
            scale = atomic_load(&self._scales[copy])
            rates(self, &self._copies[copy], scale, n, scratch)
            if not posteriors(self, &self._copies[copy], scale, n, scratch, to_cells, to_columns):
                return NOT_FINITE
            to_cells += self._work[n]
            to_columns += self.length(n)
        return OK

    cdef Py_ssize_t length(self, Py_ssize_t n) noexcept nogil:
        """Source positions of a sentence pair, the null word's too."""
        return self._source_offsets[n + 1] - self._source_offsets[n] + 1

    cdef Status reserve(
        self,
        Statistics* slot,
        Py_ssize_t count,
        Py_ssize_t cells,
        Py_ssize_t columns,
    ) noexcept nogil:
        slot.examples = <int32_t*>room(slot.examples, count * sizeof(int32_t))
        # A vector of posteriors may reach beyond the last one.
        slot.cells = <float*>room(slot.cells, (cells + LANES) * sizeof(float))
        slot.columns = <double*>room(slot.columns, columns * sizeof(double))
        if slot.examples == NULL or slot.cells == NULL or slot.columns == NULL:
            slot.count = 0
            return NO_MEMORY
        return OK

    cdef void add(self, Py_ssize_t slot, Py_ssize_t copy, double factor) noexcept nogil:
        cdef const Statistics* held = &self._statistics[slot]
        cdef Counts* mu = &self._copies[copy]
        cdef const float* posterior = held.cells
        cdef const double* column = held.columns
        cdef const int32_t* cells
        cdef Py_ssize_t number, n, k, i
        cdef float by = <float>factor
        for number in range(held.count):
            n = held.examples[number]
            cells = &self._cells[self._cell_offsets[n]]
            for k in range(self._work[n]):
                mu.pairs[cells[k]] += by * posterior[k]
            posterior += self._work[n]
            add_to_total(self, &mu.totals[0], factor * column[0])
            column += 1
            for i in range(self._source_offsets[n], self._source_offsets[n + 1]):
                add_to_total(self, &mu.totals[self._source[i] + 1], factor * column[0])
                column += 1

    cdef void exchange(self, Py_ssize_t slot, Py_ssize_t copy) noexcept nogil:
        cdef const Statistics* held = &self._statistics[slot]
        cdef Counts* mu = &self._copies[copy]
        cdef const float* posterior = held.cells
        cdef const int32_t* cells
        cdef float* kept
        cdef float* count
        cdef float changed
        cdef double* total
        cdef Py_ssize_t number, n, i, k
        for number in range(held.count):
            n = held.examples[number]
            cells = &self._cells[self._cell_offsets[n]]
            kept = &self._kept_cells[self._cell_offsets[n]]
            k = 0
            for _ in range(self._target_offsets[n], self._target_offsets[n + 1]):
                for i in range(self.length(n)):
                    total = mu.totals
                    if i:
                        total = &mu.totals[self._source[self._source_offsets[n] + i - 1] + 1]
                    count = &mu.pairs[cells[k]]
                    # A sum of differences may fall a rounding short of 0.
                    changed = max(count[0] + (posterior[k] - kept[k]), <float>0.0)
                    # By what the count did change, so that the total and its counts do not part.
                    add_to_total(self, total, <double>changed - count[0])
                    count[0] = changed
                    kept[k] = posterior[k]
                    k += 1
            posterior += self._work[n]

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        cdef Counts* mu = &self._copies[copy]
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
    workspace.rate[0] = <float>(1.0 / (mu.totals[0] + more))
    for i in range(1, length):
        workspace.rate[i] = <float>(1.0 / (mu.totals[source[i - 1] + 1] + more))
    for i in range(length, (length + LANES - 1) // LANES * LANES):
        workspace.rate[i] = 0.0


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
    cdef float* counts = workspace.counts
    cdef const int32_t* cells = &model._cells[model._cell_offsets[n]]
    cdef lanes more = lanes_all(<float>(model.smoothing / scale))
    cdef lanes product, total
    cdef float sum_of_row
    memset(columns, 0, length * sizeof(double))
    memset(workspace.columns, 0, blocks * LANES * sizeof(float))
    for k in range(model._work[n]):
        counts[k] = mu.pairs[cells[k]]
    for j in range(words):
        total = lanes_all(0.0)
        for b in range(blocks):
            # What stands behind the last position is of the next row; its rate is 0.
            product = (lanes_load_unaligned(counts + b * LANES) + more) * lanes_load(
                workspace.rate, b)
            lanes_store(workspace.products, b, product)
            total = total + product
        sum_of_row = lanes_sum(total)
        if blocks > STRETCH // LANES:
            sum_of_row = long_sum(workspace.products, blocks)
        if sum_of_row < LEAST_SUM:
            raised_products(model, mu, scale, n, cells + j * length, workspace.products)
            sum_of_row = long_sum(workspace.products, blocks)
        if not 0.0 < sum_of_row < INFINITY:
            return False
        for b in range(blocks):
            product = lanes_at_least(
                lanes_load(workspace.products, b) * lanes_all(1.0 / sum_of_row), LEAST)
            lanes_store(workspace.columns, b, lanes_load(workspace.columns, b) + product)
            # The next row overwrites what stands behind this one.
            lanes_store_unaligned(out + b * LANES, product)
        counts += length
        out += length
        if (j + 1) % STRETCH == 0 or j + 1 == words:
            for k in range(length):
                columns[k] += workspace.columns[k]
            memset(workspace.columns, 0, blocks * LANES * sizeof(float))
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
    """Lay a workspace out in one piece of memory, which begins at `rate`."""
    cdef Py_ssize_t width = (n + LANES - 1) // LANES * LANES
    cdef Py_ssize_t size = 3 * width + cells + LANES
    cdef float* memory = <float*>aligned(size * sizeof(float))
    if memory == NULL:
        raise MemoryError(f"no memory for a workspace of {n} words")
    memset(memory, 0, size * sizeof(float))
    workspace.rate = memory
    workspace.products = workspace.rate + width
    workspace.columns = workspace.products + width
    workspace.counts = workspace.columns + width
