"""The cost of 2010."""

import numpy as np
import pytest

from staleness.algorithms.configuration import SCHEDULES
from staleness.algorithms.costs.paper import Paper
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.seeds import visiting_order

from ..synthetic import finish, make_clock


def test_a_mean_mini_batch_of_four_takes_what_it_did(counting):
    work = np.random.default_rng(0).integers(1, 40, size=400).astype(np.int32)
    costs = Paper().costs("ner", "sgd", work)
    learner = counting(work, room=4)
    clock = make_clock(
        "simulated",
        learner,
        SCHEDULES["single"].program,
        1,
        4,
        visiting_order(0, 400, 1),
        costs=costs,
    )
    finish(clock)
    trace = clock.trace
    assert (trace["computed"] - trace["start"]).mean() == pytest.approx(0.62, rel=1e-9)
    assert clock.time == pytest.approx(100 * 0.62, rel=1e-9)
    assert not trace["update"].any()
    # Proportional to the tokens, not the same for all.
    per_token = (trace["computed"] - trace["start"]) / trace["work"]
    np.testing.assert_allclose(per_token, per_token[0], rtol=1e-9)


def test_other_tasks_have_no_such_cost():
    with pytest.raises(StalenessError, match="'paper' is known for ner, not tagging: take '--cost"):
        Paper().costs("tagging", "em", np.ones(3))


def test_captions_say_so():
    assert "2010" in Paper().describe()
    assert "0.62 s" in Paper().describe()
