"""For the tests: a learner that counts, so that an update that is lost is missed.

Its statistics are the examples themselves. An update adds 1 to the count of each of them and to
every one of `cells` totals that all updates share, by reading, adding and writing back without any
protection of its own: two updates at the same time lose counts.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from staleness.kernels.core.learner cimport NO_MEMORY, NOT_FINITE, OK, Learner, Status


cdef class Counting(Learner):
    """Counts examples.

    Parameters
    ----------
    work : ndarray of int32 [examples]
    room : int
        Examples that a slot takes.
    cells : int
        Shared totals: how long an update takes.
    poison : int
        The example whose statistics are not finite; -1 for none.
    slots, workspaces : int
    """

    cdef readonly Py_ssize_t poison
    cdef readonly int64_t overlaps          # updates that began while another was under way
    cdef int64_t[::1] _counts
    cdef int64_t[::1] _totals
    cdef int32_t[:, ::1] _kept              # [slots, room]
    cdef Py_ssize_t[::1] _kept_count        # [slots]
    cdef int64_t _inside

    def __init__(
        self, work, *, room, cells=1, poison=-1, slots=1, workspaces=1, replicas=0
    ):
        super().__init__(work, slots, workspaces, replicas)
        self.poison = poison
        self._counts = np.zeros(len(work), dtype=np.int64)
        self._totals = np.zeros(cells, dtype=np.int64)
        self._kept = np.zeros((slots, room), dtype=np.int32)
        self._kept_count = np.zeros(slots, dtype=np.intp)

    @property
    def counts(self):
        """How often each example was in an update."""
        return np.array(self._counts)

    @property
    def totals(self):
        """Examples in all updates, many times over."""
        return np.array(self._totals)

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef Py_ssize_t k
        if count > self._kept.shape[1]:
            return NO_MEMORY
        for k in range(count):
            if examples[k] == self.poison:
                return NOT_FINITE
        if count:
            memcpy(&self._kept[slot, 0], examples, count * sizeof(int32_t))
        self._kept_count[slot] = count
        return OK

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        cdef Py_ssize_t slot, k, count = 0
        self.overlaps += self._inside
        self._inside = 1
        for slot in range(first, last):
            for k in range(self._kept_count[slot]):
                self._counts[self._kept[slot, k]] += 1
            count += self._kept_count[slot]
        if count:
            self.count_update(count)
        for k in range(self._totals.shape[0]):
            self._totals[k] += count
        self._inside = 0
        return OK
