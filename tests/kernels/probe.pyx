"""For the tests: what lies at the C level of the kernels, as arrays."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from staleness.kernels.core.atomic cimport FETCH_ADD, LOAD, atomic_add
from staleness.kernels.core.context cimport OK, Status, Step
from staleness.kernels.core.lanes cimport (
    LANES,
    exact_exp,
    exact_log,
    lanes,
    lanes_all,
    lanes_argmax,
    lanes_at_least,
    lanes_at_most,
    lanes_differ,
    lanes_exp,
    lanes_greatest,
    lanes_int,
    lanes_int_all,
    lanes_int_store,
    lanes_load,
    lanes_load_unaligned,
    lanes_max,
    lanes_raised,
    lanes_store,
    lanes_store_unaligned,
    lanes_sum,
    lanes_where_positive,
)
from staleness.kernels.core.learner cimport Learner
from staleness.kernels.core.reader_lock cimport ReaderLock
from staleness.kernels.core.table cimport AveragedTable, Table
from staleness.kernels.models.counts cimport CountsTable
from staleness.kernels.models.crf cimport ConditionalRandomField
from staleness.kernels.models.linear_chain cimport LinearChain

from staleness.kernels.core.memory import aligned_rows, padded_width
from staleness.kernels.models.hmm import HiddenMarkovModel


def width():
    """Return the number of lanes."""
    return LANES


cdef float[:, ::1] rows_of(values):
    rows = aligned_rows(len(values), LANES)
    rows[:] = values
    return rows


def exp(values):
    """Return lanes_exp of float32 [n, 16]."""
    cdef float[:, ::1] given = rows_of(values), out = rows_of(values)
    cdef Py_ssize_t k
    for k in range(given.shape[0]):
        lanes_store(&out[k, 0], 0, lanes_exp(lanes_load(&given[k, 0], 0)))
    return np.asarray(out)


def maximum(a, b):
    """Return lanes_max of float32 [n, 16]."""
    cdef float[:, ::1] left = rows_of(a), right = rows_of(b)
    cdef Py_ssize_t k
    for k in range(left.shape[0]):
        lanes_store(&left[k, 0], 0,
                    lanes_max(lanes_load(&left[k, 0], 0), lanes_load(&right[k, 0], 0)))
    return np.asarray(left)


def argmax(values):
    """Return the greatest of float32 [n, 16] along n and its index, by lanes_argmax."""
    cdef float[:, ::1] given = rows_of(values), out = rows_of(values[:1])
    cdef float[:, ::1] indices = rows_of(values[:1])
    cdef lanes best = lanes_all(-np.inf)
    cdef lanes_int argument = lanes_int_all(-1)
    cdef Py_ssize_t k
    for k in range(given.shape[0]):
        lanes_argmax(&best, &argument, lanes_load(&given[k, 0], 0), <int32_t>k)
    lanes_store(&out[0, 0], 0, best)
    lanes_int_store(<int32_t*>&indices[0, 0], 0, argument)
    return np.asarray(out)[0], np.asarray(indices)[0].view(np.int32)


def total(values):
    """Return lanes_sum of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values])
    return np.float32(lanes_sum(lanes_load(&given[0, 0], 0)))


def greatest(values):
    """Return lanes_greatest of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values])
    return np.float32(lanes_greatest(lanes_load(&given[0, 0], 0)))


def log(values):
    """Return exact_log of float64 [n]."""
    return np.array([exact_log(value) for value in values])


def exp_of_doubles(values):
    """Return exact_exp of float64 [n]."""
    return np.array([exact_exp(value) for value in values])


def bounded(values, float bound):
    """Return lanes_at_least, lanes_at_most and lanes_raised of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values]), out = rows_of([values] * 3)
    cdef lanes x = lanes_load(&given[0, 0], 0)
    lanes_store(&out[0, 0], 0, lanes_at_least(x, bound))
    lanes_store(&out[0, 0], 1, lanes_at_most(x, bound))
    lanes_store(&out[0, 0], 2, lanes_raised(x, bound))
    return np.asarray(out)


