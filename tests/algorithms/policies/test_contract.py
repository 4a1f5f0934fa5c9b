"""What holds for every policy that there is."""

import dataclasses

import numpy as np
import pytest

from staleness.algorithms.configuration import POLICIES, Configuration
from staleness.algorithms.errors import StalenessError

KINDS = [pytest.param(kind, id=name) for name, kind in POLICIES.items()]
MOST = 5000


@pytest.fixture(params=[1, 2, 64])
def processors(request):
    return request.param


@pytest.mark.parametrize("kind", KINDS)
def test_weights_go_from_one_down_and_not_below_zero(kind, processors):
    staleness = np.arange(MOST + 1)
    weights = kind().weights(staleness, processors)
    assert weights.dtype == np.float64
    assert weights.shape == staleness.shape
    assert weights[0] == 1
    assert (np.diff(weights) <= 0).all()
    assert weights[-1] >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_weight_depends_on_its_own_staleness_alone(kind, processors):
    policy, staleness = kind(), np.arange(MOST + 1)
    weights = policy.weights(staleness, processors)
    assert policy.weights(staleness, processors).tolist() == weights.tolist()
    assert policy.weights(staleness[::-1], processors).tolist() == weights[::-1].tolist()
    assert policy.weights(staleness[7:8], processors).tolist() == weights[7:8].tolist()
    assert staleness.tolist() == list(range(MOST + 1))


@pytest.mark.parametrize("kind", KINDS)
def test_a_policy_is_a_frozen_dataclass_with_defaults(kind):
    made = kind()
    assert kind.configure({}) == made
    assert kind.configure(dataclasses.asdict(made)) == made
    for field in dataclasses.fields(kind):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, field.name, 1)


@pytest.mark.parametrize("kind", KINDS)
def test_a_parameter_that_there_is_not_lists_those_there_are(kind):
    known = ", ".join(kind.hyper_parameters()) or "none"
    with pytest.raises(StalenessError) as caught:
        kind.configure({"knitting": 1})
    expected = f"policy '{kind.name}' has no parameter 'knitting': it has {known}"
    assert str(caught.value) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("value", [-1.0, float("nan"), float("inf"), 1e300])
def test_a_parameter_out_of_range_is_refused(kind, value):
    for name in kind.hyper_parameters():
        with pytest.raises(StalenessError, match=name):
            kind.configure({name: value})


@pytest.mark.parametrize("kind", KINDS)
def test_a_configuration_has_its_weights(kind):
    chosen = Configuration("ner", "asynchronous", policy=kind.name, processors=3)
    weights = chosen.weights(40, 3)
    if chosen.policy is None:
        assert kind().weights(np.arange(41), 3).tolist() == [1.0] * 41
        assert weights is None
    else:
        assert chosen.policy_parameters == dataclasses.asdict(kind())
        assert weights.tolist() == kind().weights(np.arange(41), 3).tolist()


@pytest.mark.parametrize(
    ("schedule", "update"),
    [
        ("single", "stepwise-em"),
        ("synchronous", "stepwise-em"),
        ("single-batch", "em"),
        ("parallel-batch", "em"),
        ("mapreduce-batch", "em"),
    ],
)
def test_where_nothing_is_stale_there_is_none(schedule, update):
    chosen = {"task": "tagging", "schedule": schedule, "update": update}
    with_it = Configuration(**chosen, policy="drop", policy_parameters={"most_stale": 1})
    assert (with_it.policy, with_it.policy_parameters) == (None, None)
    assert with_it == Configuration(**chosen)
    # What makes no sense is refused all the same.
    with pytest.raises(StalenessError, match="unknown policy 'hope': choose one of delay-adaptive"):
        Configuration(**chosen, policy="hope")


@pytest.mark.parametrize("schedule", ["asynchronous", "lock-free", "replicated"])
def test_where_something_is_there_is_one(schedule):
    chosen = {"task": "ner", "schedule": schedule, "processors": 4}
    assert Configuration(**chosen, policy="inverse").policy == "inverse"
    assert Configuration(**chosen, policy="none") == Configuration(**chosen)
