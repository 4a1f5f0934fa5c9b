"""What tests compile is compiled for one run, against the kernels of that run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).parent
TESTS = """
import pytest

@pytest.mark.parametrize("which", [1, 2])
def test_compiling(compile_cython, which):
    assert callable(compile_cython)
"""


@pytest.mark.parametrize("workers", [[], ["-n2"]], ids=["alone", "two"])
def test_a_run_that_a_worker_starts_has_a_folder_of_its_own(tmp_path, workers):
    shutil.copy(FOLDER / "conftest.py", tmp_path)
    (tmp_path / "test_functions.py").write_text(TESTS)
    told = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", *workers, "--override-ini=addopts="),
            *(f"--config-file={FOLDER.parent / 'pyproject.toml'}", "-p", "no:cacheprovider"),
            *(f"--rootdir={tmp_path}", f"--basetemp={tmp_path / 'run'}", str(tmp_path)),
        ],
        check=False,
        capture_output=True,
        text=True,
        env=os.environ | {"PYTEST_XDIST_WORKER": "gw0"},
    )
    assert told.returncode == 0, told.stdout + told.stderr
    assert [str(p.relative_to(tmp_path)) for p in tmp_path.rglob("cython")] == ["run/cython"]
