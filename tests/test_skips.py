"""With --no-skips a test that did not run is a failure, if this machine could have run it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

def test_in_the_body():
    pytest.skip("it is not installed")

@pytest.mark.skipif(True, reason="it is not installed")
def test_marked():
    pass

@pytest.fixture
def lacking():
    pytest.skip("it is not installed")

def test_in_a_fixture(lacking):
    pass

@pytest.mark.processor("abacus", "quipu")
def test_of_another_processor():
    raise AssertionError

@pytest.mark.name_spaces
def test_in_a_name_space_of_its_own():
    raise AssertionError

@pytest.mark.name_spaces
def test_in_a_name_space_if_something_were_installed():
    pytest.skip("it is not installed")

@pytest.mark.xfail
def test_expected_to_fail():
    raise AssertionError

def test_run():
    pass
"""
MODULE = """
import pytest

pytest.importorskip("there_is_no_such_module", reason="it is not installed")
"""
FOLDER = Path(__file__).parent
UNSHARE = """#!/bin/sh
echo "unshare: unshare failed: Operation not permitted" >&2
exit {status}
"""


@pytest.mark.parametrize(
    ("options", "allowed", "status", "counts"),
    [
        ([], False, 0, "1 passed, 7 skipped, 1 xfailed"),
        (["--no-skips", "-n1"], False, 1, "1 failed, 1 passed, 3 skipped, 1 xfailed, 3 errors"),
        (["--no-skips"], True, 1, "3 failed, 1 passed, 1 skipped, 1 xfailed, 3 errors"),
        (["--no-skips"], None, 1, "3 failed, 1 passed, 1 skipped, 1 xfailed, 3 errors"),
    ],
)
def test_a_skip_is_a_failure_if_asked(tmp_path, options, allowed, status, counts):
    """Name spaces are allowed or not, or there is nothing to ask by."""
    if allowed is not None:
        (tmp_path / "unshare").write_text(UNSHARE.format(status=int(not allowed)))
        (tmp_path / "unshare").chmod(0o700)
    shutil.copy(FOLDER / "conftest.py", tmp_path)
    (tmp_path / "test_functions.py").write_text(TESTS)
    (tmp_path / "test_module.py").write_text(MODULE)
    told = subprocess.run(
        [
            *(sys.executable, "-m", "pytest", "--continue-on-collection-errors", *options),
            *("--override-ini=addopts=-ra", f"--config-file={FOLDER.parent / 'pyproject.toml'}"),
            *("-p", "no:cacheprovider", f"--rootdir={tmp_path}", str(tmp_path)),
        ],
        check=False,
        capture_output=True,
        text=True,
        env={"PATH": str(tmp_path), "HOME": str(tmp_path)},
    )
    assert told.returncode == status, told.stdout + told.stderr
    assert f" {counts} in " in f" {told.stdout.splitlines()[-1].strip('= ')}", told.stdout
    assert ("--no-skips: Skipped: it is not installed" in told.stdout) == bool(options)
    assert "it is for abacus or quipu, and this is " in told.stdout
    assert ("no name spaces here: unshare: unshare failed" in told.stdout) == (allowed is False)