def differ(a, b):
    """Return lanes_differ of float32 [16]."""
    cdef float[:, ::1] given = rows_of([a, b])
    return bool(lanes_differ(lanes_load(&given[0, 0], 0), lanes_load(&given[0, 0], 1)))


def where_positive(values, of):
    """Return lanes_where_positive of float32 [16]."""
    cdef float[:, ::1] given = rows_of([values, of])
    lanes_store(&given[0, 0], 0, lanes_where_positive(lanes_load(&given[0, 0], 0),
                                                      lanes_load(&given[0, 0], 1)))
    return np.asarray(given)[0]


def moved(const float[::1] values, Py_ssize_t begin, Py_ssize_t to):
    """Return float32 [n] with 16 of them moved by an unaligned load and store."""
    cdef float[::1] out = np.array(values)
    assert 0 <= begin <= len(values) - LANES
    assert 0 <= to <= len(values) - LANES
    lanes_store_unaligned(&out[to], lanes_load_unaligned(&values[begin]))
    return np.asarray(out)


# ---- what is learned ----------------------------------------------------------------------------

def rows(Learner learner, Py_ssize_t copy=0):
    """Return copies of the emission and transition rows of a chain, padding lanes and all."""
    cdef LinearChain model = learner.model
    rows = np.array(model.table.rows[copy]).reshape(-1, model._width)
    return rows[: model.features], rows[model.features :]


def learned(Learner learner, Py_ssize_t slot=0):
    """Return the parameters that a slot's `compute` reads, float32 [features + labels, labels]."""
    cdef LinearChain model = learner.model
    rows = np.array(model.table.rows[model.table.copy(slot)]).reshape(-1, model._width)
    return rows[:, : model.labels] * scale(learner, slot)


def scale(Learner learner, Py_ssize_t slot=0):
    """Return the scale of the parameters that a slot's `compute` reads."""
    return learner.table.scales.data[learner.table.copy(slot)]


def held(Learner learner, Py_ssize_t slot, Py_ssize_t tokens):
    """Return copies of the nodes and edges that a slot holds, padding lanes and all."""
    cdef ConditionalRandomField model = learner.model
    cdef Py_ssize_t count = model.held[slot].count
    nodes = np.empty((tokens, model._width), dtype=np.float32)
    edges = np.empty((count, model.labels, model._width), dtype=np.float32)
    cdef char[:] to_nodes = nodes.reshape(-1).view(np.int8)
    cdef char[:] to_edges = edges.reshape(-1).view(np.int8)
    if nodes.nbytes:
        memcpy(&to_nodes[0], model._gradients[slot].nodes.data, nodes.nbytes)
    if edges.nbytes:
        memcpy(&to_edges[0], model._gradients[slot].edges.data, edges.nbytes)
    return nodes, edges


def average(learner):
    """Give every replica of a learner, or of a table, their mean."""
    cdef Table table = getattr(learner, "table", learner)
    table.average()


def settle(learner):
    """Make theta of a learner, or of a table, ready to be looked at."""
    cdef Table table = getattr(learner, "table", learner)
    table.settle()


def touched(Learner learner, Py_ssize_t slot=0):
    """Return how much work an update of a slot will touch."""
    return learner.model.touched(slot)


def stored(Learner learner, Py_ssize_t copy=0):
    """Return the counts that a copy stores, what theta divides them by, and the scale of both.

    Of a HMM, [words + states + 1, width] and [width], the latter only of words. Of Model 1,
    [parameters] and [1 + source words].
    """
    cdef CountsTable table = learner.table
    counts = np.array(table.rows[copy])
    if isinstance(learner.model, HiddenMarkovModel):
        counts = counts.reshape(-1, padded_width(learner.model.states))
    else:
        assert not counts[learner.model.parameters :].any()
        counts = counts[: learner.model.parameters]
    return counts, np.array(table.totals[copy]), table.scales.data[copy]


def spoil(Learner learner, counts=slice(None)):
    """Make the master copy's counts NaN, or some of them."""
    np.asarray(learner.table.rows)[0, counts] = np.nan


