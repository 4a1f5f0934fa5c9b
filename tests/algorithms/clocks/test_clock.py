"""What both clocks check and do alike."""

import re
import time

import numpy as np
import pytest

from staleness.algorithms.clocks import TRACE, Event
from staleness.algorithms.configuration import SCHEDULES
from staleness.algorithms.costs import Costs
from staleness.algorithms.errors import Diverged
from staleness.algorithms.program import Instruction

from ..synthetic import advance, finish, make_clock

CLOCKS = ("simulated", "wall")
SINGLE = SCHEDULES["single"].program
ASYNCHRONOUS = SCHEDULES["asynchronous"].program
SYNCHRONOUS = SCHEDULES["synchronous"].program

pytestmark = pytest.mark.parametrize("kind", CLOCKS)


@pytest.fixture
def learner(counting):
    return counting(np.ones(10, dtype=np.int32), room=10, slots=4, workspaces=4)


@pytest.mark.parametrize(("processors", "size"), [(0, 1), (-1, 1), (1, 0)])
def test_there_must_be_processors_and_examples(kind, learner, processors, size):
    with pytest.raises(ValueError, match="processors and mini_batch_size must be positive"):
        make_clock(kind, learner, SINGLE, processors, size, np.arange(10))


def test_there_must_be_a_slot_for_each_processor(kind, learner):
    with pytest.raises(ValueError, match="the learner has 4 slots for 5 processors"):
        make_clock(kind, learner, ASYNCHRONOUS, 5, 1, np.arange(10))


@pytest.mark.parametrize("order", [[0, 10], [-1, 0]])
def test_the_order_must_be_of_examples(kind, learner, order):
    with pytest.raises(ValueError, match="order must hold numbers from 0 to 9"):
        make_clock(kind, learner, SINGLE, 1, 1, order)


def test_delays_must_be_those_of_all_processors(kind, learner):
    with pytest.raises(ValueError, match="delays must have a row for each processor"):
        make_clock(kind, learner, ASYNCHRONOUS, 2, 1, np.arange(10), delays=np.zeros((3, 4)))


def test_a_learner_is_needed(kind):
    with pytest.raises(TypeError):
        make_clock(kind, None, SINGLE, 1, 1, np.arange(10))


def test_nothing_to_do(kind, learner):
    clock = make_clock(kind, learner, ASYNCHRONOUS, 2, 4, [])
    assert advance(clock) is Event.DONE
    assert clock.trace.shape == (0,)
    assert clock.trace.dtype == TRACE
    assert clock.time == 0.0
    assert learner.updates == 0


def test_examples_come_in_the_order_asked_for(kind, counting):
    """One after the other, with the curve point taken after each."""
    learner = counting(np.ones(6, dtype=np.int32), room=1)
    order = [4, 1, 1, 5, 0]
    clock = make_clock(kind, learner, SINGLE, 1, 1, order, range(1, 6))
    for number in range(1, 6):
        assert advance(clock) is Event.EVALUATE
        expected = np.bincount(order[:number], minlength=6)
        assert learner.model.counts.tolist() == expected.tolist()
    assert advance(clock) is Event.DONE
    clock.stop()


def test_curve_points_that_are_past_are_passed_over(kind, learner):
    """Also one that was due before the first update."""
    clock = make_clock(kind, learner, SINGLE, 1, 4, np.arange(10), [0, 2, 3, 4, 10])
    assert [point[2] for point in finish(clock)] == [4, 10]


def test_time_stands_still_at_a_curve_point(kind, learner):
    """An evaluation, however long, takes no time: clock and trace go on where they stood."""
    clock = make_clock(kind, learner, ASYNCHRONOUS, 2, 1, np.arange(10), [3])
    assert advance(clock) is Event.EVALUATE
    at = clock.time
    pause = 1.0
    if kind == "wall":
        time.sleep(pause)
    assert clock.time == at
    assert learner.examples == 3
    assert advance(clock) is Event.DONE
    clock.stop()
    assert clock.time < at + pause
    assert clock.trace["end"].max() < at + pause


@pytest.mark.parametrize(("times", "groups"), [(1, [1] * 7), (3, [3, 3, 1]), (100, [7])])
@pytest.mark.parametrize("first", [Instruction.TAKE, Instruction.SHARE, Instruction.DEAL])
def test_what_follows_repeat_is_done_once_for_so_many_mini_batches(
    kind, learner, first, times, groups
):
    """Also for those at the end that are fewer."""
    repeat = (Instruction.REPEAT, times)
    program = (first, Instruction.COMPUTE, Instruction.UPDATE, repeat, Instruction.BARRIER)
    costs = Costs(compute_work=1.0, barrier=1.0)
    clock = make_clock(kind, learner, program, 1, 1, np.arange(7), costs=costs)
    finish(clock)
    assert learner.updates == 7
    assert clock.trace["mini_batch"].tolist() == list(range(7))
    waited = np.flatnonzero(clock.trace["barrier_wait"]) + 1
    assert waited.tolist() == np.cumsum(groups).tolist()


@pytest.mark.parametrize("program", [SINGLE, ASYNCHRONOUS, SYNCHRONOUS], ids=["1", "a", "s"])
def test_numbers_that_are_not_finite_name_their_mini_batch(kind, counting, program):
    processors = 1 if program is SINGLE else 2
    learner = counting(
        np.ones(40, dtype=np.int32), room=40, poison=27, slots=processors, workspaces=processors
    )
    order = np.arange(40)[::-1].copy()
    clock = make_clock(kind, learner, program, processors, 4, order)
    # Example 27 is the 13th, the first of mini-batch 3.
    with pytest.raises(Diverged) as caught:
        finish(clock)
    message = re.fullmatch(
        r"numbers that are not finite in mini-batch 3 on processor (\d), after (\d+) updates: "
        "take a smaller step size",
        str(caught.value),
    )
    processor, updates = map(int, message.groups())
    rows = clock.trace[clock.trace["mini_batch"] == 3]
    assert processor in rows["processor"]
    if program is SYNCHRONOUS:
        # Of four examples over two processors, the first is processor 0's.
        assert processor == 0
    assert updates == learner.updates
    assert learner.examples <= 40 - 4
    if program is not ASYNCHRONOUS:
        assert learner.updates == 3


def test_no_memory_is_told(kind, counting):
    learner = counting(np.ones(10, dtype=np.int32), room=3)
    clock = make_clock(kind, learner, SINGLE, 1, 4, np.arange(10))
    with pytest.raises(MemoryError, match="mini-batch 0"):
        finish(clock)


def test_a_stopped_clock_stays_stopped(kind, learner):
    clock = make_clock(kind, learner, SINGLE, 1, 1, np.arange(10), [5, 10])
    assert advance(clock) is Event.EVALUATE
    clock.stop()
    clock.stop()
    assert learner.examples == 5


def test_a_program_may_have_no_lock_and_no_delay(kind, learner):
    program = (Instruction.TAKE, Instruction.COMPUTE, Instruction.UPDATE)
    clock = make_clock(kind, learner, program, 1, 3, np.arange(10))
    finish(clock)
    assert learner.model.counts.tolist() == [1] * 10
    assert clock.trace["update_number"].tolist() == [1, 2, 3, 4]
