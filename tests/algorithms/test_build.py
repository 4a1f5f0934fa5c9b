"""The digest of the sources that compute."""

import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

from staleness.algorithms import build
from staleness.algorithms.machine import machine, versions

LOADED = """
import sys
from staleness.algorithms import run
from staleness.algorithms.mapreduce import driver  # imported by the runs that need it
print(*(name for name in sys.modules if name.startswith("staleness.algorithms.")))
"""
# A change of these may change what is learned, or when.
COMPUTES = {
    *("run", "arrays", "delays", "seeds", "program", "costs.measured", "metrics.entities"),
    *("clocks.clock", "clocks.simulated", "clocks.wall", "schedules.asynchronous", "tasks.ner"),
    *("updates.sgd", "mapreduce.driver", "mapreduce.deal", "mapreduce.partition"),
    *("mapreduce.counts", "mapreduce.models.tagging", "mapreduce.simulated", "mapreduce.theta"),
}
# What no result depends on, and what changes often.
SURROUNDINGS = {
    *("calibrate", "doctor", "encoded", "files", "machine", "memory", "record"),
    *("mapreduce.agreement", "mapreduce.dask", "mapreduce.pieces", "mapreduce.reach"),
}


def modules():
    """Return the modules and packages of `algorithms` among the sources, a set of str."""
    names = [name.split("/", 1) for name, _ in build.sources()]
    code = [name for top, name in names if top == "algorithms" and name.endswith((".py", ".pyx"))]
    return {n.partition(".")[0].removesuffix("/__init__").replace("/", ".") for n in code}


def test_sources_are_what_a_run_imports_and_nothing_else():
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    names = loaded.stdout.decode().split()
    assert modules() - {"__init__"} == {name.split(".", 2)[2] for name in names}


def test_sources_are_what_computes_and_not_what_surrounds_it():
    assert modules() >= COMPUTES
    assert not modules() & SURROUNDINGS
    folder = Path(build.algorithms.__file__).parent
    for name in SURROUNDINGS:
        assert (folder / f"{name.replace('.', '/')}.py").is_file()


def test_all_that_is_compiled_is_among_them():
    folder = Path(build.algorithms.__file__).parent
    compiled = {path for suffix in ("pyx", "pxd", "h") for path in folder.rglob(f"*.{suffix}")}
    assert compiled <= {path for _, path in build.sources()}


def test_imports_however_they_are_written(tmp_path):
    path = tmp_path / "a.pyx"
    path.write_text(
        "import staleness.algorithms.a\nfrom staleness.algorithms.b.c import x\n"
        "cimport staleness.algorithms.d\nfrom staleness.algorithms.e cimport y\n"
        "    from staleness.algorithms import f, g as h  # only here\n"
        "from staleness.algorithms import (\n    i,  # why\n    j as k,\n)\n"
        "from staleness.kernels import l\n# from staleness.algorithms import m\n"
    )
    whole = {pattern.removesuffix("/**/*") for pattern in build.imported(path) if "**" in pattern}
    assert whole == {"a", "b/c/x", "d", "e/y", "f", "g", "i", "j"}
    assert {"b/c.*", "b/__init__.*", "b/c/__init__.*"} <= build.imported(path)


def test_a_package_is_all_of_its_modules_only_where_it_is_imported_itself(tmp_path, monkeypatch):
    for name, text in {
        "__init__.py": "",
        "run.py": "from staleness.algorithms import all_of\nfrom staleness.algorithms.a.b import c",
        "all_of/__init__.py": "",
        "all_of/found.py": "",
        "a/__init__.py": "",
        "a/other.py": "",
        "a/b/__init__.py": "from staleness.algorithms.a.deep import Class",
        "a/b/c.pyx": "cimport staleness.algorithms.lonely",
        "a/b/d.py": "",
        "a/deep.py": "",
        "lonely.pxd": "",
    }.items():
        path = tmp_path / "algorithms" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "kernels").mkdir()
    for package in ("algorithms", "kernels"):
        path = str(tmp_path / package / "__init__.py")
        monkeypatch.setattr(build, package, SimpleNamespace(__file__=path))
    found = {name.removeprefix("algorithms/") for name, _ in build.sources()}
    assert found == {
        *("__init__.py", "run.py", "all_of/__init__.py", "all_of/found.py", "a/__init__.py"),
        *("a/b/__init__.py", "a/b/c.pyx", "a/deep.py", "lonely.pxd"),
    }


def test_sources_are_those_of_both_packages():
    names = [name for name, _ in build.sources()]
    assert names == sorted(names)
    assert {
        "kernels/core/lanes.h",
        "kernels/models/chain.pxd",
        "kernels/models/crf.pyx",
        "kernels/rules/sgd.pyx",
        "algorithms/run.py",
        "algorithms/clocks/realtime.h",
        "algorithms/costs/reference.json",
    } <= set(names)
    assert not any(name.endswith((".so", ".pyc", ".c")) for name in names)


def test_digest_changes_with_names_and_contents(tmp_path, monkeypatch):
    def digest(**files):
        found = []
        for name, text in sorted(files.items()):
            path = tmp_path / name
            path.write_text(text)
            found.append((name, path))
        monkeypatch.setattr(build, "sources", lambda: found)
        return build.source_digest.__wrapped__()

    digests = [digest(a="1", b="2"), digest(a="1", b="3"), digest(a="1", c="2"), digest(a="12")]
    assert len(set(digests)) == 4
    assert digest(a="1", b="2") == digests[0]


def test_versions_and_machine_are_said():
    assert versions()["sources"] == build.source_digest()
    facts = machine()
    assert facts["cores"] >= 1
    assert facts["processor"]
    assert facts["system"].startswith("Linux")
