"""IBM Model 1 (Brown, Della Pietra, Della Pietra & Mercer 1993), its E-step in float32.

    p(e, a | f) = prod_j t(e_j | f_{a_j}) / (l + 1)

with a target sentence e, a source sentence f of l words, and the null word at position 0. The
E-step reads the cells (j, i) of a sentence pair in the order in which they lie:

    p(a_j = i | e, f) = t(e_j | f_i) / sum_i' t(e_j | f_i')

Expected counts stay cell by cell, and an update adds them: it costs what its mini-batch holds, and
is the same to the last bit however its pairs were split over slots.

Index letters: n sentence pair, j target position, i source position, k cell or parameter, b block
of 16 source positions.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport int32_t
from libc.string cimport memset

from staleness.kernels.core.atomic cimport atomic_load
from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status, is_mine
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
from staleness.kernels.core.model cimport Held
from staleness.kernels.models.chain cimport STRETCH
from staleness.kernels.models.counts cimport add_to_total, kept_now
from staleness.kernels.models.translation cimport Counts, TranslationModel

from staleness.kernels.core.validation import check_numbers

# A posterior below it is 0, so that no product of two numbers is denormal: what is left out of a
# count for it is less than that for each of its occurrences.
cdef float LEAST = 1e-30

cdef extern from * nogil:
    """
    #define LEAST_SUM 0x1p-100f
    """
    const float LEAST_SUM       # of a target word's probabilities, with all of which float32 copes


cdef class IBMModel1(TranslationModel):
    """One direction of the model, whose statistics are the expected counts of its links.

    Parameters
    ----------
    *arrays, **sizes
        See `TranslationModel`.
    """

    divisible = True

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, **asked):
        """Make the table, slots and workspaces; see `TranslationModel`."""
        cdef Py_ssize_t number
        super().prepare(slots, workspaces, replicas, **asked)
        self._posteriors.resize(slots)
        self._workspaces.resize(workspaces)
        for number in range(workspaces):
            allocate(&self._workspaces[number], self._longest, self._most)

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

    def statistics_of(self, const int32_t[::1] parameters, double[::1] zeros, Py_ssize_t slot=0):
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
                        workspace.products.data[i] = (
                            (mu.pairs[cells[i]] + more) * workspace.rate.data[i])
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

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
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

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
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
            if shares == 1:
                for k in range(self.work_of[n]):
                    mu.pairs[cells[k]] += by * posterior[k]
            else:
                for k in range(self.work_of[n]):
                    # By the cache line, so that no two processors write to one.
                    if is_mine(cells[k] // LANES, share, shares):
                        mu.pairs[cells[k]] += by * posterior[k]
            posterior += self.work_of[n]
            if is_mine(0, share, shares):
                add_to_total(&mu.totals[0], factor * column[0], overlapping)
            column += 1
            for i in range(self._source_offsets[n], self._source_offsets[n + 1]):
                if is_mine(self._source[i] + 1, share, shares):
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
