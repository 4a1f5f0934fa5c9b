"""IBM Model 1 in both directions, learned side by side."""

import numpy as np

from libc.stdint cimport int32_t

from staleness.kernels.core.context cimport OK, Status
from staleness.kernels.core.model cimport Model
from staleness.kernels.models.model1 cimport IBMModel1

from staleness.kernels.models.translation import TranslationTable


cdef class BothDirections(Model):
    """Two directions of the same sentence pairs; an example's work is what it is to both.

    Parameters
    ----------
    first, second : IBMModel1
        Not yet prepared. Both do every mini-batch, the first before the second.

    Raises
    ------
    ValueError
        If they have not as many sentence pairs, or one is too much work.
    """

    divisible = True

    cdef readonly IBMModel1 first
    cdef readonly IBMModel1 second

    def __init__(self, IBMModel1 first not None, IBMModel1 second not None):
        work = [np.asarray(one.work_of, dtype=np.int64) for one in (first, second)]
        if len(work[0]) != len(work[1]):
            raise ValueError(f"{len(work[0])} and {len(work[1])} sentence pairs")
        if (work[0] + work[1]).max(initial=0) >= 2**31:
            raise ValueError("an example of 2^31 units of work or more: leave it out")
        super().__init__(work[0] + work[1])
        self.first = first
        self.second = second

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, **asked):
        """Make the table, slots and workspaces; see `IBMModel1`."""
        super().prepare(slots, workspaces, replicas)
        if self.first.table is not None or self.second.table is not None:
            raise ValueError("a direction has a learner already")
        self.table = TranslationTable(slots, replicas, self.first, self.second)
        for direction in (self.first, self.second):
            direction.prepare(slots, workspaces, replicas, table=self.table, **asked)

    @property
    def theta(self):
        """The parameters of the first, then those of the second, float32 [...]."""
        return np.concatenate([self.first.theta, self.second.theta])

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 in the order of theta."""
        return np.concatenate([self.first.statistics(slot), self.second.statistics(slot)])

    cdef Status hold(
        self, Py_ssize_t slot, const int32_t* examples, Py_ssize_t count
    ) noexcept nogil:
        cdef Status status = Model.hold(self, slot, examples, count)
        if status == OK:
            status = self.first.hold(slot, examples, count)
        if status == OK:
            status = self.second.hold(slot, examples, count)
        return status

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef Status status = self.first.compute(slot, workspace)
        return self.second.compute(slot, workspace) if status == OK else status

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        # Directions have no row in common: every other part is of the second, so that with two
        # parts nobody looks for what is his.
        if shares == 1 or share % 2 == 0:
            self.first.add(slot, factor, share // 2, (shares + 1) // 2)
        if shares == 1 or share % 2 == 1:
            self.second.add(slot, factor, share // 2, max(shares // 2, <Py_ssize_t>1))

    cdef void exchange(self, Py_ssize_t slot, double weight) noexcept nogil:
        self.first.exchange(slot, weight)
        self.second.exchange(slot, weight)
