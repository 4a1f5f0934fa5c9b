"""What a run leaves on disk."""

import json
import os
import subprocess
import sys

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from staleness.algorithms.arrays import digest
from staleness.algorithms.clocks import TRACE
from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run
from staleness.kernels import arithmetic
from staleness.workflow.machine.facts import surroundings
from staleness.workflow.store import record

CONFIGURATION = Configuration(
    task="ner", schedule="asynchronous", processors=3, epochs=2, evaluations=3, seed=5
)


@pytest.fixture(scope="module")
def result(corpus):
    return run(CONFIGURATION, corpus)


@pytest.fixture
def folder(tmp_path, result, corpus):
    path = tmp_path / "deep" / "seed-5"
    record.write(path, result, corpus, surroundings())
    return path


def test_three_files(folder):
    assert sorted(os.listdir(folder)) == ["curve.parquet", "run.json", "trace.parquet"]


def test_curve_comes_back(folder, result):
    curve = record.read_curve(folder)
    assert list(curve) == list(result.curve)
    for name, values in result.curve.items():
        assert curve[name].dtype == values.dtype
        assert curve[name].tobytes() == values.tobytes()
    assert digest(curve) == record.read_about(folder)["curve_sha256"]


def test_trace_comes_back(folder, result):
    trace = record.read_trace(folder)
    assert list(trace) == list(TRACE.names)
    for name, values in trace.items():
        assert values.dtype == TRACE[name]
        assert values.tobytes() == result.trace[name].tobytes()


def test_run_json_says_what_was_run(folder, result, corpus):
    about = record.read_about(folder)
    configuration = about["configuration"]
    assert configuration["seed"] == 5
    assert configuration["update"] == "sgd"
    assert configuration["hyper_parameters"]["step_size"] > 0
    assert Configuration(**configuration) == CONFIGURATION
    assert about["corpus"] == {
        "corpus": "synthetic-tests",
        "digest": corpus.about["digest"],
        "sources": corpus.about["sources"],
        "options": corpus.about.get("options"),
    }
    assert about["updates"] == len(result.trace)
    assert about["tokens"] == 2 * len(corpus["train.labels"])
    assert about["tokens_per_second"] == pytest.approx(about["tokens"] / about["seconds"])
    assert about["metrics"]["f1"] == result.curve["f1"][-1]
    assert about["mean_staleness"] == pytest.approx(result.trace["staleness"].mean())
    assert about["peak_memory_bytes"] > 10**7
    assert about["cpu_seconds"] > 0
    assert about["real_seconds"] > 0
    assert about["machine"]["cores"] == len(os.sched_getaffinity(0))
    assert set(about["versions"]) >= {"staleness", "sources", "python", "numpy", "pyarrow"}
    assert len(about["versions"]["sources"]) == len(about["theta_sha256"]) == 64
    assert about["versions"]["compiler"] == arithmetic.COMPILER
    assert "-ffp-contract=off" in about["versions"]["compile"]
    assert "-shared" in about["versions"]["link"]


def test_nothing_is_written_of_a_process_that_computes_otherwise(
    tmp_path, result, corpus, monkeypatch
):
    monkeypatch.setattr(arithmetic, "fault", lambda: "denormal numbers are taken for zero")
    with pytest.raises(StalenessError, match="denormal numbers are taken for zero"):
        record.write(tmp_path / "out", result, corpus)
    assert not (tmp_path / "out").exists()


def test_json_has_no_extensions(folder):
    """NaN and Infinity are Python's own and no JSON."""

    def refuse(constant):
        raise AssertionError(f"{constant} in run.json")

    json.loads((folder / "run.json").read_text(encoding="utf-8"), parse_constant=refuse)


@pytest.mark.parametrize("name", ["curve", "trace"])
def test_tables_are_plain(folder, name):
    """Numbers only: nothing that needs pickle, pandas or an extension type to read."""
    table = pq.read_table(folder / f"{name}.parquet")
    for field in table.schema:
        assert pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
    assert not table.schema.metadata
    assert b"pickle" not in (folder / f"{name}.parquet").read_bytes()


def test_a_second_run_takes_the_place_of_the_first(folder, result, corpus):
    (folder / "run.json").write_text("old")
    record.write(folder, result, corpus)
    assert record.read_about(folder)["configuration"]["seed"] == 5
    assert sorted(os.listdir(folder)) == ["curve.parquet", "run.json", "trace.parquet"]


