"""Reading archives: bytes only, whatever the archive says."""

import zipfile

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.archives import open_archive


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "a.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("data/a.txt", b"text " * 1000)
        file.writestr("../../outside.txt", b"outside")
        file.writestr("/absolute.txt", b"absolute")
    return path


def test_members_are_read(archive):
    with open_archive(archive, StalenessError) as member, member("data/a.txt") as file:
        assert file.read() == b"text " * 1000


def test_members_outside_are_never_written(archive, tmp_path):
    with open_archive(archive, StalenessError) as member, member("../../outside.txt") as file:
        assert file.read() == b"outside"
    assert [path.name for path in tmp_path.iterdir()] == ["a.whl"]
    assert not (tmp_path.parent.parent / "outside.txt").exists()


def test_a_missing_member(archive):
    with (
        pytest.raises(StalenessError, match=r"a\.whl has no member data/b\.txt"),
        open_archive(archive, StalenessError) as member,
    ):
        member("data/b.txt")


def test_not_an_archive(tmp_path):
    path = tmp_path / "a.whl"
    path.write_bytes(b"PK\x03\x04 but no more")
    with (
        pytest.raises(StalenessError, match="not a readable zip archive"),
        open_archive(path, StalenessError),
    ):
        pass


def test_a_damaged_member(archive):
    data = bytearray(archive.read_bytes())
    start = data.index(b"data/a.txt") + len("data/a.txt")
    data[start : start + 8] = b"\xff" * 8
    archive.write_bytes(data)
    with (
        pytest.raises(StalenessError, match="not a readable zip archive"),
        open_archive(archive, StalenessError) as member,
        member("data/a.txt") as file,
    ):
        file.read()
