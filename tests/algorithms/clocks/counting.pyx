"""For the tests: a model and a rule that count, so that an update that is lost is missed.

Statistics are the examples themselves. An update adds 1 to the count of each of them and to every
one of `cells` totals that all updates share, by reading, adding and writing back without any
protection of its own: two updates at the same time lose counts.
"""

import numpy as np

from libc.stdint cimport int64_t

from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status, Update
from staleness.kernels.core.model cimport Held, Model
from staleness.kernels.core.rule cimport Rule

from staleness.kernels.core.learner import Learner
from staleness.kernels.core.memory import aligned_rows
from staleness.kernels.core.table import Table


cdef class Counting(Model):
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
    divisible : bool
        Whether updates are made in parts, of which the first is all there is to do.
    """

    cdef readonly bint divisible
    cdef readonly Py_ssize_t poison
    cdef readonly Py_ssize_t room
    cdef int64_t[::1] _counts
    cdef int64_t[::1] _totals

    def __init__(self, work, *, room, cells=1, poison=-1, divisible=False):
        super().__init__(work)
        self.room = room
        self.divisible = divisible
        self.poison = poison
        self._counts = np.zeros(len(work), dtype=np.int64)
        self._totals = np.zeros(cells, dtype=np.int64)

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0):
        super().prepare(slots, workspaces, replicas)
        self.table = Table(aligned_rows(1 + replicas, 1), slots, replicas)

    @property
    def counts(self):
        """How often each example was in an update."""
        return np.array(self._counts)

    @property
    def totals(self):
        """Examples in all updates, many times over."""
        return np.array(self._totals)

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        cdef const Held* held = &self.held[slot]
        cdef Py_ssize_t k
        if held.count > self.room:
            return NO_MEMORY
        for k in range(held.count):
            if held.examples.data[k] == self.poison:
                return NOT_FINITE
        return OK


cdef class Adding(Rule):
    """Adds, and notices who begins while another is at it."""

    cdef readonly int64_t overlaps          # updates that began while another was under way
    cdef int64_t _inside

    # Without the table's lock, which would protect what is added here.
    cdef Status begin(self, Model model, Update* update) noexcept nogil:
        return OK

    cdef void end(self, Model model, const Update* update) noexcept nogil:
        pass

    cdef Status share(
        self, Model model, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        cdef const Held* held
        cdef Py_ssize_t slot, k
        if share:
            return OK
        self.overlaps += self._inside
        self._inside = 1
        for slot in range(update.first, update.last):
            held = &model.held[slot]
            for k in range(held.count):
                (<Counting>model)._counts[held.examples.data[k]] += 1
        for k in range((<Counting>model)._totals.shape[0]):
            (<Counting>model)._totals[k] += update.context.mini_batch
        self._inside = 0
        return OK


def learner(work, *, slots=1, workspaces=1, replicas=0, **options):
    """Return a learner that counts; for the options see `Counting`."""
    return Learner(
        Counting(work, **options), Adding(), slots=slots, workspaces=workspaces, replicas=replicas
    )
