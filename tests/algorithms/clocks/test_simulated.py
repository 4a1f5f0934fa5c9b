"""The simulated clock, against timelines worked out by hand."""

import numpy as np
import pytest

from staleness.algorithms.clocks import Event, SimulatedClock
from staleness.algorithms.configuration import SCHEDULES
from staleness.algorithms.costs import Costs
from staleness.algorithms.program import Instruction

from ..synthetic import finish

ASYNCHRONOUS = SCHEDULES["asynchronous"].program
SYNCHRONOUS = SCHEDULES["synchronous"].program
SINGLE = SCHEDULES["single"].program
REPLICATED = SCHEDULES["replicated"](average_every=1).program


@pytest.fixture
def trace(counting):
    """Return a function that runs a program over examples of given work, one after the other."""

    def run(program, processors, work, costs, mini_batch_size=1, delays=None, replicas=0, **kind):
        work = np.array(work, dtype=np.int32)
        learner = counting(work, room=mini_batch_size, slots=processors, replicas=replicas, **kind)
        clock = SimulatedClock(
            learner,
            program,
            processors,
            mini_batch_size,
            np.arange(len(work)),
            [],
            costs=costs,
            delays=delays,
        )
        finish(clock)
        assert learner.model.counts.tolist() == [1] * len(work)
        return clock.trace, clock.time

    return run


def columns(rows, *names):
    return {name: rows[name].tolist() for name in names}


def test_one_processor(trace):
    """Costs are linear in examples and work; a delay lies between the statistics and the update."""
    costs = Costs(
        compute_fixed=10.0,
        compute_example=1.0,
        compute_work=0.5,
        update_fixed=4.0,
        update_work=0.25,
    )
    rows, time = trace(
        SINGLE, 1, [2, 4, 6], costs, mini_batch_size=2, delays=np.array([[0.0, 100.0]])
    )
    # Mini-batch 0: 10 + 2 + 3 = 15, update 4 + 1.5; mini-batch 1: 10 + 1 + 3 = 14, update 5.5.
    assert columns(rows, "start", "computed", "delay", "update", "end", "work", "examples") == {
        "start": [0.0, 20.5],
        "computed": [15.0, 34.5],
        "delay": [0.0, 100.0],
        "update": [5.5, 5.5],
        "end": [20.5, 140.0],
        "work": [6, 6],
        "examples": [2, 1],
    }
    assert time == 140.0


def test_two_processors_and_one_lock(trace):
    """All mini-batches take 2, all updates 1.

    ========== ==== ==== ==== ==== ==== ==== ====
    time       0    1    2    3    4    5    6
    ========== ==== ==== ==== ==== ==== ==== ====
    processor 0 compute compute UPD  compute compute UPD
    processor 1 compute compute wait UPD  compute compute UPD
    ========== ==== ==== ==== ==== ==== ==== ====

    At time 2 both want the lock: the one that began first has it. At time 6, processor 0's update
    and processor 1's statistics end together.
    """
    rows, time = trace(ASYNCHRONOUS, 2, [2, 2, 2, 2], Costs(compute_work=1.0, update_fixed=1.0))
    assert columns(rows, "processor", "start", "computed", "lock_wait", "update", "end") == {
        "processor": [0, 1, 0, 1],
        "start": [0.0, 0.0, 3.0, 4.0],
        "computed": [2.0, 2.0, 5.0, 6.0],
        "lock_wait": [0.0, 1.0, 0.0, 0.0],
        "update": [1.0] * 4,
        "end": [3.0, 4.0, 6.0, 7.0],
    }
    assert rows["update_number"].tolist() == [1, 2, 3, 4]
    # Read at 0, 0, 3 and 4, when 0, 0, 1 and 2 updates had been made.
    assert rows["staleness"].tolist() == [0, 1, 1, 1]
    assert time == 7.0


def test_the_lock_is_given_in_order_of_arrival(trace):
    """Statistics take 3, 2, 1 on processors 0, 1, 2 and an update 10: they queue in that order.

    Processor 2 comes back at 11 + 4 = 15, behind 1 (there since 2) and 0 (there since 3).
    """
    costs = Costs(compute_work=1.0, update_fixed=10.0)
    rows, time = trace(ASYNCHRONOUS, 3, [3, 2, 1, 4], costs)
    assert columns(rows, "processor", "lock_wait", "end", "update_number", "staleness") == {
        "processor": [0, 1, 2, 2],
        "lock_wait": [18.0, 9.0, 0.0, 16.0],
        "end": [31.0, 21.0, 11.0, 41.0],
        "update_number": [3, 2, 1, 4],
        # The last was read at 11, after one update, and came after three.
        "staleness": [2, 1, 0, 2],
    }
    assert time == 41.0


