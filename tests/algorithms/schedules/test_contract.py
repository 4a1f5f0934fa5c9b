"""What holds for every schedule that there is, and every rule under it, on both clocks."""

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES
from staleness.algorithms.program import Instruction
from staleness.algorithms.seeds import generator, visiting_order

from ..synthetic import finish, make_clock

CLOCKS = ("simulated", "wall")
EXAMPLES = 45
EPOCHS = 2
SMALL = {"average_every": 3}  # parameters that show in a corpus as small as these
PARTS = ("delay", "barrier_wait", "lock_wait", "update")
# Tasks whose statistics are sums over a slot's examples: how they are split decides on a last bit.
ADDED_UP = ("tagging",)
WHATEVER_THE_TIME = (
    "processor",
    "mini_batch",
    "examples",
    "work",
    "update_work",
    "update_number",
    "staleness",
)


def made(name):
    """Return a schedule, with parameters that are its own or `SMALL`."""
    kind = SCHEDULES[name]
    return kind.configure({k: v for k, v in SMALL.items() if k in kind.hyper_parameters()})


def that_make_sense(processors):
    return [
        pytest.param(schedule, p, id=f"{schedule.name}-{p}")
        for schedule in map(made, SCHEDULES)
        for p in processors
        if schedule.skip(p) is None
    ]


def that_learn(processors):
    """Every rule for every task under every schedule, where that makes sense."""
    return [
        pytest.param(task, update, *param.values, id=f"{task}-{update.name}-{param.id}")
        for param in that_make_sense(processors)
        for update in UPDATES.values()
        for task in update.tasks
        if update.skip(task, type(param.values[0])) is None
    ]


def exclusive(kind, schedule, processors):
    """Return whether no two updates of the shared copy can be under way at the same time."""
    one_at_a_time = schedule.has(Instruction.LOCK) or schedule.splits()
    return one_at_a_time or processors == 1 or kind == "simulated"


@pytest.fixture
def count(counting):
    """Return a function that runs a schedule on a learner that counts."""

    def run(kind, schedule, processors, mini_batch_size, *, evaluations=(), delays=None):
        work = np.arange(EXAMPLES, dtype=np.int32) % 7
        learner = counting(
            work,
            room=EPOCHS * EXAMPLES,
            cells=32,
            slots=processors,
            workspaces=processors,
            replicas=processors if schedule.replicas else 0,
        )
        order = visiting_order(3, EXAMPLES, EPOCHS)
        clock = make_clock(
            kind,
            learner,
            schedule.program,
            processors,
            mini_batch_size,
            order,
            evaluations,
            delays=delays,
        )
        return learner, clock, order, finish(clock)

    return run


@pytest.fixture
def learn(corpora):
    """Return a function that learns under a schedule: theta, clock and curve points."""

    def run(
        kind,
        schedule,
        processors,
        mini_batch_size=4,
        *,
        task="ner",
        update=UPDATES["sgd"],
        evaluations=(),
        delays=None,
        epochs=2,
    ):
        learner = update().learner(
            TASKS[task]().training(corpora[task], seed=0),
            slots=processors,
            workspaces=processors,
            replicas=processors if schedule.replicas else 0,
        )
        if schedule.updates_overlap():
            learner.let_updates_overlap()
        if schedule.batch:
            mini_batch_size = len(learner.work)
        order = visiting_order(0, len(learner.work), epochs)
        clock = make_clock(
            kind,
            learner,
            schedule.program,
            processors,
            mini_batch_size,
            order,
            evaluations,
            delays=delays,
        )
        points = finish(clock)
        return learner.theta, clock, points

    return run


