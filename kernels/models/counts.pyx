"""Expected counts of a whole corpus, of which theta is made.

Parameters are multinomials. What the table holds is mu, expected counts, as scale * counts; theta
is mu divided by its totals, which cancels the scale. So the rows of an update are counts s of a
mini-batch at theta (the E-step), and the update makes the next mu of them (the M-step).

What float32 cannot hold of something that has not been seen for very long stays as it is, with all
its probabilities, when the scale is moved into the counts: that changes no theta but those too
small for float32; see `rescaled`.
"""

from libc.string cimport memcpy, memset

from staleness.kernels.core.atomic cimport atomic_store
from staleness.kernels.core.table cimport Table


cdef class CountsTable(Table):
    """Counts, and what they are divided by; a subclass knows which multinomial a count is of.

    Parameters
    ----------
    rows, slots, replicas
        See `Table`.
    totals : ndarray of float64 [copies, multinomials]
        Over the scale, like the rows.
    """

    def __init__(self, rows, Py_ssize_t slots, Py_ssize_t replicas, totals):
        super().__init__(rows, slots, replicas)
        self.totals = totals

    cdef void clear(self, Py_ssize_t copy) noexcept nogil:
        Table.clear(self, copy)
        memset(&self.totals[copy, 0], 0, self.totals.shape[1] * sizeof(double))

    cdef void mean(self) noexcept nogil:
        """mu <- the mean of the replicas, over the greatest of their scales."""
        cdef Py_ssize_t copy, k
        cdef double total, share
        self.choose_scale()
        share = 1.0 / (self.replicas * self.scales.data[0])
        for k in range(self.rows.shape[1]):
            total = 0.0
            for copy in range(1, 1 + self.replicas):
                total += self.scales.data[copy] * self.rows[copy, k]
            self.rows[0, k] = <float>(total * share)
        for k in range(self.totals.shape[1]):
            total = 0.0
            for copy in range(1, 1 + self.replicas):
                total += self.scales.data[copy] * self.totals[copy, k]
            self.totals[0, k] = total * share

    cdef void average(self) noexcept nogil:
        cdef Py_ssize_t copy
        Table.average(self)
        for copy in range(1, 1 + self.replicas):
            memcpy(&self.totals[copy, 0], &self.totals[0, 0],
                   self.totals.shape[1] * sizeof(double))

    cdef void choose_scale(self) noexcept nogil:
        """Give copy 0 the greatest scale of the replicas.

        What it stores is then no greater than what they do, and longest from having to be moved.
        Nor does it vanish: of a replica that has this scale, it stores as much, over their number.
        """
        cdef Py_ssize_t copy
        cdef double greatest = self.scales.data[1]
        for copy in range(2, 1 + self.replicas):
            greatest = max(greatest, self.scales.data[copy])
        atomic_store(&self.scales.data[0], greatest)
