"""Two learners of the same examples that are driven as one."""

import numpy as np

from libc.stdint cimport int32_t
from libc.stdlib cimport calloc, free

from staleness.kernels.learner cimport OK, Learner, Status


cdef class Joint(Learner):
    """Two models of the same examples, such as the two directions of an alignment model.

    Parameters
    ----------
    first, second : Learner
        With as many slots, workspaces and replicas, and as many examples. Both do every mini-batch,
        the first before the second; an example's work is what it is to both.

    Raises
    ------
    ValueError
        If they are not of one shape, or an example is too much work.
    """

    cdef readonly Learner first
    cdef readonly Learner second
    cdef Py_ssize_t* _held      # [slots]: examples in a slot

    def __init__(self, Learner first not None, Learner second not None):
        shapes = [(one.slots, one.workspaces, one.replicas, len(one.work))
                  for one in (first, second)]
        if shapes[0] != shapes[1]:
            raise ValueError(f"slots, workspaces, replicas and examples differ: "
                             f"{shapes[0]} and {shapes[1]}")
        work = first.work.astype(np.int64) + second.work
        if work.max(initial=0) >= 2**31:
            raise ValueError("an example of 2^31 units of work or more: leave it out")
        super().__init__(work, first.slots, first.workspaces, first.replicas)
        self.first = first
        self.second = second
        self._held = <Py_ssize_t*>calloc(self.slots, sizeof(Py_ssize_t))
        if self._held == NULL:
            raise MemoryError

    def __dealloc__(self):
        free(self._held)

    @property
    def theta(self):
        """The parameters of the first, then those of the second, float32 [...]."""
        return np.concatenate([self.first.theta.ravel(), self.second.theta.ravel()])

    @property
    def remedy(self):
        """What may help where numbers are not finite; see `Learner`."""
        return self.first.remedy

    def let_updates_overlap(self):
        """Be ready for several inside `up` at once; see `Learner`."""
        Learner.let_updates_overlap(self)
        self.first.let_updates_overlap()
        self.second.let_updates_overlap()

    def settle(self):
        """Make both ready to be looked at; see `Learner`."""
        self.first.settle()
        self.second.settle()

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Status status = self.first.calc(slot, workspace, examples, count)
        if status == OK:
            status = self.second.calc(slot, workspace, examples, count)
        if status != OK:
            # Neither may keep what the other has not.
            count = 0
            self.first.calc(slot, workspace, examples, count)
            self.second.calc(slot, workspace, examples, count)
        self._held[slot] = count
        return status

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Status status = self.first.up(first, last)
        cdef Py_ssize_t count = 0, slot
        if status != OK:
            return status
        status = self.second.up(first, last)
        for slot in range(first, last):
            count += self._held[slot]
        if status == OK and count:
            self.count_update(count)
        return status

    cdef void average(self) noexcept nogil:
        self.first.average()
        self.second.average()
