"""The one loop.

    s      = statistics of some examples at theta             `compute`, by the model
    theta <- keep * theta + gain * s                           `_update`, by the rule

Everything learned here is that; schedules and clocks say who does which when.
"""

import numpy as np

from libc.stdint cimport int32_t, int64_t

from staleness.kernels.core.atomic cimport FETCH_ADD, LOAD, atomic_load
from staleness.kernels.core.context cimport (
    FAILED,
    MISSING,
    NO_MEMORY,
    NOT_FINITE,
    OK,
    Status,
    Update,
)

from staleness.kernels.core.validation import check_numbers


cdef class Learner:
    """A model, the rule that it is learned by, and the table with what has been learned.

    Any number of threads may be inside `compute` at once, each with a slot and workspace of its
    own; `_update` is called by one at a time (the schedule's lock sees to that), while others may
    be inside `compute`: they read theta as they find it.

    Parameters
    ----------
    model : Model
        That no other learner has.
    rule : Rule
    slots, workspaces, replicas : int
        See `Model.prepare`.

    Attributes
    ----------
    table : Table
        The model's.
    """

    def __init__(
        self,
        Model model not None,
        Rule rule not None,
        *,
        Py_ssize_t slots=1,
        Py_ssize_t workspaces=1,
        Py_ssize_t replicas=0,
    ):
        if replicas and not rule.averages:
            raise ValueError(f"{type(rule).__name__} cannot average replicas")
        if model.table is not None:
            raise ValueError("the model has a learner already")
        rule.check(len(model.work_of))
        model.prepare(slots, workspaces, replicas, **rule.asks)
        if model.table is None:
            raise NotImplementedError(f"{type(model).__name__} makes no table")
        self.model = model
        self.rule = rule
        self.divides = rule.divisible and model.divisible
        self.table = model.table
        self.slots = slots
        self.workspaces = workspaces
        self.replicas = replicas

    @property
    def updates(self):
        """Updates made so far."""
        return LOAD(&self.updates_made)

    @property
    def examples(self):
        """Examples that have come to their update so far."""
        return LOAD(&self.examples_seen)

    @property
    def work(self):
        """Units of work of each example, int32 [examples]."""
        work = np.asarray(self.model.work_of)
        work.flags.writeable = False
        return work

    @property
    def theta(self):
        """The parameters; see the model."""
        return self.model.theta

    @theta.setter
    def theta(self, values):
        self.model.theta = values

    @property
    def stopped(self):
        """Why updates have ceased to change theta, one line; None where they have not."""
        return self.rule.stopped

    def let_updates_overlap(self):
        """Be ready for several inside `_update` at once, as without a lock.

        They may lose each other's changes of a parameter, but not of a sum that parameters are
        divided by.
        """
        self.table.let_updates_overlap()

    def close(self):
        """End whatever works for the rule beside it; there are no updates after that."""
        self.rule.close()

    def compute(self, examples, Py_ssize_t slot=0, Py_ssize_t workspace=0):
        """Put the statistics of some examples, at the present theta, into a slot.

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
        check_numbers("examples", given, len(self.model.work_of))
        if not (0 <= slot < self.slots and 0 <= workspace < self.workspaces):
            raise IndexError(f"no slot {slot} or no workspace {workspace}")
        with nogil:
            status = self._compute(slot, workspace, &numbers[0] if numbers.shape[0] else NULL,
                                   numbers.shape[0])
        self.raise_for(status)

    def update(self, Py_ssize_t first=0, last=None, *, int64_t staleness=0, double weight=1.0):
        """Apply the statistics of slots `first` to `last` - 1, as one update.

        Parameters
        ----------
        first, last : int
        staleness : int
            Updates by others since theta was read.
        weight : float
            What the step is multiplied with, for its staleness; at 0 there is no update.

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
            status = self._update(first, end, staleness, weight)
        self.raise_for(status)

    cdef Status _compute(
        self,
        Py_ssize_t slot,
        Py_ssize_t workspace,
        const int32_t* examples,
        Py_ssize_t count,
    ) noexcept nogil:
        cdef const double* scale = &self.table.scales.data[self.table.copy(slot)]
        cdef double before
        cdef Status status = self.model.hold(slot, examples, count)
        if status == OK:
            self.table.lock.lock_shared(slot)
            before = atomic_load(scale)
            status = self.model.compute(slot, workspace)
            self.table.lock.unlock_shared(slot)
            if self.model.one_scale and atomic_load(scale) < before / 2:
                # Rows were read that do not go with the scale of before: once more, alone.
                self.table.lock.lock()
                status = self.model.compute(slot, workspace)
                self.table.lock.unlock()
        if status != OK:
            # What is not there is not to be added.
            self.model.hold(slot, NULL, 0)
        return status

    cdef Status _update(
        self, Py_ssize_t first, Py_ssize_t last, int64_t staleness, double weight
    ) noexcept nogil:
        cdef Update update
        update.first = first
        update.last = last
        cdef Status status = self._begin(&update, staleness, weight)
        if status == OK:
            status = self._share(&update, 0, 1)
        if status == OK:
            self._end(&update)
        return status

    cdef Status _begin(self, Update* update, int64_t staleness, double weight) noexcept nogil:
        """Begin an update of some slots; if that is OK, `_share` and `_end` have to follow."""
        cdef Py_ssize_t slot
        update.context.mini_batch = 0
        for slot in range(update.first, update.last):
            update.context.mini_batch += self.model.held[slot].count
        update.context.weight = weight
        if not makes(update):
            return OK
        update.context.updates = LOAD(&self.updates_made)
        update.context.examples = LOAD(&self.examples_seen)
        update.context.corpus = self.model.work_of.shape[0]
        update.context.staleness = staleness
        return self.rule.begin(self.model, update)

    cdef Status _share(
        self, const Update* update, Py_ssize_t share, Py_ssize_t shares
    ) noexcept nogil:
        """Make a part of an update; of one that cannot be divided, the first part is all."""
        if not makes(update) or (share and not self.divides):
            return OK
        return self.rule.share(self.model, update, share, shares if self.divides else 1)

    cdef void _end(self, const Update* update) noexcept nogil:
        """End an update, and count it."""
        if makes(update):
            self.rule.end(self.model, update)
            FETCH_ADD(&self.updates_made, 1)
        FETCH_ADD(&self.examples_seen, update.context.mini_batch)

    cdef raise_for(self, Status status):
        if status == NOT_FINITE:
            raise FloatingPointError(f"statistics or theta are not finite: {self.rule.remedy}")
        if status == NO_MEMORY:
            raise MemoryError("no memory for the statistics of a mini-batch")
        if status == FAILED:
            raise self.rule.failure
        if status == MISSING:
            raise NotImplementedError(
                f"{type(self.model).__name__} or {type(self.rule).__name__} lacks a method"
            )


cdef inline bint makes(const Update* update) noexcept nogil:
    """Whether there is something to add, and it has not come too late."""
    return update.context.mini_batch != 0 and update.context.weight != 0.0
