"""The simulated clock: P virtual processors, an event queue, modelled time, real computation.

Each processor is in one instruction of its program; an event is the end of it. Statistics are
computed when COMPUTE begins (that is when `theta` is read), applied when UPDATE ends. Of events at
the same time, the one that was scheduled first comes first, so that a run is a function of its
configuration alone. With one entry a processor the queue is searched, not heaped.
"""

import numpy as np

from libc.math cimport INFINITY

from staleness.algorithms.clocks.clock cimport Clock, Processor
from staleness.algorithms.clocks.realtime cimport seconds_now
from staleness.algorithms.clocks.instruction cimport Instruction
from staleness.kernels.core.context cimport OK, Status

from staleness.algorithms.clocks.clock import Event

cdef enum:
    TICK
    EVALUATE
    DONE
    FAILED

cdef double TICK_SECONDS = 0.1


cdef class SimulatedClock(Clock):
    """Virtual processors in modelled time.

    Parameters
    ----------
    costs : Costs
        Seconds of `compute` and of an update (see `algorithms/costs`).
    *arguments, **keywords
        See `Clock`.
    """

    def __init__(self, *arguments, costs, **keywords):
        super().__init__(*arguments, **keywords)
        self._costs = costs._asdict()
        self._due = np.zeros(self.processors)
        self._sequence = np.arange(self.processors, dtype=np.int64)
        self._events = self.processors
        self._queue = np.zeros(self.processors, dtype=np.intp)
        self._resume = -1
        self._holder = -1

    def advance(self):
        """Go on until there is an `Event`, and return it.

        Raises
        ------
        Diverged
            If a processor met numbers that are not finite.
        """
        cdef int event
        self.pass_evaluations()
        with nogil:
            event = self.run()
        self.raise_failure()
        if event == DONE and self._ended < self.processors:
            raise RuntimeError("all processors wait: the schedule's program is wrong")
        return {TICK: Event.TICK, EVALUATE: Event.EVALUATE, DONE: Event.DONE}[event]

    cdef int run(self) noexcept nogil:
        cdef double deadline = seconds_now() + TICK_SECONDS
        cdef Py_ssize_t p
        if self._resume >= 0:
            p = self._resume
            self._resume = -1
            self.begin(p, self._due[p])
        while self._failure == OK:
            p = self.earliest()
            if p < 0:
                return DONE
            self.finish(p, self._due[p])
            if self.evaluation_is_due() or (self._events % 64 == 0 and seconds_now() > deadline):
                self._resume = p
                return EVALUATE if self.evaluation_is_due() else TICK
            self.begin(p, self._due[p])
        return FAILED

    cdef Py_ssize_t earliest(self) noexcept nogil:
        """The processor whose instruction ends next, or -1."""
        cdef Py_ssize_t best = -1, p
        for p in range(self.processors):
            if self._due[p] < INFINITY and (
                best < 0
                or self._due[p] < self._due[best]
                or (self._due[p] == self._due[best] and self._sequence[p] < self._sequence[best])
            ):
                best = p
        return best

    cdef void set_due(self, Py_ssize_t p, double when) noexcept nogil:
        self._due[p] = when
        self._sequence[p] = self._events
        self._events += 1

    cdef void finish(self, Py_ssize_t p, double now) noexcept nogil:
        """The effect of the instruction that processor p ends now."""
        cdef Processor* processor = &self._processors[p]
        cdef Status status = OK
        if processor.counter < 0:
            return
        cdef int instruction = self._program[processor.counter]
        if instruction == Instruction.COMPUTE:
            processor.row.computed = now
        elif instruction == Instruction.UPDATE:
            status = self.update(p)
            self.time = now
        elif instruction == Instruction.UPDATE_ALL:
            # With the last part the update is there.
            self._updated += 1
            if self._updated == self.processors:
                self._updated = 0
                status = self.update_all()
                self.time = now
        elif instruction == Instruction.AVERAGE:
            self.average()
        elif instruction == Instruction.LOCK:
            processor.row.lock_wait += now - processor.since
        elif instruction == Instruction.BARRIER:
            processor.row.barrier_wait += now - processor.since
        if status != OK:
            self.fail(p, status)

    cdef Status update_all(self) noexcept nogil:
        """Make every processor's part of the update, and end it."""
        cdef Py_ssize_t p
        cdef Status status = OK
        for p in range(self.processors):
            if status == OK:
                status = self.learner._share(&self._update, p, self.processors)
        if status == OK:
            self.end_update_all()
        return status

    cdef void begin(self, Py_ssize_t p, double now) noexcept nogil:
        """Carry processor p on from `now` to the next instruction that takes time."""
        cdef Processor* processor = &self._processors[p]
        cdef Py_ssize_t q
        cdef int instruction
        cdef double duration
        cdef Status status
        while True:
            processor.counter += 1
            if processor.counter == self._program.shape[0]:
                processor.counter = 0
            instruction = self._program[processor.counter]
            if (
                instruction == Instruction.TAKE
                or instruction == Instruction.SHARE
                or instruction == Instruction.DEAL
            ):
                if not self.obtain(p, instruction, now):
                    self._due[p] = INFINITY
                    self._ended += 1
                    return
            elif instruction == Instruction.COMPUTE:
                status = self.compute(p, 0, now)
                if status != OK:
                    self.fail(p, status)
                    return
                duration = 0.0
                if processor.count:
                    duration = (self._costs.compute_fixed
                                + self._costs.compute_example * processor.count
                                + self._costs.compute_work * processor.row.work)
                self.set_due(p, now + duration)
                return
            elif instruction == Instruction.DELAY:
                duration = self.delay(p)
                processor.row.delay = duration
                if duration > 0.0:
                    self.set_due(p, now + duration)
                    return
            elif instruction == Instruction.REPEAT:
                self.repeat(p)
            elif instruction == Instruction.BARRIER:
                processor.since = now
                self._due[p] = INFINITY
                self._arrived += 1
                if self._arrived == self.processors:
                    self._arrived = 0
                    if self.is_before(p, Instruction.UPDATE_ALL):
                        status = self.begin_update_all()
                        if status != OK:
                            self.fail(p, status)
                            return
                    for q in range(self.processors):
                        self.set_due(q, now + self._costs.barrier)
                return
            elif instruction == Instruction.LOCK:
                processor.since = now
                if self._holder >= 0:
                    self._due[p] = INFINITY
                    q = (self._queue_head + self._queue_length) % self.processors
                    self._queue[q] = p
                    self._queue_length += 1
                    return
                self._holder = p
            elif instruction == Instruction.UNLOCK:
                self._holder = -1
                if self._queue_length:
                    self._holder = self._queue[self._queue_head]
                    self._queue_head = (self._queue_head + 1) % self.processors
                    self._queue_length -= 1
                    self.set_due(self._holder, now)
            elif instruction == Instruction.UPDATE:
                # What is too stale to be made takes no time.
                if processor.count and self.weight(self.staleness(p)) != 0.0:
                    processor.row.update = (self._costs.update_fixed
                                            + self._costs.update_work
                                            * processor.row.update_work)
                self.set_due(p, now + processor.row.update)
                return
            elif instruction == Instruction.AVERAGE and p == 0:
                duration = self._costs.average_replica * self.processors
                processor.row.update += duration
                self.set_due(p, now + duration)
                return
            elif instruction == Instruction.UPDATE_ALL:
                if p == 0 or self.learner.divides:
                    processor.row.update = (self._costs.update_fixed
                                            + self._costs.update_work
                                            * processor.row.update_work)
                self.set_due(p, now + processor.row.update)
                return
