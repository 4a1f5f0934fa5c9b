"""The wall clock: real threads that lose no update, stand still, and end when told."""

import os
import sys
import threading
import time

import numpy as np
import pytest

from staleness.algorithms.clocks import Event, WallClock
from staleness.algorithms.configuration import SCHEDULES
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.program import Instruction

from ..synthetic import CORES, advance, finish

ASYNCHRONOUS = SCHEDULES["asynchronous"].program
SYNCHRONOUS = SCHEDULES["synchronous"].program
SINGLE = SCHEDULES["single"].program
REPLICATED = SCHEDULES["replicated"](average_every=3).program
# A bound on what should take milliseconds, for machines that are busy.
AT_MOST = 30.0


def processors_alive():
    return [t.name for t in threading.enumerate() if t.name.startswith("processor-")]


def stop(clock):
    """Stop a clock, failing where a thread does not end."""
    stopping = threading.Thread(target=clock.stop, daemon=True)
    stopping.start()
    stopping.join(AT_MOST)
    assert not stopping.is_alive(), "stop() did not come back"
    assert not processors_alive()


def crowd(counting, processors, examples, mini_batch_size=1, cells=64, **options):
    """Return a learner for many processors and tiny mini-batches."""
    return counting(
        np.ones(examples, dtype=np.int32),
        room=mini_batch_size,
        cells=cells,
        slots=processors,
        workspaces=processors,
        **options,
    )


# ---- no update is lost --------------------------------------------------------------------------


@pytest.mark.parametrize("mini_batch_size", [1, 3])
@pytest.mark.parametrize("cells", [1, 64, 1000])
@pytest.mark.parametrize("processors", sorted({min(2, CORES), CORES, 4}))
def test_no_update_is_lost(counting, processors, mini_batch_size, cells):
    """What the processors submitted is in the master copy, to the last count."""
    examples, epochs = 5_000, 4
    learner = crowd(counting, processors, examples, mini_batch_size, cells)
    rng = np.random.default_rng(0)
    order = np.concatenate([rng.permutation(examples) for _ in range(epochs)])
    clock = WallClock(
        learner,
        ASYNCHRONOUS,
        processors,
        mini_batch_size,
        order,
        [examples, 2 * examples],
        oversubscribe=True,
    )
    finish(clock)
    assert (learner.model.counts == epochs).all()
    assert (learner.model.totals == epochs * examples).all()
    assert learner.rule.overlaps == 0
    assert learner.examples == epochs * examples
    assert learner.updates == -(-epochs * examples // mini_batch_size)
    assert sorted(clock.trace["update_number"]) == list(range(1, learner.updates + 1))


def test_without_the_lock_counts_may_be_lost(counting, record_property):
    """The same program less LOCK and UNLOCK: how many are lost is luck, but none is made up."""
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.UPDATE)
    examples = 20_000
    learner = crowd(counting, 4, examples, cells=64)
    clock = WallClock(learner, program, 4, 1, np.arange(examples), [], oversubscribe=True)
    finish(clock)
    record_property("lost", int(examples - learner.model.totals.min()))
    # Every example is of one mini-batch, so that its own count meets no other.
    assert (learner.model.counts == 1).all()
    assert (learner.model.totals <= examples).all()
    assert (learner.model.totals > 0).all()


def test_all_processors_take_part(counting):
    """Each has its delays, so that none can do all before the others wake up."""
    learner = crowd(counting, 4, 40)
    delays = np.full((4, 40), 0.02)
    clock = WallClock(
        learner, ASYNCHRONOUS, 4, 1, np.arange(40), [], oversubscribe=True, delays=delays
    )
    finish(clock)
    assert set(clock.trace["processor"]) == {0, 1, 2, 3}
    assert clock.trace["delay"].min() >= 0.02
    assert clock.trace["staleness"].max() >= 1


@pytest.mark.parametrize(
    "program", [SINGLE, ASYNCHRONOUS, SYNCHRONOUS, REPLICATED], ids=["1", "a", "s", "r"]
)
def test_no_time_passes_between_instructions(counting, program):
    """The trace of a processor has no gaps, so that its parts add up to all of its time.

    An update that an average follows is part of it too.
    """
    processors = 1 if program == SINGLE else 2
    learner = crowd(counting, processors, 200, replicas=processors * (program == REPLICATED))
    clock = WallClock(learner, program, processors, 1, np.arange(200), [], oversubscribe=True)
    finish(clock)
    parts = ("delay", "barrier_wait", "lock_wait", "update")
    for p in range(processors):
        rows = np.sort(clock.trace[clock.trace["processor"] == p], order="start")
        assert (rows["start"][1:] == rows["end"][:-1]).all()
        accounted = rows["computed"] - rows["start"] + sum(rows[name] for name in parts)
        np.testing.assert_allclose(accounted, rows["end"] - rows["start"], atol=1e-12)


