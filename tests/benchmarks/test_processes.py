"""The table of what pyperf measured."""

import json

import pytest

pyperf = pytest.importorskip("pyperf", reason="pyperf is not installed")

from benchmarks.peers.processes import Work, clock, table, timed  # noqa: E402


def test_a_table_of_ratios_round_by_round(tmp_path):
    work = Work("Sorting", "items", 1000, {"staleness": None, "other": None})
    seconds = {"staleness": [0.1, 0.2, 0.1], "other": [0.4, 0.4, 0.5]}
    benchmarks = [
        pyperf.Benchmark(
            [
                pyperf.Run(
                    [value, value],
                    metadata={"name": f"Sorting: {name}", "loops": 1},
                    collect_metadata=False,
                )
                for value in values
            ]
        )
        for name, values in seconds.items()
    ]
    shares = tmp_path / "shares.jsonl"
    shares.write_text(
        "".join(
            json.dumps({"name": f"Sorting: {name}", "share": share}) + "\n"
            for name, share in (("staleness", 1.0), ("other", 1.98), ("other", 1.9), ("other", 2))
        )
    )
    lines = table([work], pyperf.BenchmarkSuite(benchmarks), shares).splitlines()
    assert lines[2] == "| Sorting | staleness | 10,000 (5,000 to 10,000) items/s |  | 1.00 |"
    assert lines[3] == (
        "| Sorting | other | 2,500 (2,000 to 2,500) items/s | 4.0 (2.0 to 5.0) | 1.98 |"
    )


def test_what_a_process_measures_is_written_down(tmp_path, monkeypatch):
    monkeypatch.setenv("STALENESS_SHARES", str(tmp_path / "shares.jsonl"))
    results = iter([(0.5, 0.8), (0.7, 1.0)])
    assert timed(2, lambda: next(results), "x") == pytest.approx(1.2)
    found = json.loads((tmp_path / "shares.jsonl").read_text())
    assert found == {"name": "x", "share": pytest.approx(0.9)}


def test_a_call_is_timed_as_one_of_many():
    calls = []
    seconds, share = clock(lambda: calls.append(sum(range(10_000))), 20)
    assert len(calls) == 20
    assert 0 < seconds < 1
    assert share >= 0
