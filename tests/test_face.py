"""`import staleness`: the public face."""

import dataclasses
import doctest
import shutil
import subprocess
import sys
from importlib.metadata import version

import pyarrow as pa
import pytest

import staleness
from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.result import Result
from staleness.settings import Settings
from staleness.workflow.cli import main

SMALL = {"corpus": "synthetic-ner", "options": {"examples": 50}, "evaluations": 2}


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    return tmp_path_factory.mktemp("data")


@pytest.fixture(scope="module")
def folder(data):
    """Return the folder of two runs."""
    for schedule, processors, seed in (("single", 1, 0), ("asynchronous", 2, 1)):
        staleness.run(
            *("ner", schedule),
            **SMALL,
            data=data,
            out=data / "runs" / schedule / f"seed-{seed}",
            processors=processors,
            epochs=2,
            seed=seed,
        )
    return data / "runs"


def test_docstrings_run(tmp_path):
    class Fixtures(dict):
        """What doctests may ask for, as pytest gives it."""

    found = doctest.testmod(
        staleness, extraglobs={"getfixture": {"tmp_path": tmp_path}.get}, raise_on_error=False
    )
    assert found.attempted >= 4
    assert found.failed == 0


def test_it_imports_nothing_that_is_not_used():
    code = "import sys, staleness; print(*(m for m in sys.modules if '.' not in m))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert not {"numpy", "pyarrow", "scipy", "matplotlib", "snakemake"} & set(told.stdout.split())


def test_type_checkers_know_every_setting():
    fields = {field.name for field in dataclasses.fields(Configuration)}
    assert set(Settings.__annotations__) == fields - {"task", "schedule"}


def test_its_classes_are_those_that_runs_return_and_raise():
    assert staleness.StalenessError is StalenessError
    assert staleness.Result is Result


def test_its_names_are_those_it_says():
    assert staleness.__version__ == version("staleness")
    assert set(staleness.__all__) <= {*dir(staleness), "__version__", "Result", "StalenessError"}
    with pytest.raises(AttributeError, match="no attribute 'cheese'"):
        _ = staleness.cheese


def test_a_run_is_that_of_the_command_line(data, tmp_path, capsys):
    """The same settings end in the same bits, and leave the same files."""
    out = tmp_path / "seed-3"
    result = staleness.run("ner", "synchronous", **SMALL, data=data, processors=2, epochs=2, seed=3)
    command = ["run", "ner", "--schedule", "synchronous", "--processors", "2", "--epochs", "2"]
    corpus = ["--corpus", "synthetic-ner", "--examples", "50", "--data", str(data)]
    more = ["--evaluations", "2", "--seed", "3", "--out", str(out)]
    assert main([*command, *corpus, *more]) == 0
    assert result.summary()["curve_sha256"] in capsys.readouterr().out
    assert staleness.load(out)["curve_sha256"].to_pylist() == [result.summary()["curve_sha256"]]


def test_runs_are_rows(folder):
    table = staleness.load(folder)
    assert isinstance(table, pa.Table)
    rows = {row["schedule"]: row for row in table.to_pylist()}
    assert {name: row["seed"] for name, row in rows.items()} == {"single": 0, "asynchronous": 1}
    one = rows["asynchronous"]
    assert (one["processors"], one["corpus"], one["step_size"]) == (2, "synthetic-ner", 0.3)
    assert one["mean_staleness"] > 0
    assert 0 <= one["f1"] <= 1
    assert rows["single"]["mean_staleness"] == 0


@pytest.mark.parametrize(("what", "columns"), [("curve", "time_s f1"), ("trace", "start end")])
def test_curves_and_traces_are_rows_too(folder, what, columns):
    table = staleness.load([folder / "single" / "seed-0", folder / "asynchronous"], what)
    assert {"folder", "schedule", "seed", *columns.split()} <= set(table.column_names)
    alone = [len(staleness.load(path, what)) for path in sorted(folder.iterdir())]
    assert len(table) == sum(alone)
    assert set(table["processors"].to_pylist()) == {1, 2}


def test_what_is_being_written_is_no_run(folder, tmp_path):
    shutil.copytree(folder, tmp_path / "runs")
    shutil.copytree(folder / "single" / "seed-0", tmp_path / "runs" / ".seed-9.part")
    assert len(staleness.load(tmp_path / "runs")) == 2


def test_claims_are_judged(folder):
    found = staleness.judge(folder)
    assert [claim["number"] for claim in found] == sorted(claim["number"] for claim in found)
    assert {claim["verdict"] for claim in found} == {"undecided"}  # of one seed each
    (only,) = staleness.judge(folder, ["schedules"])
    assert only in found


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: staleness.run("ner", "sequential"), "unknown schedule 'sequential': choose one"),
        (lambda: staleness.run("ner", "single", epoch=1), "unexpected keyword argument 'epoch'"),
        (lambda: staleness.run("ner", "single", epochs="3"), "epochs is '3', expected a whole"),
        (lambda: staleness.run("ner", "single", seed=0.5), "seed is 0.5, expected a whole number"),
        (lambda: staleness.run("ner", "single", corpus="none"), "unknown corpus 'none'"),
        (lambda: staleness.load("docs"), "docs: no run in it: make one with 'staleness run --out'"),
        (lambda: staleness.load([]), "no runs: name at least one folder"),
        (lambda: staleness.judge("docs", ["schedules"]), "docs: no run in it"),
    ],
)
def test_what_makes_no_sense_is_said(call, said):
    with pytest.raises(StalenessError, match=said):
        call()


def test_a_table_of_something_else_is_refused(folder):
    with pytest.raises(StalenessError, match="what is 'curves': expected runs, curve or trace"):
        staleness.load(folder, "curves")


def test_divergence_is_an_error_and_leaves_nothing(data, tmp_path):
    with pytest.raises(Diverged):
        staleness.run(
            *("ner", "single"),
            **SMALL,
            data=data,
            out=tmp_path / "out",
            hyper_parameters={"step_size": 1e30, "l2": 0.0},
        )
    assert not (tmp_path / "out").exists()
