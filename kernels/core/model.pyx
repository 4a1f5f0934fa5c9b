"""A model: what the statistics of some examples are at some theta, and how they are added to it."""

import numpy as np

from libc.stdint cimport int32_t, int64_t
from libc.string cimport memcpy

from staleness.kernels.core.context cimport MISSING, NO_MEMORY, OK, Status


cdef class Model:
    """What is learned of examples; a subclass knows what they are.

    Statistics are sums over examples, a gradient or expected counts. A *slot* keeps those of one
    mini-batch (or of one processor's share of it) until they are added to the table; a *workspace*
    is scratch memory of one thread.

    Parameters
    ----------
    work : ndarray of int32 [examples]
        What an example costs in units of its task (tokens, cells): for cost models and speeds.

    Attributes
    ----------
    table : Table
        The rows of `theta`, once `prepare` has been called.
    divisible : bool
        Whether `add` knows parts, so that several threads may each add one at the same time.
    """

    divisible = False

    def __init__(self, work):
        self.work_of = np.ascontiguousarray(work, dtype=np.int32)

    def prepare(self, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0, **asked):
        """Make the table, slots and workspaces, before anything else is asked of it.

        Parameters
        ----------
        slots : int
            How many statistics may wait for their update at once: one a processor.
        workspaces : int
            How many threads may find statistics at once.
        replicas : int
            0, or `slots`; see `Table`.
        **asked
            What a rule asks of its model (see `Rule.asks`); those that it does not have are a
            TypeError.
        """
        if slots < 1 or workspaces < 1:
            raise ValueError(f"slots and workspaces must be positive, not {slots}, {workspaces}")
        if replicas not in (0, slots):
            raise ValueError(f"replicas must be 0 or {slots}, one a slot, not {replicas}")
        self.held.resize(slots)

    @property
    def theta(self):
        """The parameters, float32; the model says in what shape."""
        raise NotImplementedError(f"{type(self).__name__} does not say what its theta is")

    def statistics(self, Py_ssize_t slot=0):
        """Return what a slot holds, float64 in the shape of theta."""
        raise NotImplementedError(f"{type(self).__name__} does not show its statistics")

    cdef Status hold(
        self, Py_ssize_t slot, const int32_t* examples, Py_ssize_t count
    ) noexcept nogil:
        """Say which examples a slot's statistics are of."""
        cdef Held* held = &self.held[slot]
        held.count = 0
        if not held.examples.reserve(count):
            return NO_MEMORY
        if count:
            memcpy(held.examples.data, examples, count * sizeof(int32_t))
        held.count = count
        return OK

    cdef Status compute(self, Py_ssize_t slot, Py_ssize_t workspace) noexcept nogil:
        """Find the statistics of the examples that a slot holds, at its copy of theta."""
        return MISSING

    cdef void add(
        self, Py_ssize_t slot, double factor, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        """Add `factor` times a slot's statistics to the rows of its copy.

        Of a `divisible` model only to a part of them: no row, nor anything else that is changed,
        may be in two of the `shares` parts, as `is_mine` has it. Others are asked for 1 part.
        """

    cdef void exchange(self, Py_ssize_t slot, double weight) noexcept nogil:
        """Put a slot's statistics in the place of what was kept of its examples."""

    cdef int64_t touched(self, Py_ssize_t slot) noexcept nogil:
        """Units of work that `add` will touch of a slot."""
        return self.work(slot)

    cdef int64_t work(self, Py_ssize_t slot) noexcept nogil:
        """Units of work of the examples that a slot holds."""
        cdef Held* held = &self.held[slot]
        cdef int64_t work = 0
        cdef Py_ssize_t k
        for k in range(held.count):
            work += self.work_of[held.examples.data[k]]
        return work