def test_threads_are_pinned_each_to_a_core(counting):
    learner = crowd(counting, CORES, 50)
    delays = np.full((CORES, 1), AT_MOST)
    before = os.sched_getaffinity(0)
    clock = WallClock(learner, ASYNCHRONOUS, CORES, 1, np.arange(50), [], delays=delays)
    clock.advance()
    pinned = [
        os.sched_getaffinity(thread.native_id)
        for thread in threading.enumerate()
        if thread.name.startswith("processor-")
    ]
    stop(clock)
    assert sorted(map(sorted, pinned)) == [[core] for core in sorted(before)]
    assert os.sched_getaffinity(0) == before


# ---- more processors than cores -----------------------------------------------------------------


def test_more_processors_than_cores_are_refused(counting):
    learner = crowd(counting, CORES + 1, 10)
    expected = rf"has {CORES} cores for {CORES + 1} processors: take '--clock simulated'"
    with pytest.raises(StalenessError, match=expected):
        WallClock(learner, ASYNCHRONOUS, CORES + 1, 1, np.arange(10), [])
    WallClock(learner, ASYNCHRONOUS, CORES, 1, np.arange(10), [])


@pytest.mark.parametrize("program", [ASYNCHRONOUS, SYNCHRONOUS], ids=["a", "s"])
def test_more_processors_than_cores_if_asked(counting, program):
    processors = 2 * CORES + 1
    learner = crowd(counting, processors, 200, mini_batch_size=7)
    clock = WallClock(
        learner, program, processors, 7, np.arange(200), [100, 200], oversubscribe=True
    )
    points = finish(clock)
    assert (learner.model.counts == 1).all()
    assert len(points) == 2
    assert not processors_alive()


def test_each_processor_needs_a_workspace(counting):
    learner = counting(np.ones(5, dtype=np.int32), room=1, slots=2, workspaces=1)
    with pytest.raises(ValueError, match="the learner has 1 workspaces"):
        WallClock(learner, ASYNCHRONOUS, 2, 1, np.arange(5), [], oversubscribe=True)


# ---- standing still and ending ------------------------------------------------------------------


@pytest.mark.parametrize("program", [ASYNCHRONOUS, SYNCHRONOUS], ids=["a", "s"])
def test_all_stand_still_at_a_curve_point(counting, program):
    learner = crowd(counting, 4, 4000, mini_batch_size=4)
    clock = WallClock(learner, program, 4, 4, np.arange(4000), [400, 1200], oversubscribe=True)
    for due in (400, 1200):
        assert advance(clock) is Event.EVALUATE
        assert learner.examples == due
        counts = learner.model.counts
        time.sleep(0.02)
        assert learner.model.counts.tolist() == counts.tolist()
        assert learner.examples == counts.sum() == due
    stop(clock)


def test_a_curve_point_reached_while_nobody_watches_is_not_lost(counting):
    """Between a TICK and the next call there is the progress bar, which may take its time."""
    learner = crowd(counting, 1, 3)
    delays = np.array([[0.5, 0.0, 0.0]])
    clock = WallClock(learner, SINGLE, 1, 1, np.arange(3), [1, 3], delays=delays)
    events = []
    while not events or events[-1] is not Event.DONE:
        events.append(clock.advance())
        if events[-1] is Event.TICK:
            time.sleep(1.0)
    assert [event for event in events if event is not Event.TICK] == [
        Event.EVALUATE,
        Event.EVALUATE,
        Event.DONE,
    ]


