"""The rows of theta, stored as scale * rows, and their replicas.

So an update theta <- keep * theta + gain * s costs what s touches: `keep` goes into the scale alone
(Shalev-Shwartz, Singer & Srebro 2007), and gain * s is added over the scale. An update that finds
the scale so small that float32 rows would soon not be safe moves it into them first, with everybody
else kept out. That is done by who updates, never by who looks: what is learned does not depend on
that.
"""

import numpy as np

from libc.math cimport INFINITY, fabs, frexp, ldexp
from libc.stdint cimport int64_t
from libc.string cimport memcpy, memset

from staleness.kernels.core.atomic cimport FETCH_ADD, atomic_load, atomic_multiply, atomic_store
from staleness.kernels.core.context cimport NOT_FINITE, OK, Status, Step
from staleness.kernels.core.lanes cimport LANES, lanes, lanes_all, lanes_load, lanes_store
from staleness.kernels.core.validation cimport MOST_LABELS

# Rows are stored as up to theta / SMALLEST_SCALE: of expected counts of a corpus of 10^9 tokens
# that stays under 10^19. One update leaves at least 2^-53 of the scale, which float32 holds, too.
cdef double SMALLEST_SCALE = 2.0 ** -30


cdef class Table:
    """Rows of float32, whole cache lines, and a scale; the same again for each replica.

    Parameters
    ----------
    rows : ndarray of float32 [copies, size]
        On cache lines, `size` a multiple of 16. The first copy is `theta`.
    slots : int
        How many statistics may wait for their update at once.
    replicas : int
        0, or `slots`: each slot then has a copy of its own, and theta is their mean.

    Attributes
    ----------
    overlapping : bool
        Whether several may be inside an update at once, as without a lock.
    """

    def __init__(self, rows, Py_ssize_t slots, Py_ssize_t replicas):
        self.rows = rows
        self.begin(len(rows), slots, replicas)

    cdef begin(self, Py_ssize_t copies, Py_ssize_t slots, Py_ssize_t replicas):
        """Have a scale for each copy, and a lock."""
        self.slots = slots
        self.replicas = replicas
        self.learned = copies - max(replicas, 1)
        if not (self.scales.zeros(copies) and self.lock.places(slots)):
            raise MemoryError
        self.set_scales(1.0)

    @property
    def scale(self):
        """What the rows of theta are to be multiplied with."""
        return self.scales.data[0]

    def stored(self, Py_ssize_t copy=0):
        """Return a copy's rows, over its scale, float32 [size]: the table's own."""
        return np.asarray(self.rows[copy])

    def set_scales(self, double scale):
        """Make every copy's scale this; nobody may be learning."""
        cdef size_t copy
        for copy in range(self.scales.size):
            self.scales.data[copy] = scale

    def let_updates_overlap(self):
        """Be ready for several inside an update at once."""
        self.overlapping = True

    cdef Py_ssize_t copy(self, Py_ssize_t slot) noexcept nogil:
        """The copy that a slot reads and updates."""
        return self.learned + (slot if self.replicas else 0)

    cdef Status begin_update(
        self, Py_ssize_t first, Py_ssize_t last, const Step* step, double* factor
    ) noexcept nogil:
        """Multiply the copy of some slots by what is kept, unless something is not finite.

        If that is OK, the lock is shared until `end_update`.
        """
        cdef Py_ssize_t copy = self.copy(first)
        cdef double before = atomic_load(&self.scales.data[copy])
        if before < SMALLEST_SCALE:
            self.lock.lock()
            before = self.scales.data[copy]
            # Another may have done it while this one waited.
            if before < SMALLEST_SCALE:
                atomic_store(&self.scales.data[copy], self.fold(copy, before))
            self.lock.unlock()
        if not before > 0.0:
            return NOT_FINITE
        self.lock.lock_shared(first)
        factor[0] = step.gain
        if step.keep != 0.0:
            factor[0] /= atomic_load(&self.scales.data[copy]) * step.keep
        # Before anything has changed; NaN is no less than anything.
        if not (fabs(<float>factor[0]) < INFINITY and fabs(step.keep) < INFINITY):
            self.lock.unlock_shared(first)
            return NOT_FINITE
        if step.keep == 0.0:
            self.clear(copy)
        else:
            # Over its own scale, not what others make of it meanwhile: what is kept and what is
            # added then stay in proportion.
            factor[0] = step.gain / atomic_multiply(&self.scales.data[copy], step.keep)
        return OK

    cdef void end_update(self, Py_ssize_t first) noexcept nogil:
        self.lock.unlock_shared(first)

    cdef double fold(self, Py_ssize_t copy, double scale) noexcept nogil:
        """Move the scale into the rows, with the lock held; returns what is left of it, 1/2 to 1.

        What is moved is a power of two, so that no bit of theta changes but of what is too small
        for float32.
        """
        cdef int power
        cdef double rest = frexp(scale, &power)
        self.multiply(copy, ldexp(1.0, power))
        return rest

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        """Multiply a copy's rows."""
        cdef float* rows = &self.rows[copy, 0]
        cdef Py_ssize_t b
        for b in range(self.rows.shape[1] // LANES):
            lanes_store(rows, b, lanes_load(rows, b) * lanes_all(<float>factor))

    cdef void clear(self, Py_ssize_t copy) noexcept nogil:
        """Make a copy 0."""
        memset(&self.rows[copy, 0], 0, self.rows.shape[1] * sizeof(float))
        atomic_store(&self.scales.data[copy], 1.0)

    cdef void mean(self) noexcept nogil:
        """theta <- the mean of the replicas, first to last."""
        cdef Py_ssize_t copy, b
        cdef lanes total
        for b in range(self.rows.shape[1] // LANES):
            total = lanes_all(0.0)
            for copy in range(1, 1 + self.replicas):
                total = total + (lanes_load(&self.rows[copy, 0], b)
                                 * lanes_all(<float>self.scales.data[copy]))
            lanes_store(&self.rows[0, 0], b, total * lanes_all(<float>(1.0 / self.replicas)))
        self.scales.data[0] = 1.0

    cdef void average(self) noexcept nogil:
        """Give every replica their mean; nobody may be learning."""
        cdef Py_ssize_t copy
        self.mean()
        for copy in range(1, 1 + self.replicas):
            memcpy(&self.rows[copy, 0], &self.rows[0, 0], self.rows.shape[1] * sizeof(float))
            self.scales.data[copy] = self.scales.data[0]

    cdef void settle(self) noexcept nogil:
        """Make theta ready to be looked at: it changes nothing that is read to learn."""
        if self.replicas:
            self.mean()


cdef class DoubleTable(Table):
    """One copy of rows in float64, for who adds up what others have found.

    Parameters
    ----------
    values : ndarray of float64 [rows, width]
        Changed.
    slots : int
        See `Table`.
    """

    def __init__(self, values, Py_ssize_t slots=1):
        self.values = values
        self.begin(1, slots, 0)

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        cdef Py_ssize_t row, j
        for row in range(self.values.shape[0]):
            for j in range(self.values.shape[1]):
                self.values[row, j] *= factor

    cdef void clear(self, Py_ssize_t copy) noexcept nogil:
        cdef Py_ssize_t row, j
        for row in range(self.values.shape[0]):
            for j in range(self.values.shape[1]):
                self.values[row, j] = 0.0
        atomic_store(&self.scales.data[copy], 1.0)


cdef class AveragedTable(Table):
    """A table whose theta is the average of what has been learned after each update.

    Also of updates that changed nothing. After K updates that added d_1 .. d_K it is

        1/K sum_k theta_k = theta_K - u / K,    u = sum_k (k - 1) d_k

    (Daume 2006, chapter 2), so that to average is one more addition where an update adds anyway. u
    is kept in float64, where (k - 1) d_k is exact; k - 1 is the number of updates made before,
    whoever made them. Without a lock an addition d may be lost to theta or to u: that leaves the
    average off by less than d. It is for rules that keep all of theta.

    Parameters
    ----------
    rows, slots, replicas
        See `Table`; the first copy is the average, and those that are learned are behind it.
    columns, width : int
        Parameters of a row, and as many with its padding.
    """

    def __init__(self, rows, Py_ssize_t slots, Py_ssize_t replicas, *, Py_ssize_t columns,
                 Py_ssize_t width):
        self.width = width
        self.sums = np.zeros((len(rows) - 1, rows.shape[1] // width, columns))
        self.numbers = np.zeros(len(rows) - 1, dtype=np.int64)
        self.before = np.zeros(slots, dtype=np.int64)
        super().__init__(rows, slots, replicas)

    def set_scales(self, double scale):
        """Make every copy's scale this, and begin the average anew."""
        super().set_scales(scale)
        np.asarray(self.sums)[:] = 0.0
        np.asarray(self.numbers)[:] = 0

    cdef Status begin_update(
        self, Py_ssize_t first, Py_ssize_t last, const Step* step, double* factor
    ) noexcept nogil:
        cdef Status status = Table.begin_update(self, first, last, step, factor)
        cdef int64_t before
        cdef Py_ssize_t slot
        if status == OK:
            before = FETCH_ADD(&self.numbers[self.copy(first) - 1], 1)
            for slot in range(first, last):
                self.before[slot] = before
        return status

    cdef void settle(self) noexcept nogil:
        """Make theta the average over updates and replicas."""
        cdef double[MOST_LABELS] last, average
        cdef Py_ssize_t row, j
        for row in range(self.sums.shape[1]):
            self.means(row, last, average)
            for j in range(self.sums.shape[2]):
                self.rows[0, row * self.width + j] = <float>average[j]

    cdef void average(self) noexcept nogil:
        """Give every replica the mean of what is learned, and of the average so far."""
        cdef double[MOST_LABELS] last, average
        cdef Py_ssize_t copy, row, j
        cdef double number
        cdef float* theta
        cdef double* u
        for row in range(self.sums.shape[1]):
            self.means(row, last, average)
            for copy in range(self.sums.shape[0]):
                theta = &self.rows[1 + copy, row * self.width]
                u = &self.sums[copy, row, 0]
                number = self.numbers[copy]
                for j in range(self.sums.shape[2]):
                    theta[j] = <float>last[j]
                    # Such that theta - u / number is the average of all.
                    u[j] = number * (<double>theta[j] - average[j])

    cdef void means(self, Py_ssize_t row, double* last, double* average) noexcept nogil:
        """last[j] = the mean of theta[row, j] over the copies, average[j] = that over all updates.

        Before the first update they are the same.
        """
        cdef Py_ssize_t copies = self.sums.shape[0], columns = self.sums.shape[2], copy, j
        cdef int64_t updates = 0
        cdef double number
        cdef const float* theta
        cdef const double* u
        for j in range(columns):
            last[j] = average[j] = 0.0
        for copy in range(copies):
            updates += self.numbers[copy]
        for copy in range(copies):
            theta = &self.rows[1 + copy, row * self.width]
            u = &self.sums[copy, row, 0]
            number = self.numbers[copy] if updates else 1.0
            for j in range(columns):
                last[j] += theta[j]
                average[j] += number * theta[j] - u[j]
        for j in range(columns):
            last[j] /= copies
            average[j] /= updates if updates else copies
