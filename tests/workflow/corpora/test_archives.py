"""Reading archives: bytes only, whatever the archive says."""

import io
import random
import tarfile
import zipfile

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.archives import open_archive

MEMBERS = {
    "data/a.txt": b"text " * 1000,
    "../../outside.txt": b"outside",
    "/absolute.txt": b"absolute",
}
NAMES = ("a.whl", "a.tgz", "a.tar.gz")


@pytest.fixture(params=NAMES)
def archive(request, tmp_path):
    path = tmp_path / request.param
    if path.suffix == ".whl":
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            for name, text in MEMBERS.items():
                file.writestr(name, text)
    else:
        with tarfile.open(path, "w:gz") as file:
            for name, text in MEMBERS.items():
                member = tarfile.TarInfo(name)
                member.size = len(text)
                file.addfile(member, io.BytesIO(text))
            for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
                member = tarfile.TarInfo(f"odd/{kind.decode()}")
                member.type, member.linkname = kind, "data/a.txt"
                file.addfile(member)
    return path


def test_members_are_read(archive):
    with open_archive(archive, StalenessError) as member, member("data/a.txt") as file:
        assert file.read() == b"text " * 1000


def test_members_outside_are_never_written(archive, tmp_path):
    with open_archive(archive, StalenessError) as member, member("../../outside.txt") as file:
        assert file.read() == b"outside"
    assert list(tmp_path.iterdir()) == [archive]
    assert not (tmp_path.parent.parent / "outside.txt").exists()


def test_a_missing_member(archive):
    with (
        pytest.raises(StalenessError, match=rf"{archive.name} has no member data/b\.txt"),
        open_archive(archive, StalenessError) as member,
    ):
        member("data/b.txt")


def test_members_in_any_order(archive):
    with open_archive(archive, StalenessError) as member:
        for name in (*reversed(MEMBERS), *MEMBERS):
            with member(name) as file:
                assert file.read() == MEMBERS[name]


def test_a_tar_is_read_no_further_than_its_member(tmp_path):
    path = tmp_path / "a.tgz"
    texts = {"data/a.txt": b"first", "data/z.txt": random.Random(1).randbytes(100_000)}
    with tarfile.open(path, "w:gz") as file:
        for name, text in texts.items():
            member = tarfile.TarInfo(name)
            member.size = len(text)
            file.addfile(member, io.BytesIO(text))
    path.write_bytes(path.read_bytes()[:50_000])
    assert read_all(path) == b"first"
    with (
        pytest.raises(StalenessError, match=r"not a readable tar.gz archive"),
        open_archive(path, StalenessError) as member,
    ):
        member("data/b.txt")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "text", [b"", b"PK\x03\x04 but no more", b"\x1f\x8b\x08 but no more", b"?"]
)
def test_not_an_archive(tmp_path, name, text):
    path = tmp_path / name
    path.write_bytes(text)
    with (
        pytest.raises(StalenessError, match=rf"{name} is not a readable (zip|tar.gz) archive"),
        open_archive(path, StalenessError),
    ):
        pass


def read_all(archive):
    with open_archive(archive, StalenessError) as member, member("data/a.txt") as file:
        return file.read()


@pytest.mark.parametrize("archive", ["a.whl"], indirect=True)
def test_a_damaged_member(archive):
    data = bytearray(archive.read_bytes())
    start = data.index(b"data/a.txt") + len("data/a.txt")
    data[start : start + 8] = b"\xff" * 8
    archive.write_bytes(data)
    with pytest.raises(StalenessError, match="not a readable zip archive"):
        read_all(archive)


@pytest.mark.parametrize("archive", ["a.tgz"], indirect=True)
def test_a_damaged_tar(archive):
    # No other exception, wherever the damage is. Bytes that are wrong are for the SHA-256 to find.
    whole = archive.read_bytes()
    refused = 0
    for byte in range(len(whole)):
        for damaged in (whole[:byte], whole[:byte] + b"\xff" + whole[byte + 1 :]):
            archive.write_bytes(damaged)
            try:
                read_all(archive)
            except StalenessError:
                refused += 1
    assert refused > len(whole) / 2


@pytest.mark.parametrize("archive", ["a.tgz"], indirect=True)
def test_only_files_are_members(archive):
    with open_archive(archive, StalenessError) as member:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.DIRTYPE, tarfile.FIFOTYPE):
            with pytest.raises(StalenessError, match=f"has no member odd/{kind.decode()}"):
                member(f"odd/{kind.decode()}")
