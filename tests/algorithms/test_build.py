"""The digest of the sources that compute."""

import subprocess
import sys
from pathlib import Path

from staleness.algorithms import build
from staleness.algorithms.machine import machine, versions

LOADED = """
import importlib, pkgutil, sys
from staleness import algorithms
from staleness.algorithms import run
before = {name.split(".")[2] for name in sys.modules if name.startswith("staleness.algorithms.")}
for part in before:
    package = sys.modules[f"staleness.algorithms.{part}"]
    for module in pkgutil.walk_packages(getattr(package, "__path__", ()), package.__name__ + "."):
        importlib.import_module(module.name)
print(*{name.split(".")[2] for name in sys.modules if name.startswith("staleness.algorithms.")})
"""
# What no result depends on, and what changes often.
SURROUNDINGS = {"calibrate", "doctor", "encoded", "files", "machine", "memory", "record"}


def parts():
    """Return the modules and packages of `algorithms` among the sources."""
    names = [name.split("/") for name, _ in build.sources()]
    return {name[1].partition(".")[0] for name in names if name[0] == "algorithms"}


def test_sources_are_what_a_run_imports_and_nothing_else():
    loaded = subprocess.run([sys.executable, "-c", LOADED], check=True, capture_output=True)
    assert parts() - {"__init__"} == set(loaded.stdout.decode().split())
    assert not parts() & SURROUNDINGS


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
    assert build.imported(path) == set("abdefgij")


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
