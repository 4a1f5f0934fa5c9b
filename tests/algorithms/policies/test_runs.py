"""What policies do to runs, on both clocks and on MapReduce."""

import numpy as np
import pytest

from staleness.algorithms.configuration import POLICIES, TASKS, UPDATES, Configuration
from staleness.algorithms.run import run

CHOSEN = [pytest.param(name, id=name) for name in POLICIES if name != "none"]
EPOCHS = 3
LEARNED = ("ner", "tagging", "alignment")
NEVER = {"policy": "drop", "policy_parameters": {"most_stale": 10**6}}
ALWAYS = {"policy": "drop", "policy_parameters": {"most_stale": 0}}


@pytest.fixture
def learn(corpora):
    """Return a function that runs a task under a schedule, with or without a policy."""

    def learned(task="ner", schedule="asynchronous", **settings):
        chosen = {"processors": 4, "epochs": EPOCHS, **settings}
        if task == "tagging":
            chosen.setdefault("hyper_parameters", {"states": 5})
        return run(Configuration(task, schedule, **chosen), corpora[task])

    return learned


def same(result, other):
    """Return whether two runs have the same curve, trace and theta, to the bit."""
    return (
        result.theta.tobytes() == other.theta.tobytes()
        and result.trace.tobytes() == other.trace.tobytes()
        and {k: v.tolist() for k, v in result.curve.items()}
        == {k: v.tolist() for k, v in other.curve.items()}
    )


@pytest.mark.parametrize("policy", CHOSEN)
@pytest.mark.parametrize("task", LEARNED)
def test_one_processor_learns_what_it_does_without(learn, task, policy):
    """Nothing is stale."""
    with_it = learn(task, policy=policy, processors=1)
    assert with_it.configuration.policy == policy
    assert same(with_it, learn(task, processors=1))


@pytest.mark.parametrize("policy", CHOSEN)
def test_both_clocks_agree_on_one_processor(learn, policy):
    first, second = (learn(policy=policy, processors=1, clock=c) for c in ("simulated", "wall"))
    assert first.theta.tobytes() == second.theta.tobytes()


@pytest.mark.parametrize(
    ("policy", "parameters"),
    [
        ("inverse", {}),
        ("inverse", {"exponent": 0.5}),
        ("drop", {"most_stale": 1}),
        ("delay-adaptive", {"tolerance": 0.5}),
    ],
)
@pytest.mark.parametrize("task", LEARNED)
def test_what_is_stale_counts_for_less(learn, task, policy, parameters):
    plain = learn(task)
    other = learn(task, policy=policy, policy_parameters=parameters)
    assert plain.summary()["mean_staleness"] > 1
    assert plain.theta.tobytes() != other.theta.tobytes()
    assert np.isfinite(other.theta).all()


@pytest.mark.parametrize("task", LEARNED)
def test_a_bound_that_is_never_reached_changes_nothing(learn, task):
    assert same(learn(task, **NEVER), learn(task))


@pytest.mark.parametrize("clock", ["simulated", "wall"])
@pytest.mark.parametrize("schedule", ["asynchronous", "lock-free"])
def test_dropped_updates_are_told_and_the_run_still_ends(learn, corpora, clock, schedule):
    result = learn(schedule=schedule, clock=clock, oversubscribe=True, **ALWAYS)
    trace, summary = result.trace, result.summary()
    dropped = trace["update_number"] == 0
    examples = EPOCHS * TASKS["ner"]().examples(corpora["ner"])
    assert summary["dropped"] == dropped.sum()
    assert summary["updates"] == (~dropped).sum()
    assert (trace["staleness"][dropped] > 0).all()
    assert not trace["staleness"][~dropped].any()
    # Examples go on to the end, and so does the curve.
    assert trace["examples"].sum() == examples == result.curve["examples"][-1]
    if clock == "simulated":
        assert summary["dropped"] > 0
        assert sorted(trace["update_number"][~dropped]) == list(range(1, (~dropped).sum() + 1))
        assert learn(schedule=schedule).summary()["dropped"] == 0


