"""What both clocks share: the processors and what an instruction does, apart from its time.

A clock is driven by

    while (event := clock.advance()) is not Event.DONE:
        ...

and is stopped, with every processor where it is, from an `Event.EVALUATE` to the next call.
"""

import enum

import numpy as np

from libc.stdint cimport int64_t
from libc.stdlib cimport calloc, free

from staleness.algorithms.clocks.instruction cimport Instruction
from staleness.kernels.core.atomic cimport FETCH_ADD, LOAD
from staleness.kernels.core.context cimport NO_MEMORY, NOT_FINITE, OK, Status
from staleness.kernels.core.learner cimport Learner

from staleness.algorithms.errors import Diverged
from staleness.algorithms.program import Instruction as Instructions
from staleness.algorithms.program import check, instructions, operands

cdef TraceRow[1] _ONE_ROW
TRACE = np.asarray(<TraceRow[:1]>_ONE_ROW).dtype     # of a trace: the fields of `TraceRow`


class Event(enum.Enum):
    """Why a clock came back from `advance`."""

    EVALUATE = "a curve point is due"
    TICK = "a moment has passed: look after signals and the progress bar"
    DONE = "no mini-batch is left"


cdef class Clock:
    """P processors that run one program on one learner.

    Parameters
    ----------
    learner : Learner
        With a slot for each processor.
    program : sequence of Instruction
        A schedule's; see `algorithms/program.py`.
    processors : int
    mini_batch_size : int
        Examples of a mini-batch; the last one may be shorter.
    order : ndarray of int32
        Numbers of the examples in the order in which they are to be visited, all epochs together.
    evaluations : sequence of int
        Numbers of examples after which a curve point is due, ascending.
    delays : ndarray of float64 [processors, turns] or None
        Seconds that a processor pauses in each of its turns.
    weights : ndarray of float64 [n] or None
        What a policy multiplies the step of an update with, by its staleness; the last is for all
        that are staler. None: the whole step.
    touched : ndarray of int64 [mini-batches] or None
        Units of work that the update of each split mini-batch touches; None: as the model finds.

    Attributes
    ----------
    time : float
        Of the latest update, in seconds of the clock.
    trace : ndarray of `TRACE` [mini-batches] or, of a split schedule, [mini-batches * processors]
        What was done when, by number of the mini-batch and processor.
    """

    def __cinit__(self, *args, **kwargs):
        self._processors = NULL

    def __init__(
        self,
        Learner learner not None,
        program,
        Py_ssize_t processors,
        Py_ssize_t mini_batch_size,
        order,
        evaluations,
        delays=None,
        weights=None,
        touched=None,
    ):
        if processors < 1 or mini_batch_size < 1:
            raise ValueError("processors and mini_batch_size must be positive")
        if learner.slots < processors:
            raise ValueError(f"the learner has {learner.slots} slots for {processors} processors")
        check(program)
        found = instructions(program)
        if Instructions.AVERAGE in found and not learner.replicas:
            raise ValueError("a program that averages needs a learner with replicas")
        self.learner = learner
        self.processors = processors
        self.mini_batch_size = mini_batch_size
        self._program = np.array(found, dtype=np.int8)
        self._operands = np.array(operands(program), dtype=np.float64)
        self._order = np.ascontiguousarray(order, dtype=np.int32)
        numbers = np.asarray(self._order)
        if numbers.min(initial=0) < 0 or numbers.max(initial=0) >= max(len(learner.work), 1):
            raise ValueError(f"order must hold numbers from 0 to {len(learner.work) - 1}")
        self._evaluations = np.array(evaluations, dtype=np.int64)
        self._mini_batches = (self._order.shape[0] + mini_batch_size - 1) // mini_batch_size
        self._repeat = found.index(Instructions.REPEAT) if Instructions.REPEAT in found else -1
        self._touched = np.zeros(0, np.int64) if touched is None else np.array(touched, np.int64)
        if touched is not None and len(touched) != self._mini_batches:
            raise ValueError(f"touched has {len(touched)} of {self._mini_batches} mini-batches")
        rows = self._mini_batches
        if found[0] == Instructions.SHARE:
            rows *= processors
        elif found[0] == Instructions.DEAL:
            # Everybody takes part in the last round, perhaps with nothing to do.
            rows = (rows + processors - 1) // processors * processors
        self.trace = np.zeros(rows, dtype=TRACE)
        self.trace["processor"] = -1
        cdef TraceRow[::1] trace = self.trace
        self._rows = &trace[0] if trace.shape[0] else NULL
        if delays is None:
            delays = np.zeros((processors, 0))
        self._delays = np.ascontiguousarray(delays, dtype=np.float64)
        if self._delays.shape[0] != processors:
            raise ValueError("delays must have a row for each processor")
        self._weights = np.ones(1) if weights is None else np.asarray(weights, dtype=np.float64)
        if not (len(self._weights) and np.isfinite(self._weights).all()):
            raise ValueError("weights must be finite, and there must be one")
        self._processors = <Processor*>calloc(processors, sizeof(Processor))
        if self._processors == NULL:
            raise MemoryError
        for p in range(processors):
            self._processors[p].counter = -1

    def __dealloc__(self):
        free(self._processors)

    def advance(self):
        """Go on until there is an `Event`, and return it.

        Raises
        ------
        Diverged
            If a processor met numbers that are not finite.
        Exception
            Whatever else kept the learner from an update.
        """
        raise NotImplementedError

    def stop(self):
        """End for good, wherever the processors are."""

    cdef bint take(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        cdef int64_t batch = FETCH_ADD(&self._next, 1)
        if batch >= self._mini_batches:
            return False
        processor.examples = &self._order[batch * self.mini_batch_size]
        processor.count = min(self.mini_batch_size,
                              self._order.shape[0] - batch * self.mini_batch_size)
        self.open_row(p, batch, &self._rows[batch])
        return True

    cdef bint share(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        cdef int64_t batch = processor.turn
        cdef Py_ssize_t count, begin, end
        if batch >= self._mini_batches:
            return False
        count = min(self.mini_batch_size, self._order.shape[0] - batch * self.mini_batch_size)
        begin = count * p // self.processors
        end = count * (p + 1) // self.processors
        # With no share of a short mini-batch there is nothing to point at.
        processor.examples = NULL
        if begin < end:
            processor.examples = &self._order[batch * self.mini_batch_size + begin]
        processor.count = end - begin
        self.open_row(p, batch, &self._rows[batch * self.processors + p])
        return True

    cdef bint deal(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        cdef int64_t batch = processor.turn * self.processors + p
        cdef int64_t first = batch * self.mini_batch_size
        if batch - p >= self._mini_batches:
            return False
        processor.examples = NULL
        processor.count = 0
        if batch < self._mini_batches:
            processor.examples = &self._order[first]
            processor.count = min(self.mini_batch_size, self._order.shape[0] - first)
        self.open_row(p, batch, &self._rows[batch])
        return True

    cdef bint obtain(self, Py_ssize_t p, int instruction, double now) noexcept nogil:
        """TAKE, SHARE or DEAL for processor p; false if it has come to its end."""
        cdef Processor* processor = &self._processors[p]
        cdef TraceRow* before = processor.row
        cdef bint obtained
        if instruction == Instruction.TAKE:
            obtained = self.take(p)
        elif instruction == Instruction.SHARE:
            obtained = self.share(p)
        else:
            obtained = self.deal(p)
        if not obtained and processor.repeated > 0:
            processor.repeated = 0
            processor.counter = self._repeat
            return True
        if before != NULL:
            before.end = now
        return obtained

    cdef void repeat(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        processor.repeated += 1
        if processor.repeated < self._operands[processor.counter]:
            processor.counter = -1
        else:
            processor.repeated = 0

    cdef void average(self) noexcept nogil:
        cdef Py_ssize_t p
        self.learner.table.average()
        for p in range(self.processors):
            self._processors[p].updates_read = LOAD(&self.learner.updates_made)
            self._processors[p].own_updates = 0

    cdef void open_row(self, Py_ssize_t p, int64_t batch, TraceRow* row) noexcept nogil:
        cdef Py_ssize_t k
        self._processors[p].turn += 1
        self._processors[p].row = row
        row.processor = p
        row.mini_batch = batch
        row.examples = self._processors[p].count
        for k in range(self._processors[p].count):
            row.work += self.learner.model.work_of[self._processors[p].examples[k]]

    cdef Status compute(self, Py_ssize_t p, Py_ssize_t workspace, double now) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        processor.row.start = now
        if not self.learner.replicas:
            processor.updates_read = LOAD(&self.learner.updates_made)
        cdef Status status = self.learner._compute(
            p, workspace, processor.examples, processor.count)
        processor.row.update_work = self.learner.model.touched(p)
        return status

    cdef Status update(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        cdef TraceRow* row = processor.row
        cdef double weight
        cdef Status status
        row.staleness = self.staleness(p)
        weight = self.weight(row.staleness)
        status = self.learner._update(p, p + 1, row.staleness, weight)
        if weight == 0.0:
            return status
        # Without a lock two updates at the same time may get the same number.
        row.update_number = LOAD(&self.learner.updates_made)
        if self.learner.replicas and processor.count:
            processor.own_updates += 1
        return status

    cdef int64_t staleness(self, Py_ssize_t p) noexcept nogil:
        """Updates that others have made since processor p has read theta."""
        cdef Processor* processor = &self._processors[p]
        return (LOAD(&self.learner.updates_made) - processor.updates_read
                - processor.own_updates)

    cdef double weight(self, int64_t staleness) noexcept nogil:
        """What the step of an update is multiplied with."""
        return self._weights[min(staleness, <int64_t>self._weights.shape[0] - 1)]

    cdef bint is_before(self, Py_ssize_t p, int instruction) noexcept nogil:
        """Whether an instruction comes next in the program of processor p."""
        cdef Py_ssize_t after = self._processors[p].counter + 1
        return after < self._program.shape[0] and self._program[after] == instruction

    cdef bint is_after(self, Py_ssize_t p, int instruction) noexcept nogil:
        """Whether an instruction was the last one in the program of processor p."""
        cdef Py_ssize_t counter = self._processors[p].counter
        return counter > 0 and self._program[counter - 1] == instruction

    cdef Status begin_update_all(self) noexcept nogil:
        """Begin an update of what all processors have found; each adds its part of the rows."""
        cdef int64_t work = 0
        cdef Py_ssize_t parts = self.processors if self.learner.divides else 1, p
        for p in range(self.processors):
            work += self._processors[p].row.update_work
        if self._touched.shape[0]:
            work = self._touched[self._processors[0].row.mini_batch]
        for p in range(self.processors):
            self._processors[p].row.update_work = (
                work * (p + 1) // parts - work * p // parts if p < parts else 0)
        self._update.first = 0
        self._update.last = self.processors
        cdef Status status = self.learner._begin(&self._update, 0, self.weight(0))
        if status != OK:  # nobody is to add to what has not begun
            self._update.context.weight = 0.0
        return status

    cdef void end_update_all(self) noexcept nogil:
        cdef Py_ssize_t p
        self.learner._end(&self._update)
        for p in range(self.processors):
            self._processors[p].row.update_number = LOAD(&self.learner.updates_made)

    cdef double delay(self, Py_ssize_t p) noexcept nogil:
        """Seconds that processor p pauses in its present turn."""
        cdef int64_t turn = self._processors[p].turn - 1
        return self._delays[p, turn] if turn < self._delays.shape[1] else 0.0

    cdef bint evaluation_is_due(self) noexcept nogil:
        return (self._evaluation < self._evaluations.shape[0]
                and LOAD(&self.learner.examples_seen) >= self._evaluations[self._evaluation])

    cdef void fail(self, Py_ssize_t p, Status status) noexcept nogil:
        """Remember the first failure."""
        if self._failure == OK:
            self._failure = status
            self._failed_batch = self._processors[p].row.mini_batch
            self._failed_processor = p

    cdef raise_failure(self):
        """Raise what `fail` remembers, if anything."""
        if self._failure == NOT_FINITE:
            raise Diverged(
                f"numbers that are not finite in mini-batch {self._failed_batch} on processor "
                f"{self._failed_processor}, after {self.learner.updates} updates: "
                f"{self.learner.rule.remedy}"
            )
        if self._failure == NO_MEMORY:
            raise MemoryError(f"no memory for the statistics of mini-batch {self._failed_batch}")
        self.learner.raise_for(self._failure)

    cdef pass_evaluations(self):
        """Forget the evaluations that are due now."""
        while self.evaluation_is_due():
            self._evaluation += 1
