"""Imports point one way: who is above may know who is below, and never the other way round."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from staleness import kernels

ROOT = Path(kernels.__file__).parents[1]
# Of each room, those that it may know beside itself.
MAY_KNOW = {
    "kernels/core": (),
    "kernels/models": ("kernels.core",),
    "kernels/rules": ("kernels.core", "kernels.models"),
    "algorithms": ("kernels",),
    "workflow/store": ("algorithms", "kernels"),
    "workflow/corpora": ("workflow.store", "workflow.environment", "algorithms", "kernels"),
    "workflow/machine": ("workflow.store", "algorithms", "kernels"),
    "workflow/analysis": ("workflow.store", "algorithms", "kernels"),
    "workflow/figures": ("workflow.analysis", "workflow.store", "algorithms"),
    "workflow/claims": ("workflow.analysis", "workflow.store", "algorithms"),
    "workflow/report": (
        *("workflow.claims", "workflow.figures", "workflow.analysis", "workflow.corpora"),
        *("workflow.store", "algorithms"),
    ),
    "workflow/planning": (
        *("workflow.claims", "workflow.figures", "workflow.analysis", "workflow.corpora"),
        *("workflow.store", "algorithms"),
    ),
    "workflow": ("algorithms", "kernels"),
    "staleness": ("settings", "workflow", "algorithms"),
}


def imported(text):
    """Return what a source imports of the project, a set of dotted names."""
    found = set()
    for line in re.findall(r"^\s*from staleness[\w.]* c?import .*$", text, re.MULTILINE):
        module, name = re.match(r"\s*from staleness\.?([\w.]*) c?import \(?\s*(\w*)", line).groups()
        found.add(module if module.count(".") else f"{module}.{name}".strip("."))
    return found


def sources(room):
    return [
        path
        for path in sorted((ROOT / room).rglob("*"))
        if path.suffix in {".py", ".pyx", ".pxd"} and "x86_64" not in str(path)
    ]


@pytest.mark.parametrize("room", MAY_KNOW)
def test_a_room_knows_only_those_below(room):
    allowed = (room.replace("/", "."), *MAY_KNOW[room])
    files = sources(room)
    assert files
    for path in files:
        for name in imported(path.read_text(encoding="utf-8")):
            assert name.startswith(allowed), f"{path.relative_to(ROOT)} imports {name}"


def test_what_is_imported_is_found():
    text = (
        "from staleness.kernels.core.table cimport Table\nfrom staleness.workflow import figures\n"
    )
    assert imported(text) == {"kernels.core.table", "workflow.figures"}
    assert imported("import numpy\nfrom staleness.algorithms import costs\n") == {
        "algorithms.costs"
    }


PLAN = """
import sys
from pathlib import Path
from staleness.algorithms.build import source_digest
from staleness.workflow.planning.configured import layered
from staleness.workflow.planning.grid import Grid

for path in map(Path, sys.argv[1:]):
    Grid(layered(path, path.parents[1]))
source_digest()
for name, module in sorted(sys.modules.items()):
    compiled = (getattr(module, "__file__", None) or "").endswith(".so")
    if (name.startswith("staleness.") and compiled) or name in {"matplotlib", "pyarrow", "scipy"}:
        print(name)
"""


def test_planning_imports_nothing_compiled_nor_what_draws():
    """`snakemake -n` works where no kernel has been built yet, and is quick."""
    configs = (ROOT / "config" / f"{name}.yaml" for name in ("config", "paper", "smoke"))
    told = subprocess.run(
        [sys.executable, "-c", PLAN, *map(str, configs)],
        capture_output=True,
        check=True,
        text=True,
    )
    assert told.stdout == ""