def test_who_has_nothing_to_do_drops_nothing(learn):
    """Of one mini-batch three processors have none."""
    summary = learn(schedule="replicated", mini_batch_size=60, epochs=1).summary()
    assert (summary["updates"], summary["dropped"]) == (1, 0)


@pytest.mark.parametrize(("task", "update"), [("tagging", "stepwise-em"), ("ner", "sgd")])
def test_what_is_dropped_leaves_no_trace_in_theta(corpora, task, update):
    """Nor is it one of the k updates that the step depends on."""
    training = TASKS[task]().training(corpora[task], seed=0)
    learner, other = (
        UPDATES[update].configure({"decay": 0.0} if update == "sgd" else {}).learner(training)
        for _ in range(2)
    )
    for begin, weight in ((0, 1.0), (4, 0.0), (8, 1.0)):
        learner.compute(range(begin, begin + 4))
        learner.update(staleness=3, weight=weight)
        if weight:
            other.compute(range(begin, begin + 4))
            other.update()
    assert learner.theta.tobytes() == other.theta.tobytes()
    assert (learner.updates, learner.examples) == (2, 12)
    assert (other.updates, other.examples) == (2, 8)


@pytest.mark.parametrize("weight", [0.5, 0.25, 1 / 3])
def test_a_weight_is_a_shorter_step(corpora, weight):
    training = TASKS["ner"]().training(corpora["ner"], seed=0)
    thetas = []
    for step, w in ((0.3, weight), (0.3 * weight, 1.0)):
        learner = UPDATES["sgd"].configure({"step_size": step, "decay": 0.0}).learner(training)
        learner.compute(range(4))
        learner.update(weight=w)
        thetas.append(learner.theta)
    assert thetas[0].any()
    assert thetas[0].tobytes() == thetas[1].tobytes()


@pytest.mark.parametrize("weight", [0.5, 1 / 3])
def test_a_weight_is_so_much_of_the_way_to_the_counts_of_the_whole_step(weight):
    """mu <- (1 - w eta) mu + w eta N/m s, a weighted mean as without."""
    rule = UPDATES["stepwise-em"]().rule()
    context = {"corpus": 60, "mini_batch": 4, "updates": 7}
    keep, gain = rule.keep_and_gain(**context)
    assert rule.keep_and_gain(**context, weight=0.0) == (1.0, 0.0)
    less_keep, less_gain = rule.keep_and_gain(**context, weight=weight)
    assert 1 - less_keep == pytest.approx(weight * (1 - keep), rel=1e-14)
    assert less_gain == pytest.approx(weight * gain, rel=1e-14)


# ---- MapReduce ----------------------------------------------------------------------------------


@pytest.mark.parametrize("task", ["tagging", "alignment"])
def test_jobs_in_flight_are_stale_too(learn, task):
    def jobs(**settings):
        return learn(task, "mapreduce-asynchronous", processors=24, **settings)

    plain = jobs()
    assert plain.summary()["mean_staleness"] > 1
    assert same(jobs(**NEVER), plain)
    assert jobs(policy="inverse").theta.tobytes() != plain.theta.tobytes()
    dropping = jobs(policy="drop", policy_parameters={"most_stale": 1})
    gone = dropping.trace["update_number"] == 0
    assert dropping.summary()["dropped"] == gone.sum() > 0
    assert dropping.summary()["updates"] == (~gone).sum()
    assert (dropping.trace["staleness"][gone] > 1).all()
    assert dropping.curve["examples"][-1] == plain.curve["examples"][-1]


def test_one_job_in_flight_is_never_stale(learn):
    one = {"schedule_parameters": {"jobs_in_flight": 1}, "processors": 6}
    chosen = learn("tagging", "mapreduce-asynchronous", policy="inverse", **one)
    assert chosen.configuration.policy is None
