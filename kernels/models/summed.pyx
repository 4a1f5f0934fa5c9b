"""What is learned of sums that others have found: for a driver, whose jobs have the examples.

Parameters stand in rows of float64. An update changes some rows, and those who compute with theta
ask for some: that costs what these have, whatever the model has beside.
"""

import numpy as np

from libc.stdint cimport int32_t

from staleness.kernels.core.model cimport Model
from staleness.kernels.core.table cimport DoubleTable

from staleness.kernels.core.validation import check_numbers

# Parameters that are summed at a time: in a core's cache, and not in copies of everything.
STRETCH = 2**15


cdef class Summed(Model):
    """Rows of parameters, of which sums over examples arrive from elsewhere.

    Parameters
    ----------
    values : ndarray of float64 [rows, width]
        What learning begins with; changed by updates.
    work : ndarray of int32 [examples]
        Of the corpus.
    """

    cdef const int32_t[::1] _rows
    cdef const float[:, ::1] _sums
    cdef object _values
    cdef double _objective

    def __init__(self, values, work):
        super().__init__(work)
        self._values = values

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0):
        """Make the table; see `Model`. There is one slot, and there are no replicas."""
        super().prepare(slots, workspaces, replicas)
        if slots != 1 or replicas:
            raise ValueError("sums have one slot and no replicas")
        self.table = DoubleTable(self._values)

    @property
    def values(self):
        """The rows over the table's scale, float64 [rows, width]: the model's own."""
        return np.asarray((<DoubleTable>self.table).values)

    def put(self, const int32_t[::1] rows, const float[:, ::1] sums, Py_ssize_t examples,
            double objective=0.0):
        """Hold the sums over some examples until the next update.

        Parameters
        ----------
        rows : ndarray of int32 [n]
            Each once; all others have sums of 0.
        sums : ndarray of float32 [n, width]
        examples : int
        objective : float
            Of them, where there is one.

        Raises
        ------
        IndexError
            If there is no such row.
        ValueError
            If the shapes contradict each other.
        """
        cdef Py_ssize_t width = (<DoubleTable>self.table).values.shape[1]
        if sums.shape[0] != rows.shape[0] or sums.shape[1] != width:
            raise ValueError(f"{rows.shape[0]} rows of {width}, but sums of {np.shape(sums)}")
        check_numbers("rows", np.asarray(rows), (<DoubleTable>self.table).values.shape[0])
        self._rows, self._sums, self._objective = rows, sums, objective
        self.held[0].count = examples

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef double* row
        cdef Py_ssize_t k, j
        # A driver adds alone: its one part is all.
        for k in range(self._rows.shape[0]):
            row = &(<DoubleTable>self.table).values[self._rows[k], 0]
            for j in range(self._sums.shape[1]):
                row[j] += self._sums[k, j] * factor


cdef class SummedGradient(Summed):
    """Theta itself, and the gradient of an objective."""

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                bint log_likelihoods=True):
        """Make the table; see `Summed`."""
        super().prepare(slots, workspaces, replicas)

    @property
    def theta(self):
        """The parameters that others find sums at, float32 [rows, width]."""
        return self.theta_of()

    @theta.setter
    def theta(self, values):
        self.values[:] = values
        self.table.set_scales(1.0)

    def theta_of(self, rows=None):
        """Return theta of some rows, float32 [n, width], or of all."""
        values = self.values if rows is None else self.values[rows]
        return (values * self.table.scale).astype(np.float32)

    def objective(self, first, last):
        """Return the objective of the examples held, and its gradient, float64 [rows, width]."""
        gradient = np.zeros(self.values.shape)
        gradient[np.asarray(self._rows)] += np.asarray(self._sums)
        return self._objective, gradient