def test_the_clock_stands_from_when_the_last_thread_has_ended(counting):
    """Time neither stops before nor is given back: a thread may end while the other stands.

    Who has ended says so with Python's lock, which is kept from it here until the other, whose
    update makes a curve point due, stands.
    """
    interval = sys.getswitchinterval()
    learner = crowd(counting, 2, 2)
    # Each has one mini-batch, as none comes back for a second in time.
    delays = np.array([[0.6], [0.3]])
    clock = WallClock(
        learner, ASYNCHRONOUS, 2, 1, np.arange(2), [2], delays=delays, oversubscribe=True
    )
    assert clock.advance() is Event.TICK
    sys.setswitchinterval(AT_MOST)
    try:
        bound = time.perf_counter() + AT_MOST
        while learner.examples < 2 and time.perf_counter() < bound:
            pass
        until = time.perf_counter() + 0.05
        while time.perf_counter() < until:
            pass
    finally:
        sys.setswitchinterval(interval)
    assert advance(clock) is Event.EVALUATE
    at = clock.time
    assert advance(clock) is Event.DONE
    assert clock.time == at
    assert (clock.trace["end"] >= clock.trace["computed"] + clock.trace["delay"]).all()


@pytest.mark.parametrize("program", [SINGLE, SYNCHRONOUS], ids=["single", "synchronous"])
def test_what_comes_before_the_start_takes_no_time(counting, program):
    """A curve begins with a point that is evaluated when the clock is there, but does not run."""
    clock = WallClock(crowd(counting, 1, 100), program, 1, 1, np.arange(100), [100])
    before = 1.0
    time.sleep(before)
    finish(clock)
    assert clock.trace["start"].min() < before


def test_it_comes_back_now_and_then(counting):
    """Also while all pause, so that Ctrl-C gets its turn."""
    learner = crowd(counting, 1, 2)
    clock = WallClock(learner, SINGLE, 1, 1, np.arange(2), [], delays=np.array([[AT_MOST]]))
    assert clock.advance() is Event.TICK
    assert learner.updates == 0
    stop(clock)


@pytest.mark.parametrize("where", ["start", "standing", "delay", "barrier", "lock", "running"])
def test_stop_ends_all_threads(counting, where):
    """Wherever they are; a pause or a wait that it did not end would last past the test's bound."""
    pause = 4 * AT_MOST
    program, delays, evaluations, examples = ASYNCHRONOUS, None, [], 3
    if where == "delay":
        delays = np.full((2, 10), pause)
    elif where == "barrier":
        # Processor 0 pauses, 1 waits at the barrier.
        program, delays = SYNCHRONOUS, np.array([[pause], [0.0]])
    elif where == "lock":
        # One holds the lock and pauses, the other waits for it.
        program = (
            Instruction.TAKE,
            Instruction.COMPUTE,
            Instruction.LOCK,
            Instruction.DELAY,
            Instruction.UPDATE,
            Instruction.UNLOCK,
        )
        delays = np.full((2, 10), pause)
    elif where == "standing":
        evaluations = [1]
    elif where == "running":
        examples = 2_000_000
    learner = crowd(counting, 2, examples, mini_batch_size=2)
    clock = WallClock(
        learner,
        program,
        2,
        2 if where == "barrier" else 1,
        np.arange(examples),
        evaluations,
        delays=delays,
        oversubscribe=True,
    )
    if where != "start":
        event = advance(clock) if where == "standing" else clock.advance()
        assert event is (Event.EVALUATE if where == "standing" else Event.TICK)
        assert processors_alive() == ["processor-0", "processor-1"]
    stop(clock)
    assert learner.examples < examples


def test_no_thread_is_left_at_the_end(counting):
    learner = crowd(counting, 2, 100)
    clock = WallClock(learner, ASYNCHRONOUS, 2, 1, np.arange(100), [], oversubscribe=True)
    assert advance(clock) is Event.DONE
    assert not processors_alive()


@pytest.mark.parametrize("program", [ASYNCHRONOUS, SYNCHRONOUS], ids=["a", "s"])
def test_no_thread_is_left_after_a_failure(counting, program):
    """The one that fails does not leave the others at the barrier or at the lock."""
    learner = crowd(counting, 3, 600, mini_batch_size=3, poison=300)
    clock = WallClock(learner, program, 3, 3, np.arange(600), [], oversubscribe=True)
    with pytest.raises(Diverged):
        advance(clock)
    assert not processors_alive()
    with pytest.raises(Diverged):
        clock.stop()


def test_an_error_of_a_thread_comes_out(counting, monkeypatch):
    """Such as a core that this process may not use."""
    learner = crowd(counting, 1, 10)
    clock = WallClock(learner, SINGLE, 1, 1, np.arange(10), [])

    def refuse(*_):
        raise OSError("no such core")

    monkeypatch.setattr(os, "sched_setaffinity", refuse)
    with pytest.raises(OSError, match="no such core"):
        clock.advance()
    assert not processors_alive()
