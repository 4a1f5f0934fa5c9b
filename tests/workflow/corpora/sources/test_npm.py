"""Packages from an npm registry, with a script in npm's place."""

import io
import tarfile

import pytest

from staleness.workflow.corpora.sources import SourceError, kinds
from staleness.workflow.corpora.sources.npm import Npm

SOURCE = Npm(package="some-corpus", version="1.0.2")


@pytest.fixture
def npm(tmp_path, monkeypatch):
    """Put a shell script in npm's place."""

    def npm(script):
        path = tmp_path / "bin" / "npm"
        path.parent.mkdir()
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setenv("PATH", f"{path.parent}:/usr/bin:/bin")

    return npm


def make_tgz(path, **members):
    with tarfile.open(path, "w:gz") as archive:
        for name, text in members.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text))
    return path


def test_kind_is_found():
    assert kinds()["npm"] is Npm
    assert str(SOURCE) == "npm some-corpus@1.0.2"
    fields = {"package": "some-corpus", "version": "1.0.2", "prefix": "package/"}
    assert SOURCE.record() == {"kind": "npm", **fields}


@pytest.mark.parametrize(
    ("package", "file", "matches"),
    [
        ("some-corpus", "some-corpus-1.0.2.tgz", True),
        ("some-corpus", "some-corpus-1.0.tgz", False),
        ("some-corpus", "some-corpus-1.0.2.tar", False),
        ("@some/corpus", "some-corpus-1.0.2.tgz", True),
    ],
)
def test_the_name_of_the_archive(package, file, matches):
    assert Npm(package=package, version="1.0.2").matches(file) is matches


def test_members_of_the_archive(npm, tmp_path):
    npm(f"cp {make_tgz(tmp_path / 'some-corpus-1.0.2.tgz', a=b'text', b=b'more')} .")
    with SOURCE.open() as member:
        for name, text in (("b", b"more"), ("a", b"text")):
            with member(name) as file:
                assert file.read() == text


def test_what_is_asked_of_npm(npm, tmp_path):
    log = tmp_path / "log"
    npm(f'echo "$@" >{log}; pwd >>{log}; echo "$TMPDIR" >>{log}')
    folder = tmp_path / "folder"
    folder.mkdir()
    SOURCE.download(folder)
    arguments, here, temporary = log.read_text().splitlines()
    assert arguments.split()[:2] == ["pack", "some-corpus@1.0.2"]
    assert {"--ignore-scripts", f"{folder}/cache"} <= set(arguments.split())
    assert here == temporary == str(folder)


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (
            "echo 'npm error code ETARGET\nnpm error notarget No match' >&2; exit 1",
            "npm failed with status 1: notarget No match",
        ),
        ("echo 'npm ERR! code E404\nnpm ERR! 404 Not Found' >&2; exit 1", "1: 404 Not Found"),
        (
            "echo 'npm error code ECONNREFUSED\nnpm error syscall connect' >&2; exit 1",
            r"the package registry cannot be reached \(ECONNREFUSED\)",
        ),
        ("echo 'npm error code EWEIRD' >&2; exit 1", "status 1: EWEIRD"),
        ("exit 3", "npm failed with status 3: it said nothing"),
        ("kill -9 $$", "npm was ended by signal 9"),
        ("exit 0", "the download left no such archive"),
        ("touch some-corpus-1.0.2.tgz", "not a readable tar.gz archive"),
    ],
)
def test_failures_leave_nothing(npm, tmp_path, monkeypatch, script, said):
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    npm(f"touch part; {script}")
    with pytest.raises(SourceError, match=said), SOURCE.open():
        pass
    assert list(temporary.iterdir()) == []


def test_no_npm(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SourceError, match=r"no npm to get it with: install npm"):
        SOURCE.download(tmp_path)
