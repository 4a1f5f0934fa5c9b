"""Archives from the web, with a server on 127.0.0.1 that interrupts, corrupts and stalls."""

import hashlib
import io
import random
import tarfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.sources import SourceError, kinds, web
from staleness.workflow.corpora.sources.web import Web

from .server import serve

TEXT = random.Random(1).randbytes(200_000)


def make_archive():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        info = tarfile.TarInfo("deep/a.txt")
        info.size = len(TEXT)
        archive.addfile(info, io.BytesIO(TEXT))
    return file.getvalue()


ARCHIVE = make_archive()
SIZE = len(ARCHIVE)
SHA256 = hashlib.sha256(ARCHIVE).hexdigest()


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(web, "PAUSE", 0)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def server():
    with serve(ARCHIVE) as server:
        yield server


def read(server, sha256=SHA256, size=SIZE):
    source = Web(url=server.url, bytes=size, sha256=sha256, prefix="deep/")
    with source.open() as member, member("a.txt") as file:
        return file.read()


def test_kind_is_found():
    assert kinds()["web"] is Web
    source = Web(url="https://example.org/x/a.tgz", bytes=7)
    assert str(source) == "web https://example.org/x/a.tgz"
    assert source.record() == {
        "kind": "web",
        "url": "https://example.org/x/a.tgz",
        "bytes": 7,
        "sha256": "",
        "prefix": "",
    }
    assert [source.matches(file) for file in ("a.tgz", "x", "b.tgz")] == [True, False, False]


@pytest.mark.parametrize(
    "url",
    [
        "http://example.org/a.tgz",
        "ftp://example.org/a.tgz",
        "file:///etc/passwd",
        "https:///a.tgz",
        "https://example.org",
        "https://example.org/",
        "http://127.0.0.1.example.org/a.tgz",
        "http://127.0.0.1@example.org/a.tgz",
        "https://[/a.tgz",
        "a.tgz",
    ],
)
def test_addresses_that_are_not_secure(url):
    with pytest.raises(StalenessError, match="expected the https:// address of an archive"):
        Web(url=url, bytes=1)


@pytest.mark.parametrize("chunked", [False, True])
def test_a_download(server, tmp_path, chunked):
    server.chunked = chunked
    assert read(server) == TEXT
    assert server.requests == [None]
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("fault", ["503", "429", "ends 0", "ends 77", "ends 150000", "stalls 99"])
def test_it_goes_on_where_it_ended(server, monkeypatch, fault):
    monkeypatch.setattr(web, "STALL", 0.2)
    server.faults = [fault, fault]
    assert read(server) == TEXT
    got = int(fault.partition(" ")[2] or 0)
    ranges = [
        f"bytes={count}-" if count else None for count in (0, got, min(2 * got, len(ARCHIVE)))
    ]
    if 2 * got >= len(ARCHIVE):
        ranges = ranges[:2]
    assert server.requests == ranges


@settings(max_examples=20, deadline=None)
@given(st.lists(st.integers(1, 60_000), max_size=4))
def test_any_interruptions(lengths):
    with pytest.MonkeyPatch.context() as patch, serve(ARCHIVE) as server:
        patch.setattr(web, "PAUSE", 0)
        server.faults = [f"ends {length}" for length in lengths]
        assert read(server) == TEXT


@pytest.mark.parametrize("how", ["no ranges", "no tag", "weak tag", "new version", "chunked"])
def test_it_begins_anew_where_it_cannot_go_on(server, how):
    server.faults = ["ends 1000"]
    if how == "no ranges":
        server.ranges = False
    elif how == "no tag":
        server.tag = ""
    elif how == "weak tag":
        server.tag = 'W/"1"'
    elif how == "chunked":
        server.chunked = True
    else:
        server.versions = [(b"old" * 10_000, '"0"')]
    assert read(server) == TEXT
    assert len(server.requests) == 2
    if how in {"no tag", "weak tag"}:
        assert server.requests == [None, None]  # a server may take a weak tag for a promise


@pytest.mark.parametrize(
    ("faults", "said"),
    [
        (["404"], "the server says 404 Not Found"),
        (["500"] * 9, r"gave up at 0 bytes after 4 attempts \(HTTP Error 500"),
        (
            ["ends 0"] * 9,
            r"gave up at 0 bytes after 4 attempts \(the connection ended 200,\d+ bytes",
        ),
        (["stalls 10"] + ["stalls 0"] * 9, r"gave up at 10 bytes .*nothing came for 0.1 s"),
        (["ftp://127.0.0.1/a"], "redirects to ftp://127.0.0.1/a, expected an https:// address"),
        (["http://example.org/a"], "redirects to http://example.org/a"),
        (["file:///etc/passwd"], "Redirection to url 'file:///etc/passwd' is not allowed"),
    ],
)
def test_failures_leave_nothing(server, tmp_path, monkeypatch, faults, said):
    monkeypatch.setattr(web, "STALL", 0.1)
    server.faults = faults
    with pytest.raises(SourceError, match=said) as caught:
        read(server)
    assert "\n" not in str(caught.value)
    assert list((tmp_path / "tmp").iterdir()) == []


def test_nobody_listens():
    with serve(b"") as server:
        pass
    with pytest.raises(SourceError, match=r"gave up at 0 bytes after 4 attempts .*refused"):
        read(server)


def test_a_redirection(server):
    server.faults = [server.url + "?again"]
    assert read(server) == TEXT


@pytest.mark.parametrize("place", [10, 100_000, -1])
def test_a_corrupt_archive_is_not_opened(server, tmp_path, monkeypatch, place):
    monkeypatch.setattr(web.ArchiveSource, "open_file", None)
    data = bytearray(ARCHIVE)
    data[place] ^= 1
    server.data = bytes(data)
    with pytest.raises(SourceError, match=rf"tiny.tgz is corrupt .* expected .*{SHA256[:12]}"):
        read(server)
    assert list((tmp_path / "tmp").iterdir()) == []


@pytest.mark.parametrize("chunked", [False, True])
def test_no_more_is_taken_than_expected(server, chunked):
    server.chunked = chunked
    with pytest.raises(SourceError, match="is larger than the 1,000 bytes expected"):
        read(server, size=1000)


def test_without_a_sha256_the_size_is_the_most(server):
    assert read(server, sha256="", size=10**9) == TEXT
    assert not Web(url=server.url, bytes=1).vouches
    assert Web(url=server.url, bytes=1, sha256=SHA256).vouches