def test_a_queue_longer_than_a_ring_goes_round(trace):
    """Many turns of a lock that is always wanted: nobody is overtaken."""
    rows, time = trace(ASYNCHRONOUS, 4, [1] * 40, Costs(compute_work=1.0, update_fixed=10.0))
    assert rows["update_number"].tolist() == list(range(1, 41))
    assert rows["processor"].tolist() == [0, 1, 2, 3] * 10
    assert time == 1.0 + 40 * 10.0
    assert rows["staleness"].tolist() == [0, 1, 2] + [3] * 37


def test_a_processor_waits_for_the_lock_and_not_for_the_one_before(trace):
    """Between updates that leave gaps nobody waits."""
    rows, _ = trace(ASYNCHRONOUS, 2, [4, 6, 4, 6], Costs(compute_work=1.0, update_fixed=0.5))
    assert not rows["lock_wait"].any()
    assert rows["end"].tolist() == [4.5, 6.5, 9.0, 13.0]


def test_a_barrier_waits_for_the_slowest(trace):
    """Shares of 1 and 3, twice; in the second round processor 0 is delayed by 5.

    Round 0: computed at 1 and 3; update of 1 + 4 / 2 = 3 on processor 0, 3 to 6; processor 1 waits
    for it. Round 1 begins at 6: computed at 7 and 9, processor 0 comes to the barrier at 12; update
    to 15.
    """
    costs = Costs(compute_work=1.0, update_fixed=1.0, update_work=0.5)
    delays = np.array([[0.0, 5.0], [0.0, 0.0]])
    rows, time = trace(SYNCHRONOUS, 2, [1, 3, 1, 3], costs, mini_batch_size=2, delays=delays)
    names = "start", "computed", "delay", "barrier_wait", "update", "end", "update_number"
    assert columns(rows, "mini_batch", "processor", *names) == {
        "mini_batch": [0, 0, 1, 1],
        "processor": [0, 1, 0, 1],
        "start": [0.0, 0.0, 6.0, 6.0],
        "computed": [1.0, 3.0, 7.0, 9.0],
        "delay": [0.0, 0.0, 5.0, 0.0],
        "barrier_wait": [2.0, 3.0, 0.0, 6.0],
        "update": [3.0, 0.0, 3.0, 0.0],
        "end": [6.0, 6.0, 15.0, 15.0],
        "update_number": [1, 1, 2, 2],
    }
    assert not rows["staleness"].any()
    assert time == 15.0


def test_an_update_of_all_is_made_in_parts(trace):
    """As above, but each adds half of it: 1 + 2 / 2 = 2, from 3 to 5; the next from 5 + 6 to 13."""
    costs = Costs(compute_work=1.0, update_fixed=1.0, update_work=0.5)
    delays = np.array([[0.0, 5.0], [0.0, 0.0]])
    rows, time = trace(
        *(SYNCHRONOUS, 2, [1, 3, 1, 3], costs), mini_batch_size=2, delays=delays, divisible=True
    )
    names = "start", "barrier_wait", "update_work", "update", "end", "update_number"
    assert columns(rows, *names) == {
        "start": [0.0, 0.0, 5.0, 5.0],
        "barrier_wait": [2.0, 0.0, 0.0, 3.0],
        "update_work": [2, 2, 2, 2],
        "update": [2.0, 2.0, 2.0, 2.0],
        "end": [5.0, 5.0, 13.0, 13.0],
        "update_number": [1, 1, 2, 2],
    }
    assert time == 13.0


def test_the_last_part_of_an_update_ends_it(trace):
    """Of 5 units of work the second processor has 3: it ends at 5 + 3, and both go on then."""
    costs = Costs(compute_work=1.0, update_work=1.0)
    rows, time = trace(SYNCHRONOUS, 2, [0, 5], costs, mini_batch_size=2, divisible=True)
    assert columns(rows, "update_work", "update", "end") == {
        "update_work": [2, 3],
        "update": [2.0, 3.0],
        "end": [8.0, 8.0],
    }
    assert time == 8.0