def drive(
    Learner learner,
    const int32_t[:, ::1] mini_batches,
    int64_t updates,
    Py_ssize_t slot=0,
    Py_ssize_t workspace=-1,
):
    """Make updates with one mini-batch after another, without the GIL; return how many.

    The workspace is that of the slot's number unless said.
    """
    cdef int64_t done = 0
    cdef Status status = OK
    if workspace < 0:
        workspace = slot
    with nogil:
        while done < updates and status == OK:
            status = learner._compute(
                slot, workspace, &mini_batches[done % mini_batches.shape[0], 0],
                mini_batches.shape[1])
            if status == OK:
                status = learner._update(slot, slot + 1, 0, 1.0)
            done += status == OK
    return done


# ---- tables -------------------------------------------------------------------------------------

def decay(Table table, double keep, double gain=1.0, Py_ssize_t first=0, Py_ssize_t last=-1):
    """Begin and end an update of a table; return what statistics were to be added times."""
    cdef Step step
    cdef double factor
    step.keep, step.gain = keep, gain
    if table.begin_update(first, first + 1 if last < 0 else last, &step, &factor) != OK:
        raise FloatingPointError
    table.end_update(first)
    return factor


def fold(Table table, double scale, Py_ssize_t copy=0):
    """Move a scale into a copy; return what is left of it."""
    return table.fold(copy, scale)


def clear(Table table, Py_ssize_t copy=0):
    """Make a copy 0."""
    table.clear(copy)


def mean(Table table):
    """Make theta the mean of the replicas."""
    table.mean()


def scales(Table table):
    """Return the scale of each copy."""
    return [table.scales.data[copy] for copy in range(table.rows.shape[0])]


def add_averaged(AveragedTable table, const float[::1] added, double keep=1.0,
                 Py_ssize_t slot=0):
    """Make an update of one row, as a model does: to theta, and to the sum of all."""
    cdef Step step
    cdef double factor
    cdef Py_ssize_t j, copy = table.copy(slot)
    step.keep, step.gain = keep, 1.0
    if table.begin_update(slot, slot + 1, &step, &factor) != OK:
        raise FloatingPointError
    for j in range(added.shape[0]):
        table.rows[copy, j] += added[j] * <float>factor
        table.sums[copy - 1, 0, j] += table.before[slot] * <double>added[j]
    table.end_update(slot)


# ---- threads ------------------------------------------------------------------------------------

cdef enum:
    LOOKS = 2000    # at what others do, while sharing or alone


cdef class Turnstile:
    """A lock that many share, and what would go wrong if it did not hold."""

    cdef ReaderLock _lock
    cdef int64_t _sharing               # as many as share it
    cdef int64_t _alone                 # 1 while somebody holds it alone
    cdef readonly int64_t violations
    cdef readonly int64_t held          # alone, how often; counted without any other protection

    def __init__(self, Py_ssize_t places):
        if not self._lock.places(<int32_t>places):
            raise MemoryError

    def hammer(self, Py_ssize_t place, int64_t turns, int64_t every):
        """Share it and let go; each `every`-th turn, hold it alone instead."""
        cdef int64_t turn
        cdef bint wrong
        with nogil:
            for turn in range(turns):
                wrong = False
                if (turn + place) % every == 0:
                    self._lock.lock()
                    wrong = FETCH_ADD(&self._alone, 1) != 0
                    # Long enough for others to come; what they do is not to be lost.
                    for _ in range(LOOKS):
                        wrong |= LOAD(&self._sharing) != 0
                    self.held += 1
                    FETCH_ADD(&self._alone, -1)
                    self._lock.unlock()
                else:
                    self._lock.lock_shared(<int32_t>place)
                    FETCH_ADD(&self._sharing, 1)
                    for _ in range(LOOKS):
                        wrong |= LOAD(&self._alone) != 0
                    FETCH_ADD(&self._sharing, -1)
                    self._lock.unlock_shared(<int32_t>place)
                FETCH_ADD(&self.violations, wrong)


def add_together(double[::1] sums, int64_t times, double value):
    """Add a value to each sum, with atomic_add, without the GIL."""
    cdef Py_ssize_t k
    with nogil:
        for _ in range(times):
            for k in range(sums.shape[0]):
                atomic_add(&sums[k], value)
