"""Distributions of others, made in a folder and found by their entry points."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def install(tmp_path):
    """Return a function that makes a distribution, and one that runs Python where it is found."""

    def make(entries, *files, compiled=(), **modules):
        package, about = tmp_path / "convoy_plugin", tmp_path / "convoy-1.0.dist-info"
        for folder in (package, about):
            folder.mkdir()
        modules |= {path.stem: path.read_text() for path in files}
        for name, text in {"__init__": "", **modules}.items():
            (package / f"{name}.py").write_text(text)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: convoy\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(entries)
        path = [str(tmp_path), *(str(Path(module.__file__).parent) for module in compiled)]

        def python(*arguments):
            return subprocess.run(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path)},
                capture_output=True,
                check=False,
                text=True,
            )

        return python

    return make


def contract(python, of, chosen):
    """Run contract tests on a plug-in."""
    ran = python("-m", "pytest", "-q", "-p", "no:cacheprovider", f"tests/{of}", "-k", chosen)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " passed" in ran.stdout
