"""The notebook in docs/ runs from its first cell to its last, and imports what it says."""

import ast
import json
from pathlib import Path

import pytest

NOTEBOOK = Path(__file__).parents[1] / "docs" / "notebook.ipynb"
CELLS = json.loads(NOTEBOOK.read_text())["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def test_it_keeps_no_output():
    """What is shown is made by who runs it."""
    assert not any(cell.get("outputs") or cell.get("execution_count") for cell in CELLS)


def test_it_uses_the_public_face_and_nothing_else():
    imported = set()
    for node in ast.walk(ast.parse("\n".join(CODE))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [node.module] if isinstance(node, ast.ImportFrom) else node.names
            imported |= {getattr(name, "name", name) for name in names}
    assert imported == {"staleness", "matplotlib.pyplot"}


@pytest.mark.slow
def test_it_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names = {}
    for number, text in enumerate(CODE):
        exec(compile(text, f"{NOTEBOOK.name}, code cell {number + 1}", "exec"), names)  # noqa: S102
    assert len(names["runs"]) == 9
    assert names["axes"].lines
    assert names["claim"]["verdict"] in {"reproduced", "not reproduced", "undecided"}
    assert names["claim"]["statement"] in capsys.readouterr().out
