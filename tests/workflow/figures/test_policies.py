"""Figures and claims of runs with policies: those of several are never mixed, and told."""

from types import SimpleNamespace

import numpy as np
import pytest

from staleness.workflow.analysis import activity, grouping, runs
from staleness.workflow.analysis.selection import Missing, Need, select, single
from staleness.workflow.figures import curves, mapreduce
from staleness.workflow.figures.ner_convergence import NERConvergence
from staleness.workflow.report.provenance import settings

from . import toy

PLAIN = {"configuration.policy": None, "configuration.policy_parameters": None}
INVERSE = {
    "configuration.policy": "inverse",
    "configuration.policy_parameters": {"exponent": 0.5},
}
DROP = {"configuration.policy": "drop", "configuration.policy_parameters": {"most_stale": 8}}


@pytest.fixture
def cells(tmp_path_factory):
    """Return a function that makes cells: a single processor, and others with their policies."""

    def make(*asynchronous, schedules=()):
        asked = [
            ("single", 1, PLAIN),
            ("synchronous", 4, PLAIN),
            *(("asynchronous", 4, policy) for policy in asynchronous),
            *((schedule, 4, policy) for schedule, policy in schedules),
        ]
        folder = tmp_path_factory.mktemp("runs")
        return runs.load(
            toy.run(folder / str(number), schedule, processors, **policy)
            for number, (schedule, processors, policy) in enumerate(asked)
        )

    return make


def test_one_policy_is_a_figure_which_states_it(cells):
    figure = NERConvergence()
    given = cells(INVERSE)
    assert figure.skip(given) is None
    assert "; policy inverse (exponent 0.5)" in figure.caption(given)
    assert "policy" not in figure.caption(cells(PLAIN))


@pytest.mark.parametrize(
    "others",
    [
        {"asynchronous": (PLAIN, INVERSE)},
        {"asynchronous": (DROP, INVERSE)},
        {"asynchronous": (DROP, {**DROP, "configuration.policy_parameters": {"most_stale": 9}})},
        {"asynchronous": (INVERSE,), "schedules": [("lock-free", PLAIN)]},
        {"asynchronous": (PLAIN,), "schedules": [("of a plug-in", DROP)]},
    ],
)
def test_several_policies_are_none(cells, others):
    given = cells(*others["asynchronous"], schedules=others.get("schedules", ()))
    reason = NERConvergence().skip(given)
    assert reason.startswith("the runs differ in policy")
    assert curves.reason_against(given, (*runs.SCHEDULING, *runs.DELAYS)) == reason


def test_each_policy_is_an_experiment_with_the_same_single_processor(cells):
    given = cells(PLAIN, INVERSE, DROP)
    found = grouping.experiments(given)
    assert sorted(map(grouping.policies, found), key=str) == [
        ["drop (most_stale 8)"], ["inverse (exponent 0.5)"], [None],
    ]  # fmt: skip
    for group in found:
        assert [cell.schedule for cell in group] == ["single", "synchronous", "asynchronous"]
        assert grouping.baseline(group) is given[0]
        facts = {fact["name"]: fact for fact in settings(group)}
        told = facts.get("policy")
        assert (told is None) == (grouping.policies(group) == [None])
        if told:
            assert grouping.policies(group)[0] in str(told)


def test_what_is_dropped_is_no_update():
    trace = {
        "update_number": np.array([1, 0, 2, 2, 0]),
        "staleness": np.array([0, 9, 1, 2, 8]),
        "end": np.array([1.0, 2.0, 4.0, 3.0, 5.0]),
    }
    assert activity.update_times(trace).tolist() == [1.0, 4.0]
    assert activity.greatest_staleness(SimpleNamespace(traces=[trace])) == 2


def test_runs_from_before_there_were_policies_have_none(tmp_path):
    given = runs.load([toy.run(tmp_path / "a"), toy.run(tmp_path / "b", "asynchronous", 4)])
    assert grouping.policies(given) == [None]
    assert NERConvergence().skip(given) is None


def test_jobs_in_flight_of_several_policies_are_no_figure(tmp_path):
    given = runs.load(toy.jobs(tmp_path))
    assert mapreduce.MapReduce().skip(given) is None
    stale = [cell for cell in given if cell.stale]
    assert {cell.schedule for cell in stale} == {"mapreduce-asynchronous"}
    stale[0].configuration.update(policy="drop", policy_parameters={"most_stale": 8})
    assert len(stale) > 1
    assert "the runs differ in policy (" in mapreduce.MapReduce().skip(given)


def test_a_claim_is_about_learning_without(cells):
    needs = {"single": single(), "asynchronous": Need("asynchronous", 4)}
    given = cells(PLAIN, INVERSE)
    found = select(needs, given)
    assert found["asynchronous"].policy is None
    with pytest.raises(Missing, match="no runs of asynchronous, P = 4"):
        select(needs, cells(INVERSE))
    asked = {**needs, "asynchronous": Need("asynchronous", 4, policy="inverse")}
    assert select(asked, given)["asynchronous"].policy == "inverse (exponent 0.5)"
    with pytest.raises(Missing, match="no runs of asynchronous, P = 4, policy inverse"):
        select(asked, cells(PLAIN))
