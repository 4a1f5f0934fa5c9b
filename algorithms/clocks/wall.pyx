"""The wall clock: P real threads, real time.

Each thread runs the schedule's program by itself, without the GIL; the thread that called
`advance` only watches. When a curve point is due every thread stands still where it is (also one
that waits at the barrier or for the lock), the clock stands still with them, and goes on when the
last of them has woken up.
"""

import os
import threading

from libc.stdint cimport int64_t
from libc.string cimport memset

from staleness.algorithms.clocks.clock cimport Clock, Processor
from staleness.algorithms.clocks.realtime cimport (
    fetch_add,
    gate_init,
    gate_lock,
    gate_open,
    gate_stand,
    gate_tell_watcher,
    gate_unlock,
    gate_watch,
    load_acquire,
    seconds_now,
    sleep_for,
    store_release,
    store_time,
    wait_a_little,
)
from staleness.algorithms.clocks.instruction cimport Instruction
from staleness.kernels.core.context cimport OK, Status

from staleness.algorithms.clocks.clock import Event
from staleness.algorithms.errors import StalenessError

cdef double TICK_SECONDS = 0.1
cdef double LONGEST_SLEEP = 0.01    # of a delay, between two looks at `stop` and `pause`


cdef class WallClock(Clock):
    """Real threads in real time, pinned to a core each.

    Parameters
    ----------
    *arguments, **keywords
        See `Clock`; the learner needs a workspace for each processor.
    oversubscribe : bool
        Allow more processors than this process may use cores.

    Raises
    ------
    StalenessError
        If there are more processors than cores and `oversubscribe` is false.
    """

    def __init__(self, *arguments, bint oversubscribe=False, **keywords):
        super().__init__(*arguments, **keywords)
        if self.learner.workspaces < self.processors:
            raise ValueError(f"the learner has {self.learner.workspaces} workspaces")
        self._cores = sorted(os.sched_getaffinity(0))
        if self.processors > len(self._cores) and not oversubscribe:
            raise StalenessError(
                f"the wall clock has {len(self._cores)} cores for {self.processors} processors: "
                "take '--clock simulated', fewer processors, or '--oversubscribe'"
            )
        memset(&self._signals, 0, sizeof(self._signals))
        if gate_init(&self._gate) != 0:
            raise OSError("cannot make a mutex")
        # All begin by standing still, so that the first `advance` starts them together.
        self._signals.pause = 1
        self._held = True
        self._origin = self._paused_at = seconds_now()
        self._errors = []
        self._threads = []

    def advance(self):
        """Go on until there is an `Event`, and return it.

        Raises
        ------
        Diverged
            If a processor met numbers that are not finite; all have ended then.
        """
        cdef bint standing, done
        cdef double deadline
        if not self._threads:
            self.start()
        deadline = seconds_now() + TICK_SECONDS
        if self._held:
            self.pass_evaluations()
        with nogil:
            gate_lock(&self._gate)
            if self._held:
                store_release(&self._signals.pause, 0)
                gate_open(&self._gate)
                self._held = False
            while not (self.all_stand() and self._signals.pause) and self._ended < self.processors:
                if gate_watch(&self._gate, deadline) != 0:
                    break
            standing = self.all_stand() and self._signals.pause
            done = self._ended == self.processors or self._failure != OK
            gate_unlock(&self._gate)
        if done:
            self.stop()
            return Event.DONE
        self._held = standing
        return Event.EVALUATE if standing else Event.TICK

    def stop(self):
        """End all threads at their next instruction, and wait for them.

        Raises
        ------
        Diverged
            If that is what ended them.
        """
        store_release(&self._signals.stop, 1)
        gate_lock(&self._gate)
        gate_open(&self._gate)
        gate_unlock(&self._gate)
        for thread in self._threads:
            thread.join()
        if self._errors:
            raise self._errors[0]
        self.raise_failure()

    def start(self):
        """Make the threads, and wait until all stand at the start."""
        self._threads = [
            threading.Thread(target=self.work, args=(p,), name=f"processor-{p}", daemon=True)
            for p in range(self.processors)
        ]
        for thread in self._threads:
            thread.start()
        with nogil:
            gate_lock(&self._gate)
            while not self.all_stand():
                gate_watch(&self._gate, seconds_now() + TICK_SECONDS)
            # What was done before, such as evaluating where learning begins, takes no time.
            self._origin = self._paused_at
            gate_unlock(&self._gate)

    def work(self, Py_ssize_t p):
        """Be processor p."""
        try:
            os.sched_setaffinity(0, {self._cores[p % len(self._cores)]})
            with nogil:
                self.run(p)
        except BaseException as error:
            self._errors.append(error)
            store_release(&self._signals.stop, 1)
        finally:
            self.end()

    cdef void run(self, Py_ssize_t p) noexcept nogil:
        cdef Processor* processor = &self._processors[p]
        # An instruction begins when the one before it has ended: to read the clock once for both
        # is most of what a trace costs.
        cdef double began, ended = self.now()
        cdef int instruction
        cdef Status status
        while True:
            processor.counter += 1
            if processor.counter == self._program.shape[0]:
                processor.counter = 0
            if load_acquire(&self._signals.pause):
                self.stand()
                ended = self.now()
            if load_acquire(&self._signals.stop):
                return
            began = ended
            status = OK
            instruction = self._program[processor.counter]
            if (
                instruction == Instruction.TAKE
                or instruction == Instruction.SHARE
                or instruction == Instruction.DEAL
            ):
                if not self.obtain(p, instruction, began):
                    return
            elif instruction == Instruction.COMPUTE:
                status = self.compute(p, p, began)
                ended = self.now()
                processor.row.computed = ended
            elif instruction == Instruction.DELAY:
                if self.delay(p) > 0.0:
                    if not self.pause_for(self.delay(p)):
                        return
                    ended = self.now()
                    processor.row.delay = ended - began
            elif instruction == Instruction.REPEAT:
                self.repeat(p)
            elif instruction == Instruction.BARRIER:
                if not self.wait_at_barrier(p, &status):
                    return
                ended = self.now()
                processor.row.barrier_wait += ended - began
            elif instruction == Instruction.LOCK:
                if not self.wait_for_lock():
                    return
                ended = self.now()
                processor.row.lock_wait = ended - began
            elif instruction == Instruction.UNLOCK:
                store_release(&self._signals.serving, self._signals.serving + 1)
            elif instruction == Instruction.UPDATE:
                status = self.update(p)
                ended = self.now()
                processor.row.update = ended - began
                self.updated(ended)
            elif instruction == Instruction.UPDATE_ALL:
                status = self.learner._share(&self._update, p, self.processors)
                ended = self.now()
                processor.row.update = ended - began
            elif instruction == Instruction.AVERAGE and p == 0:
                self.average()
                ended = self.now()
                processor.row.update += ended - began
            if status != OK:
                gate_lock(&self._gate)
                self.fail(p, status)
                gate_unlock(&self._gate)
                store_release(&self._signals.stop, 1)
                return

    cdef double now(self) noexcept nogil:
        return seconds_now() - self._origin

    cdef bint go_on(self) noexcept nogil:
        """Stand still if that is asked for; false if it is time to end."""
        if load_acquire(&self._signals.pause):
            self.stand()
        return not load_acquire(&self._signals.stop)

    cdef bint all_stand(self) noexcept nogil:
        return self._standing + self._ended == self.processors

    cdef void stand(self) noexcept nogil:
        cdef int64_t resumptions, step = 0
        gate_lock(&self._gate)
        resumptions = self._signals.resumptions
        self._standing += 1
        if self.all_stand():
            self._paused_at = seconds_now()
            gate_tell_watcher(&self._gate)
        while load_acquire(&self._signals.pause) and not load_acquire(&self._signals.stop):
            gate_stand(&self._gate)
        self._standing -= 1
        # When told to stop, others may be computing still, and look at the clock once more.
        if self._standing == 0 and not load_acquire(&self._signals.stop):
            self._origin += seconds_now() - self._paused_at
            store_release(&self._signals.resumptions, resumptions + 1)
        gate_unlock(&self._gate)
        # Nobody goes on before the clock does.
        while load_acquire(&self._signals.resumptions) == resumptions and not load_acquire(
            &self._signals.stop
        ):
            wait_a_little(step)
            step += 1

    cdef void end(self) noexcept nogil:
        gate_lock(&self._gate)
        self._ended += 1
        if self._standing and self.all_stand():
            self._paused_at = seconds_now()
        gate_tell_watcher(&self._gate)
        gate_unlock(&self._gate)

    cdef void updated(self, double now) noexcept nogil:
        """An update has been made: stand still if a curve point is due."""
        store_time(&self.time, now)
        if self.evaluation_is_due():
            store_release(&self._signals.pause, 1)

    cdef bint wait_at_barrier(self, Py_ssize_t p, Status* status) noexcept nogil:
        """Wait for all; the last to come begins or ends the update that they make together."""
        cdef int64_t generation = load_acquire(&self._signals.generation), step = 0
        if fetch_add(&self._signals.arrived, 1) == self.processors - 1:
            self._signals.arrived = 0
            if self.is_before(p, Instruction.UPDATE_ALL):
                status[0] = self.begin_update_all()
            elif self.is_after(p, Instruction.UPDATE_ALL):
                self.end_update_all()
                self.updated(self.now())
            store_release(&self._signals.generation, generation + 1)
            return True
        while load_acquire(&self._signals.generation) == generation:
            if not self.go_on():
                return False
            wait_a_little(step)
            step += 1
        return True

    cdef bint wait_for_lock(self) noexcept nogil:
        cdef int64_t ticket = fetch_add(&self._signals.ticket, 1), step = 0
        while load_acquire(&self._signals.serving) != ticket:
            if not self.go_on():
                return False
            wait_a_little(step)
            step += 1
        return True

    cdef bint pause_for(self, double seconds) noexcept nogil:
        cdef double until = self.now() + seconds, left = seconds
        while left > 0.0:
            if not self.go_on():
                return False
            sleep_for(min(left, LONGEST_SLEEP))
            left = until - self.now()
        return True
