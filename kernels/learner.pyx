"""The interface between a task's kernels and the clocks that drive them."""

import numpy as np

from staleness.kernels.gate cimport gate_free, gate_make
from staleness.kernels.memory cimport CACHE_LINE

from staleness.kernels.validation import check_numbers

cdef extern from "lanes.h":
    enum: LANES_REGISTER

# Of the registers that these kernels are compiled for.
VECTOR_BITS = 8 * LANES_REGISTER


cdef class Learner:
    """A model, its master copy of `theta` and one update rule.

    A *slot* keeps the statistics of one mini-batch (or of one processor's share of it) from `calc`
    to `up`; a *workspace* is scratch memory of one thread. Any number of threads may be inside
    `calc` at once, each with a slot and a workspace of its own; `up` is called by one at a time
    (the schedule's lock sees to that), while others may be inside `calc`: they read `theta` as
    they find it.

    Parameters
    ----------
    work : ndarray of int32 [examples]
        What an example costs in units of its task (tokens, cells): for cost models and speeds.
    slots : int
        How many statistics may wait for their update at once: one a processor.
    workspaces : int
        How many threads may be inside `calc` at once.
    replicas : int
        0, or `slots`: each slot then has a copy of `theta` of its own, which its `calc` reads and
        its `up` writes, and which `average` brings together; `theta` is their mean.

    Attributes
    ----------
    overlapping : bool
        Whether several may be inside `up` at once; see `let_updates_overlap`.
    updates : int
        Updates made so far.
    examples : int
        Examples in those updates.
    remedy : str
        What may help where numbers are not finite.
    """

    remedy = "take a smaller step size"

    def __init__(self, work, Py_ssize_t slots, Py_ssize_t workspaces, Py_ssize_t replicas=0):
        if replicas not in (0, slots):
            raise ValueError(f"replicas must be 0 or {slots}, one a slot, not {replicas}")
        if slots < 1 or workspaces < 1:
            raise ValueError(f"slots and workspaces must be positive, not {slots}, {workspaces}")
        self._work = np.ascontiguousarray(work, dtype=np.int32)
        self._touched = np.zeros((slots, CACHE_LINE // sizeof(int64_t)), dtype=np.int64)
        self.slots = slots
        self.workspaces = workspaces
        self.replicas = replicas
        if not gate_make(&self._gate, slots):
            raise MemoryError

    def __dealloc__(self):
        gate_free(&self._gate)

    @property
    def updates(self):
        """Updates made so far."""
        return LOAD(&self._updates)

    @property
    def examples(self):
        """Examples in those updates."""
        return LOAD(&self._examples)

    @property
    def work(self):
        """Units of work of each example, int32 [examples]."""
        work = np.asarray(self._work)
        work.flags.writeable = False
        return work

    cdef Status calc(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        return OK

    cdef Status up(self, Py_ssize_t first, Py_ssize_t last) noexcept nogil:
        return OK

    cdef void average(self) noexcept nogil:
        """Give every replica their mean."""

    cdef void count_update(self, Py_ssize_t examples) noexcept nogil:
        """Count an update of `up`; exact also where several are inside `up` at once."""
        FETCH_ADD(&self._updates, 1)
        FETCH_ADD(&self._examples, examples)

    def let_updates_overlap(self):
        """Be ready for several inside `up` at once, as without a lock.

        They may lose each other's changes of a parameter, but not of a sum that parameters are
        divided by.
        """
        self.overlapping = True

    @property
    def stopped(self):
        """Why updates have ceased to change `theta`, one line; None where they have not."""
        return None

    def settle(self):
        """Make `theta` ready to be looked at; nobody may be inside `calc` or `up`.

        It changes nothing that these read: what is learned does not depend on who looks.
        """

    def close(self):
        """End whatever works for this learner beside it; there are no updates after that."""

    def calculate(self, examples, Py_ssize_t slot=0, Py_ssize_t workspace=0):
        """Put the statistics of some examples, at the present `theta`, into a slot.

        Parameters
        ----------
        examples : array_like of int
            Numbers of the examples.
        slot, workspace : int
            Which of them to use.

        Raises
        ------
        FloatingPointError
            If the statistics are not finite.
        MemoryError
            If they do not fit into memory.
        """
        given = np.ascontiguousarray(examples, dtype=np.int32)
        cdef const int32_t[::1] numbers = given
        cdef Status status
        check_numbers("examples", given, len(self._work))
        if not (0 <= slot < self.slots and 0 <= workspace < self.workspaces):
            raise IndexError(f"no slot {slot} or no workspace {workspace}")
        with nogil:
            status = self.calc(slot, workspace, &numbers[0] if numbers.shape[0] else NULL,
                               numbers.shape[0])
        self.raise_for(status)

    def update(self, Py_ssize_t first=0, last=None):
        """Apply the statistics of slots `first` to `last` - 1, as one update.

        Raises
        ------
        FloatingPointError
            If the update leaves the finite numbers.
        Exception
            Whatever else keeps the rule from making it.
        """
        cdef Py_ssize_t end = first + 1 if last is None else last
        cdef Status status
        if not 0 <= first < end <= self.slots:
            raise IndexError(f"no slots {first} to {end - 1}")
        with nogil:
            status = self.up(first, end)
        self.raise_for(status)

    cdef raise_for(self, Status status):
        if status == NOT_FINITE:
            raise FloatingPointError(f"statistics or theta are not finite: {self.remedy}")
        if status == NO_MEMORY:
            raise MemoryError("no memory for the statistics of a mini-batch")
        if status == FAILED:
            raise self.failure