def test_there_are_schedules():
    assert {"single", "synchronous", "asynchronous"} <= set(SCHEDULES)


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize("mini_batch_size", [1, 4, 7, 1000])
@pytest.mark.parametrize(("schedule", "processors"), that_make_sense([1, 2, 4]))
def test_every_mini_batch_is_done_once(count, kind, schedule, processors, mini_batch_size):
    learner, clock, order, _ = count(kind, schedule, processors, mini_batch_size)
    assert learner.examples == len(order)
    if exclusive(kind, schedule, processors):
        assert learner.model.counts.tolist() == np.bincount(order, minlength=EXAMPLES).tolist()
        assert (learner.model.totals == len(order)).all()
        assert learner.rule.overlaps == 0
    mini_batches = -(-len(order) // mini_batch_size)
    trace = clock.trace
    shares = processors if schedule.splits() else 1
    if schedule.has(Instruction.DEAL):
        # Everybody has a row in every round; those at the end may have nothing to do.
        rounds = -(-mini_batches // processors)
        assert len(trace) == rounds * processors
        assert trace["processor"].tolist() == list(range(processors)) * rounds
        assert not trace["examples"][mini_batches:].any()
        trace = trace[:mini_batches]
    assert len(trace) == mini_batches * shares
    assert trace["mini_batch"].tolist() == np.repeat(np.arange(mini_batches), shares).tolist()
    work = learner.work[order]
    for batch in range(mini_batches):
        rows = trace[trace["mini_batch"] == batch]
        mine = slice(batch * mini_batch_size, (batch + 1) * mini_batch_size)
        assert rows["examples"].sum() == len(order[mine])
        assert rows["work"].sum() == work[mine].sum()
    if schedule.splits():
        assert trace["processor"].tolist() == list(range(processors)) * mini_batches
        # As even as can be: nobody has two examples more than another.
        by_batch = trace["examples"].reshape(mini_batches, processors)
        assert (by_batch.max(axis=1) - by_batch.min(axis=1) <= 1).all()
    else:
        assert set(trace["processor"]) <= set(range(processors))


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize("mini_batch_size", [1, 4])
@pytest.mark.parametrize(("schedule", "processors"), that_make_sense([1, 2, 4]))
def test_updates_are_numbered_in_the_order_they_are_made(
    count, kind, schedule, processors, mini_batch_size
):
    learner, clock, order, _ = count(kind, schedule, processors, mini_batch_size)
    trace = clock.trace
    mini_batches = -(-len(order) // mini_batch_size)
    assert learner.updates == mini_batches
    if schedule.splits():
        # One update a round, and the rounds in order.
        assert (trace["update_number"] == trace["mini_batch"] + 1).all()
    else:
        trace = trace[trace["examples"] > 0]
        assert len(trace) == mini_batches
        if exclusive(kind, schedule, processors):
            assert sorted(trace["update_number"]) == list(range(1, mini_batches + 1))
    by_update = trace[np.argsort(trace["update_number"], kind="stable")]
    if schedule.has(Instruction.LOCK) and not schedule.has(Instruction.BARRIER):
        # A turn ends with its update.
        assert (np.diff(by_update["end"]) >= 0).all()
    assert (trace["staleness"] >= 0).all()
    assert (trace["staleness"] < trace["update_number"]).all()
    if processors == 1 or schedule.splits():
        assert not trace["staleness"].any()


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize(("schedule", "processors"), that_make_sense([1, 2, 4]))
def test_times_add_up(count, kind, schedule, processors):
    rng = generator(1, "delays")
    delays = rng.choice([0.0, 0.002], p=[0.7, 0.3], size=(processors, 30))
    learner, clock, _, points = count(
        kind, schedule, processors, 4, evaluations=[20, 50], delays=delays
    )
    trace = clock.trace
    if kind == "simulated":
        # Each processor's turns have the delays that were asked for.
        for p in range(processors):
            mine = np.sort(trace[trace["processor"] == p], order="start")
            expected = np.zeros(len(mine))
            expected[:30] = delays[p, : len(mine)]
            assert mine["delay"].tolist() == expected.tolist()
    assert trace["delay"].any()
    assert (trace["start"] >= 0).all()
    assert (trace["start"] <= trace["computed"]).all()
    assert (trace["computed"] <= trace["end"]).all()
    for name in PARTS:
        assert (trace[name] >= 0).all()
    accounted = trace["computed"] - trace["start"] + sum(trace[name] for name in PARTS)
    slack = trace["end"] - trace["start"] - accounted
    assert slack.min() > -1e-9
    if kind == "simulated":
        # Nothing takes time that is not accounted for.
        assert np.abs(slack).max() < 1e-9
    for p in range(processors):
        mine = np.sort(trace[trace["processor"] == p], order="start")
        assert (mine["start"][1:] >= mine["end"][:-1]).all()
    assert 0 < clock.time <= trace["end"].max()
    assert [point[0] for point in points] == sorted(point[0] for point in points)
    assert learner.examples == EXAMPLES * EPOCHS


@pytest.mark.parametrize(("schedule", "processors"), that_make_sense([1, 2, 4]))
@pytest.mark.parametrize("kind", CLOCKS)
def test_curve_points_come_as_soon_as_they_are_due(count, kind, schedule, processors):
    evaluations = [1, 8, 9, 30, 31, 32, 70, 90]
    learner, _, _, points = count(kind, schedule, processors, 4, evaluations=evaluations)
    if not exclusive(kind, schedule, processors):
        assert len(points) <= 6
        assert points[-1][2] == 90
        return
    # One point for several that fall into one mini-batch; time stands still at a point, so that
    # no other processor's update slips in before it.
    assert [point[2] for point in points] == [4, 8, 12, 32, 72, 90]
    assert [point[1] for point in points] == [1, 2, 3, 8, 18, learner.updates]


def test_curve_points_are_exact_where_mini_batches_allow(count):
    evaluations = [20, 40, 60, 80, 90]
    for kind in CLOCKS:
        _, _, _, points = count(kind, made("single"), 1, 4, evaluations=evaluations)
        assert [point[2] for point in points] == evaluations
        assert [point[1] for point in points] == [5, 10, 15, 20, 23]


@pytest.mark.parametrize("mini_batch_size", [1, 4, 7])
@pytest.mark.parametrize(("task", "update", "schedule", "processors"), that_learn([1]))
def test_one_processor_learns_the_same_on_both_clocks(
    learn, task, update, schedule, processors, mini_batch_size
):
    thetas, traces = {}, {}
    for kind in CLOCKS:
        theta, clock, _ = learn(
            kind,
            schedule,
            processors,
            mini_batch_size,
            task=task,
            update=update,
            evaluations=[10, 77, 120],
        )
        thetas[kind], traces[kind] = theta, clock.trace
    assert thetas["wall"].any()
    assert thetas["wall"].tobytes() == thetas["simulated"].tobytes()
    for name in WHATEVER_THE_TIME:
        assert traces["wall"][name].tolist() == traces["simulated"][name].tolist()
    assert not traces["wall"]["staleness"].any()


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize(("task", "update", "schedule", "processors"), that_learn([1, 2, 4]))
def test_every_rule_learns_under_every_schedule(
    learn, corpora, kind, task, update, schedule, processors
):
    """What it makes of the corpus is finite, and new; with gold labels to go by, it is better."""
    metrics, thetas = [], []
    for epochs in (0, 8):
        theta, clock, _ = learn(kind, schedule, processors, task=task, update=update, epochs=epochs)
        thetas.append(theta.tobytes())
        metrics.append(TASKS[task]().evaluate(clock.learner, corpora[task]))
    before, after = metrics
    assert np.isfinite(list(after.values())).all()
    assert after.keys() == before.keys()
    assert thetas[0] != thetas[1]
    if task == "ner" and not schedule.batch:
        assert after["f1"] > before["f1"] == 0


@pytest.mark.parametrize("with_delays", [False, True])
@pytest.mark.parametrize(("task", "update", "schedule", "processors"), that_learn([1, 2, 4, 9]))
def test_the_simulated_clock_repeats_itself(learn, task, update, schedule, processors, with_delays):
    delays = None
    if with_delays:
        rng = generator(1, "delays")
        delays = rng.choice([0.0, 0.05], p=[0.75, 0.25], size=(processors, 40))
    runs = [
        learn(
            "simulated",
            schedule,
            processors,
            task=task,
            update=update,
            evaluations=[30, 90],
            delays=delays,
        )
        for _ in range(2)
    ]
    (first_theta, first_clock, first_points), (theta, clock, points) = runs
    assert theta.tobytes() == first_theta.tobytes()
    assert clock.trace.tobytes() == first_clock.trace.tobytes()
    assert points == first_points
    assert len(points) == 2


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize("mini_batch_size", [3, 4])
@pytest.mark.parametrize(
    ("task", "update", "schedule", "processors"),
    [p for p in that_learn([1, 2, 3, 4]) if p.values[2].splits()],
)
def test_splitting_a_mini_batch_learns_what_one_processor_does(
    learn, kind, task, update, schedule, processors, mini_batch_size
):
    alone = made("single-batch" if schedule.batch else "single")
    of_what = {"task": task, "update": update}
    single, _, _ = learn("simulated", alone, 1, mini_batch_size, **of_what)
    split, _, _ = learn(kind, schedule, processors, mini_batch_size, **of_what)
    if task in ADDED_UP:
        np.testing.assert_allclose(split, single, rtol=1e-4, atol=1e-7)
    else:
        assert split.tobytes() == single.tobytes()


@pytest.mark.parametrize("kind", CLOCKS)
@pytest.mark.parametrize(
    ("schedule", "processors"),
    [p for p in that_make_sense([3]) if p.values[0].splits()],
)
def test_fewer_examples_than_processors(count, kind, schedule, processors):
    """Who has no share is there all the same, and takes no time of the simulated clock."""
    learner, clock, order, _ = count(kind, schedule, processors, 2)
    trace = clock.trace
    assert learner.model.counts.sum() == len(order)
    assert set(trace["examples"].tolist()) == {0, 1}
    idle = trace[trace["examples"] == 0]
    assert len(idle) == len(order) // 2
    assert not idle["work"].any()
    assert (idle["update_number"] > 0).all()
    if kind == "simulated":
        assert (idle["computed"] == idle["start"]).all()


def test_staleness_does_change_theta(learn):
    """The equalities above are not those of a learner that does nothing."""
    thetas = [learn("simulated", made("asynchronous"), p)[0] for p in (1, 2, 4)]
    assert len({theta.tobytes() for theta in thetas}) == 3


def test_staleness_of_four_processors_is_about_three(learn):
    """Processors that take turns see three updates of others between reading and writing."""
    _, clock, _ = learn("simulated", made("asynchronous"), 4, epochs=20)
    assert clock.trace["staleness"].mean() == pytest.approx(3.0, abs=0.1)
    assert clock.trace["staleness"].max() > 3


def test_staleness_grows_with_the_delay_of_a_processor(learn):
    """What a delayed processor brings in is as old as the others have been busy."""
    turns = 20
    delays = np.zeros((2, turns))
    delays[1] = 1.0
    _, clock, _ = learn("simulated", made("asynchronous"), 2, delays=delays, epochs=8)
    late = clock.trace[clock.trace["processor"] == 1]
    others = clock.trace[clock.trace["processor"] == 0]
    assert late["staleness"][0] > 5
    assert others["staleness"].max() <= 2


def test_updates_overlap_where_nothing_keeps_them_apart():
    """Where mini-batches are split, one processor makes the update for all."""
    found = [name for name in SCHEDULES if made(name).updates_overlap()]
    assert found == ["lock-free"]
