"""Which cells belong together, and which are refused side by side."""

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import grouping, runs, words

from ..figures import toy


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"corpus.digest": "e" * 64}, "encoded corpus"),
        ({"corpus.corpus": "other"}, "corpus"),
        ({"versions.sources": "e" * 64}, "build"),
        ({"configuration.clock": "wall"}, "clock"),
        ({"cost_model.description": "dear"}, "cost"),
        ({"cost_model.seconds": {"compute_work": 0.02}}, "costs"),
        ({"configuration.task": "ner-2"}, "task"),
        ({"configuration.hyper_parameters": {"step_size": 0.3, "states": 9}}, "model"),
    ],
)
def test_runs_that_cannot_be_compared_are_refused(tmp_path, monkeypatch, change, message):
    monkeypatch.setitem(toy.TASKS, "ner-2", toy.TASKS["ner"])
    monkeypatch.setattr(toy.TASKS["ner"], "hyper_parameters", lambda: {"states": 45})
    cells = runs.load([
        toy.run(tmp_path / "a"), toy.run(tmp_path / "b", "asynchronous", 4, **change)
    ])  # fmt: skip
    with pytest.raises(StalenessError, match=f"differ in their {message}"):
        grouping.common(cells)


def test_machines_matter_on_the_wall_clock_only(tmp_path):
    for clock in ("simulated", "wall"):
        cells = runs.load([
            toy.run(tmp_path / clock / "a", **{"configuration.clock": clock}),
            toy.run(tmp_path / clock / "b", "asynchronous", 2,
                    **{"configuration.clock": clock, "machine.processor": "Another CPU"}),
        ])  # fmt: skip
        if clock == "simulated":
            assert grouping.common(cells)["clock"] == clock
            assert len(runs.machines(cells)) == 2
        else:
            with pytest.raises(StalenessError, match="machine"):
                grouping.common(cells)


def test_update_rules_have_costs_of_their_own(tmp_path):
    other = {"configuration.update": "em", "cost_model.seconds": {"compute_work": 0.02}}
    cells = runs.load([toy.run(tmp_path / "a"), toy.run(tmp_path / "b", "single-batch", **other)])
    assert grouping.common(cells)["costs"] == {
        "sgd": {"compute_work": 0.01},
        "em": {"compute_work": 0.02},
    }


def test_on_the_wall_clock_what_pauses_are_counted_by_keeps_no_runs_apart(tmp_path):
    paused = {**toy.WALL, **toy.DELAY, "cost_model.description": "dear"}
    cells = runs.load([toy.run(tmp_path / "a", **toy.WALL), toy.run(tmp_path / "b", **paused)])
    assert len(cells) == 2
    assert words.describe_clock(grouping.common(cells)) == "wall clock"


def test_batch_learning_is_measured_by_the_first_single_processor_beside_it(tmp_path):
    folders = toy.batch(tmp_path / "4", seeds=1)
    online = folders[:3]
    more = toy.pair(tmp_path / "8", "alignment", seeds=1, **{
        "configuration.update": "stepwise-em", "configuration.mini_batch_size": 8,
    })  # fmt: skip
    assert [len(group) for group in grouping.experiments(runs.load(folders + more))] == [5, 2]
    assert [len(group) for group in grouping.experiments(runs.load(folders[3:]))] == [2]
    elsewhere = toy.pair(tmp_path / "other", "alignment", seeds=1, **{"corpus.corpus": "other"})
    groups = grouping.experiments(runs.load(folders[3:] + elsewhere))
    assert [len(group) for group in groups] == [2, 2]
    assert len(grouping.experiments(runs.load(online))) == 1


def test_no_runs_are_refused():
    with pytest.raises(StalenessError, match="no runs"):
        grouping.common(runs.load([]))


def test_two_single_processor_cells_are_refused(tmp_path):
    cells = runs.load([
        toy.run(tmp_path / "a"), toy.run(tmp_path / "b", **{"configuration.mini_batch_size": 8})
    ])  # fmt: skip
    with pytest.raises(StalenessError, match="mini_batch_size"):
        grouping.baseline(cells)


def test_experiments_differ_in_more_than_schedule_and_processors(tmp_path):
    folders = toy.family(tmp_path / "4") + toy.family(
        tmp_path / "8", **{"configuration.mini_batch_size": 8}
    )
    groups = grouping.experiments(runs.load(folders))
    assert [len(group) for group in groups] == [4, 4]
    assert {cell.configuration["mini_batch_size"] for cell in groups[0]} == {4}


def test_delays_are_measured_by_the_single_processor_without(tmp_path):
    folders = toy.delayed(tmp_path)
    (group,) = grouping.experiments(runs.load(folders))
    assert [cell.delay is None for cell in group].count(True) == 3
    # Without it, each delay is an experiment of its own.
    alone = [folder for folder in folders if "single" not in str(folder)]
    assert [len(group) for group in grouping.experiments(runs.load(alone))] == [2, 2]


def test_cells_of_each_mini_batch_size(tmp_path):
    cells = runs.load([*toy.batch(tmp_path / "a"), *toy.sizes(tmp_path / "b", "alignment")])
    groups = grouping.by_mini_batch_size(cells)
    assert list(groups) == [4, 16, None]
    assert sum(map(len, groups.values())) == len(cells)
    assert {cell.batch for cell in groups[None]} == {True}