def test_an_average_takes_as_long_as_there_are_replicas(trace):
    """Three compute until 2 and update until 3; processor 0 averages until 3 + 3 * 10."""
    costs = Costs(compute_work=1.0, update_fixed=1.0, average_replica=10.0)
    rows, time = trace(REPLICATED, 3, [2, 2, 2], costs, replicas=3)
    assert columns(rows, "start", "computed", "barrier_wait", "update", "end") == {
        "start": [0.0, 0.0, 0.0],
        "computed": [2.0, 2.0, 2.0],
        "barrier_wait": [0.0, 30.0, 30.0],
        "update": [31.0, 1.0, 1.0],
        "end": [33.0, 33.0, 33.0],
    }
    assert time == 3.0  # of the last update


def test_who_has_no_share_goes_straight_to_the_barrier(trace):
    """One example over three processors is the last one's: that of share [2/3, 1]."""
    costs = Costs(compute_fixed=7.0, compute_work=1.0, update_fixed=1.0)
    rows, time = trace(SYNCHRONOUS, 3, [5], costs, mini_batch_size=3)
    assert columns(rows, "examples", "computed", "barrier_wait", "end") == {
        "examples": [0, 0, 1],
        "computed": [0.0, 0.0, 12.0],
        "barrier_wait": [12.0, 13.0, 1.0],
        "end": [13.0, 13.0, 13.0],
    }
    assert time == 13.0


def test_delays_fall_on_turns_of_a_processor(trace):
    """Not on mini-batches: processor 1 is delayed in its second turn, whichever it takes."""
    delays = np.array([[0.0, 0.0, 0.0], [0.0, 20.0, 0.0]])
    rows, _ = trace(ASYNCHRONOUS, 2, [1] * 6, Costs(compute_work=1.0), delays=delays)
    assert rows["delay"].tolist() == [0.0, 0.0, 0.0, 20.0, 0.0, 0.0]
    assert rows["processor"].tolist() == [0, 1, 0, 1, 0, 0]
    # While it pauses, the other does the rest.
    assert rows["end"].tolist() == [1.0, 1.0, 2.0, 22.0, 3.0, 4.0]
    assert rows["staleness"].tolist() == [0, 1, 1, 3, 0, 0]


def test_theta_is_read_when_statistics_begin(trace):
    """An update that ends as another's statistics end is already too late for them."""
    rows, _ = trace(ASYNCHRONOUS, 2, [1, 3], Costs(compute_work=1.0, update_fixed=1.0))
    assert rows["staleness"].tolist() == [0, 1]


def test_events_at_one_time_come_in_the_order_they_were_scheduled(trace):
    """Free updates, equal work: processors take turns for ever, in the order they began."""
    rows, _ = trace(ASYNCHRONOUS, 3, [1] * 30, Costs(compute_work=1.0))
    assert rows["processor"].tolist() == [0, 1, 2] * 10
    assert rows["update_number"].tolist() == list(range(1, 31))


def test_of_two_events_at_one_time_the_one_scheduled_first_comes_first(trace):
    """Processor 1 has been at it since 0, processor 0 since 1, when both end at 3."""
    rows, _ = trace(ASYNCHRONOUS, 2, [1, 3, 2], Costs(compute_work=1.0))
    assert columns(rows, "processor", "computed", "update_number", "staleness") == {
        "processor": [0, 1, 0],
        "computed": [1.0, 3.0, 3.0],
        "update_number": [1, 2, 3],
        "staleness": [0, 1, 1],
    }


@pytest.mark.parametrize(
    "program",
    [
        (Instruction.TAKE, Instruction.COMPUTE, Instruction.LOCK, Instruction.UPDATE),
        (Instruction.TAKE, Instruction.COMPUTE, Instruction.UPDATE, Instruction.BARRIER),
    ],
    ids=["a lock never let go", "a barrier that one never reaches"],
)
def test_a_program_that_hangs_is_reported(counting, program):
    learner = counting(np.ones(3, dtype=np.int32), room=1, slots=2)
    clock = SimulatedClock(learner, program, 2, 1, np.arange(3), [], costs=Costs(1.0))
    with pytest.raises(RuntimeError, match="all processors wait: the schedule's program is wrong"):
        finish(clock)


def test_it_comes_back_now_and_then(counting):
    """Long runs tick, so that Ctrl-C and the progress bar get their turn."""
    examples = 1500
    learner = counting(np.ones(examples, dtype=np.int32), room=1, cells=1_000_000)
    clock = SimulatedClock(learner, SINGLE, 1, 1, np.arange(examples), [], costs=Costs(1.0))
    assert clock.advance() is Event.TICK
    done = learner.examples
    assert 0 < done < examples
    assert clock.time == done
    finish(clock)
    assert learner.model.counts.tolist() == [1] * examples
    assert clock.trace["end"].tolist() == list(range(1, examples + 1))
