"""Where numbers come from, by what runs say of machines and effort."""

from types import SimpleNamespace

from staleness.workflow.report.provenance import effort, machines


def cell(*abouts):
    return SimpleNamespace(abouts=abouts, configuration={"clock": "wall"})


def about(memory, version):
    versions = {"sources": "d" * 64, "numpy": version}
    machine = {"processor": "abacus", "load": 0.5}
    return {
        **{"cpu_seconds": 0.25, "peak_memory_bytes": memory},
        **{"machine": machine, "versions": versions},
    }


def test_the_memory_is_the_most_that_any_run_needed():
    first, *_ = effort([cell(about(1e6, "2"), about(3e6, "2"))])
    assert "no run needed more than 3.00 MB" in first


def test_other_versions_are_another_machine():
    assert len(machines([cell(about(1e6, "1"), about(1e6, "2"))])) == 2
    assert len(machines([cell(about(1e6, "2"), about(3e6, "2"))])) == 1
