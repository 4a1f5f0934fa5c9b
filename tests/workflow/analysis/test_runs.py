import json

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs, words

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


def test_batch_learning_is_called_so(tmp_path):
    cells = runs.load(toy.batch(tmp_path, seeds=1))
    assert [cell.label for cell in cells] == [
        "single processor", "synchronous, P = 4", "asynchronous, P = 4",
        "batch, P = 1", "batch, P = 4",
    ]  # fmt: skip
    assert [cell.batch for cell in cells] == [False] * 3 + [True] * 2


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