cdef class SummedCounts(Summed):
    """Expected counts of the whole corpus, of which theta is made.

    Parameters
    ----------
    values : ndarray of float64 [rows, width]
    work : ndarray of int32 [examples]
        See `Summed`.
    groups : ndarray of int32 [rows * width]
        The multinomial of each parameter.
    outcomes : ndarray of int [multinomials]
        How many parameters each has.

    Raises
    ------
    IndexError
        If a parameter belongs to a multinomial that there is not.
    """

    cdef readonly double smoothing
    cdef const int32_t[:, ::1] _groups
    cdef double[::1] _totals                # [multinomials], over the scale
    cdef object _outcomes

    def __init__(self, values, work, groups, outcomes):
        super().__init__(values, work)
        check_numbers("multinomials", groups, len(outcomes))
        self._groups = groups.reshape(values.shape)
        self._outcomes = outcomes

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, *,
                double smoothing=0.0):
        """Make the table; see `Summed`. `smoothing` is added to every count."""
        super().prepare(slots, workspaces, replicas)
        self.smoothing = smoothing
        self.table = CountsOf(self._values, self)
        self._totals = self.sums()

    def sums(self):
        """Return the sum of the expected counts of each multinomial, float64."""
        groups, values = np.asarray(self._groups).ravel(), self.values.ravel()
        sums = np.zeros(len(self._outcomes))
        for begin in range(0, len(values), STRETCH):
            some = slice(begin, begin + STRETCH)
            sums += np.bincount(groups[some], values[some], minlength=len(sums))
        return self.table.scale * sums

    @property
    def totals(self):
        """What counts are divided by, float64 [multinomials]: their own sums unless it was set."""
        return self.table.scale * np.asarray(self._totals)

    @totals.setter
    def totals(self, totals):
        self._totals = totals / self.table.scale

    @property
    def theta(self):
        """The parameters that others find sums at, float32 [rows, width]."""
        return self.theta_of()

    def theta_of(self, rows=None):
        """Return theta of some rows: (count + smoothing) / total of its multinomial.

        Where a multinomial has no counts its parameters are 0.

        Parameters
        ----------
        rows : ndarray of int32 [n], optional
            Whose; without, all.

        Returns
        -------
        ndarray of float32 [n, width]

        Raises
        ------
        IndexError
            If there is no such row.
        """
        cdef const double[:, ::1] counts = (<DoubleTable>self.table).values
        cdef Py_ssize_t width = counts.shape[1], count, k, j, row
        cdef bint some = rows is not None
        cdef const int32_t[::1] chosen = rows
        cdef double scale = self.table.scale, smoothing = self.smoothing
        if some:
            check_numbers("rows", np.asarray(rows), counts.shape[0])
        over = self.totals + smoothing * self._outcomes
        over[over <= 0] = np.inf
        cdef const double[::1] totals = over
        count = chosen.shape[0] if some else counts.shape[0]
        theta = np.empty((count, width), dtype=np.float32)
        cdef float[:, ::1] out = theta
        with nogil:
            for k in range(count):
                row = chosen[k] if some else k
                for j in range(width):
                    out[k, j] = <float>(
                        (scale * counts[row, j] + smoothing) / totals[self._groups[row, j]])
        return theta

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef Py_ssize_t k, j
        Summed.add(self, slot, factor, share, shares)
        for k in range(self._rows.shape[0]):
            for j in range(self._sums.shape[1]):
                self._totals[self._groups[self._rows[k], j]] += self._sums[k, j] * factor


cdef class CountsOf(DoubleTable):
    """The counts of a model, whose totals go with them."""

    cdef SummedCounts model

    def __init__(self, values, SummedCounts model):
        super().__init__(values)
        self.model = model

    cdef void multiply(self, Py_ssize_t copy, double factor) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(self.model._totals.shape[0]):
            self.model._totals[k] *= factor
        DoubleTable.multiply(self, copy, factor)

    cdef void clear(self, Py_ssize_t copy) noexcept nogil:
        cdef Py_ssize_t k
        for k in range(self.model._totals.shape[0]):
            self.model._totals[k] = 0.0
        DoubleTable.clear(self, copy)
