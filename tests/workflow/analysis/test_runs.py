import json

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import grouping, runs, words

from ..figures import toy


def test_seeds_of_a_configuration_make_a_cell(tmp_path):
    folders = toy.family(tmp_path)
    cells = runs.load(reversed(folders))
    assert [(cell.schedule, cell.processors) for cell in cells] == [
        ("single", 1), ("synchronous", 4), ("asynchronous", 2), ("asynchronous", 4),
    ]  # fmt: skip
    assert all(cell.seeds == (0, 1, 2) for cell in cells)
    assert [about["configuration"]["seed"] for about in cells[0].abouts] == [0, 1, 2]
    assert "seed" not in cells[0].configuration
    assert [cell.label for cell in cells[:2]] == ["single processor", "synchronous, P = 4"]


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


def test_seeds_on_two_machines_are_one_cell_on_the_simulated_clock(tmp_path):
    for clock, count in (("simulated", 1), ("wall", 2)):
        change = {"configuration.clock": clock}
        cells = runs.load([
            toy.run(tmp_path / clock / "a", seed=0, **change),
            toy.run(tmp_path / clock / "b", seed=1, **change, **{"machine.cores": 64}),
        ])  # fmt: skip
        assert len(cells) == count


def test_the_same_run_twice_is_refused(tmp_path):
    folder = toy.run(tmp_path / "a")
    with pytest.raises(StalenessError, match="the same run as"):
        runs.load([folder, folder])


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


def test_batch_learning_is_called_so(tmp_path):
    cells = runs.load(toy.batch(tmp_path, seeds=1))
    assert [cell.label for cell in cells] == [
        "single processor", "synchronous, P = 4", "asynchronous, P = 4",
        "batch, P = 1", "batch, P = 4",
    ]  # fmt: skip
    assert [cell.batch for cell in cells] == [False] * 3 + [True] * 2


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


def test_delays_are_described_once(tmp_path):
    means = {"0": {}, "5": toy.DELAY, "10": {**toy.DELAY, "configuration.delay_mean": "10s"}}
    cells = runs.load(
        toy.run(tmp_path / name, "asynchronous", 2, **change) for name, change in means.items()
    )
    said = "after 25 % of the mini-batches a delay of 5 s or 10 s on average"
    assert words.describe_delays(cells) == f"{said}, or none"
    assert words.describe_delays([cell for cell in cells if cell.delay]) == said
    assert words.describe_delays([cell for cell in cells if not cell.delay]) is None


def broken(folder, name):
    """Write a run and break it in one of several ways."""
    toy.run(folder)
    path = folder / "run.json"
    made = json.loads(path.read_text())
    if name == "no file":
        path.unlink()
    elif name == "no JSON":
        path.write_text("{")
    elif name == "list":
        path.write_text("[]")
    elif name == "no curve":
        (folder / "curve.parquet").unlink()
    elif name == "no table":
        (folder / "curve.parquet").write_bytes(b"nothing of a table\n" * 9)
    elif name == "no column":
        points = toy.curve()
        del points["time_s"]
        (folder / "curve.parquet").unlink()
        toy.pq.write_table(toy.pa.table(points), folder / "curve.parquet")
    elif name == "no rows":
        points = {key: values[:0] for key, values in toy.curve().items()}
        toy.pq.write_table(toy.pa.table(points), folder / "curve.parquet")
    else:
        section, _, key = name.partition(".")
        del (made[section] if key else made)[key or section]
        path.write_text(json.dumps(made))
    return folder


@pytest.mark.parametrize(
    "name",
    [
        "no file", "no JSON", "list", "no curve", "no table", "no column", "no rows",
        "configuration", "configuration.seed", "corpus.digest", "versions.sources",
        "machine.processor", "cpu_seconds", "curve_sha256",
    ],
)  # fmt: skip
def test_a_folder_that_is_no_run_is_named_in_one_line(tmp_path, name):
    folder = broken(tmp_path / "run", name)
    with pytest.raises(StalenessError, match="staleness run") as raised:
        runs.load([folder])
    assert str(folder) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("configuration", "hyper_parameters", 1e308),
        ("configuration", "update", {"": None}),
        ("configuration", "processors", "4"),
        ("corpus", "corpus", 2**63),
        ("cost_model", "seconds", [1.0]),
    ],
)
def test_what_no_run_says_is_refused(tmp_path, section, key, value):
    path = toy.run(tmp_path / "run") / "run.json"
    made = json.loads(path.read_text())
    made[section][key] = value
    path.write_text(json.dumps(made))
    with pytest.raises(StalenessError, match=rf"run\.json: '{key}' in '{section}' is "):
        runs.load([path.parent])


def test_seeds_with_other_points_are_refused(tmp_path):
    folders = [
        toy.run(tmp_path / "0", seed=0, values=[0, 1, 1]),
        toy.run(tmp_path / "1", seed=1, values=[0, 1]),
    ]
    with pytest.raises(StalenessError, match="2 curve points"):
        runs.load(folders)


def test_clock_and_cost_model_are_described():
    shared = {"clock": "simulated", "cost": "cost as on that machine"}
    assert words.describe_clock(shared) == "simulated clock, cost as on that machine"
    assert words.describe_clock({"clock": "wall", "cost": None}) == "wall clock"


def test_some_of_the_seeds_and_one_twice(tmp_path):
    (cell,) = runs.load([toy.run(tmp_path / str(seed), seed=seed) for seed in range(3)])
    part = cell.of_seeds((0, 2, 2))
    assert part.seeds == (0, 2, 2)
    assert part.curves == (cell.curves[0], cell.curves[2], cell.curves[2])
    assert part.folders == (cell.folders[0], cell.folders[2], cell.folders[2])
    assert part.configuration == cell.configuration
    assert part.traces[1]["end"][-1] == cell.traces[2]["end"][-1] != cell.traces[0]["end"][-1]
    assert cell.of_seeds((2,)).traces[0] is cell.traces[2]  # not read again
    assert runs.Cell({}, (4,), ({},), ({},)).of_seeds((4,)).folders == ()
    with pytest.raises(ValueError, match="not in tuple"):
        cell.of_seeds((3,))


def test_cells_of_each_mini_batch_size(tmp_path):
    cells = runs.load([*toy.batch(tmp_path / "a"), *toy.sizes(tmp_path / "b", "alignment")])
    groups = grouping.by_mini_batch_size(cells)
    assert list(groups) == [4, 16, None]
    assert sum(map(len, groups.values())) == len(cells)
    assert {cell.batch for cell in groups[None]} == {True}