def test_seeds_have_what_they_share_beside_them(folder, result, corpus, tmp_path):
    path = folder.parent / "cell.json"
    assert sorted(os.listdir(folder.parent)) == ["cell.json", "seed-5"]
    told = json.loads(path.read_text(encoding="utf-8"))
    assert Configuration(**told["configuration"], seed=5) == CONFIGURATION
    assert "seed" not in told["configuration"]
    assert told["corpus"]["corpus"] == "synthetic-tests"
    before = path.stat()
    record.write(folder, result, corpus)
    assert os.path.samestat(path.stat(), before), "the same is not written again"
    path.write_text("{}")
    record.write(folder, result, corpus)
    assert json.loads(path.read_text(encoding="utf-8")) == told
    record.write(tmp_path / "elsewhere" / "mine", result, corpus)
    assert os.listdir(tmp_path / "elsewhere") == ["mine"]


def test_a_folder_with_anything_else_is_left_alone(folder, result, corpus):
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(StalenessError, match=r"holds 'thesis\.tex', which is not ours to replace"):
        record.write(folder, result, corpus)
    assert (folder / "thesis.tex").read_text() == "years of work"


def test_a_write_that_fails_leaves_nothing(tmp_path, result, corpus, monkeypatch):
    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr(json, "dumps", fail)
    with pytest.raises(OSError, match="disk full"):
        record.write(tmp_path / "seed-1", result, corpus)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("read", [record.read_curve, record.read_trace, record.read_about])
def test_what_is_no_run_is_refused(tmp_path, read):
    with pytest.raises(StalenessError, match="make it with 'staleness run'"):
        read(tmp_path)
    for name in ("curve.parquet", "trace.parquet", "run.json"):
        (tmp_path / name).write_text("something else")
    with pytest.raises(StalenessError, match="make it with 'staleness run'"):
        read(tmp_path)


def test_what_is_wrong_with_a_table_is_said_in_one_line(folder):
    """Arrow says it in several."""
    whole = (folder / "curve.parquet").read_bytes()
    (folder / "curve.parquet").write_bytes(b"PAR1" + bytes(len(whole) - 12) + whole[-8:])
    with pytest.raises(StalenessError, match=r"not a table \(.+\): make it") as refused:
        record.read_curve(folder)
    assert "\n" not in str(refused.value)


def test_the_same_run_leaves_the_same_tables(tmp_path, result, corpus):
    """Byte for byte: Parquet holds no time of writing."""
    record.write(tmp_path / "first", result, corpus)
    record.write(tmp_path / "second", run(CONFIGURATION, corpus), corpus)
    for name in ("curve.parquet", "trace.parquet"):
        first, second = ((tmp_path / which / name).read_bytes() for which in ("first", "second"))
        assert first == second
    np.testing.assert_array_equal(
        record.read_trace(tmp_path / "first")["staleness"], result.trace["staleness"]
    )


THREADS = """
import os, sys
import pyarrow.parquet
from staleness.workflow.store import record
before = len(os.listdir("/proc/self/task"))
record.read_curve(sys.argv[1]), record.read_trace(sys.argv[1])
print(len(os.listdir("/proc/self/task")) - before)
"""


def test_reading_starts_no_threads(folder):
    """Those of pyarrow may outlive the interpreter at its exit, which then aborts."""
    command = [sys.executable, "-c", THREADS, str(folder)]
    told = subprocess.run(command, capture_output=True, check=True, text=True)
    assert told.stdout == "0\n"


@pytest.mark.parametrize("kind", ["f2", "f4", "f8", "i1", "i4", "u8"])
def test_columns_go_to_arrow_and_back(kind):
    values = np.arange(7).astype(kind)
    column = record._column(values)
    assert column.type == pa.array(values).type
    for found, expected in ((column, values), (column.slice(2, 3), values[2:5])):
        back = record._values(found)
        assert back.dtype == values.dtype
        assert back.tolist() == expected.tolist()
    assert record._values(record._column(values[::2])).tolist() == values[::2].tolist()


def test_other_columns_come_back_too():
    assert record._values(pa.array(["a", "b"])).tolist() == ["a", "b"]
    np.testing.assert_array_equal(record._values(pa.array([1, None])), [1, np.nan])


def test_pandas_is_not_imported(folder):
    """Where there is one, that takes longer than many a run."""
    code = (
        "import sys; from staleness.workflow.store import record; "
        f"record.read_curve({str(folder)!r}); print('pandas' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
