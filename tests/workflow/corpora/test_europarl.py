"""The registry's entry for Europarl, its archive from a server that interrupts, corrupts, stalls.

Only the address, the size and the SHA-256 of the archive are the server's.
"""

import hashlib
import io
import json
import random
import re
import tarfile
import tracemalloc

import pytest

from staleness.algorithms.arrays import load
from staleness.algorithms.errors import StalenessError
from staleness.workflow.cli import main
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.fetch import fetch, intact
from staleness.workflow.corpora.sources import web

from .sources.server import serve

NAME = "europarl-de-en"
ENTRY = (registry.ENTRIES / f"{NAME}.toml").read_text(encoding="utf-8")
PAIRS = [
    ("Das Haus ist groß, Frau Präsidentin.", "The house is large, Madam President."),
    ("", "An empty sentence."),
    ('<SPEAKER ID="1">', "Markup."),
    ("Ein Haus " * 20 + "!", "41 words are too many."),
    ("Ein Haus " * 20, "A house " * 20),
    ("Das", "The " * 41),
    ("Vielen Dank!", "Thank you very much!"),
]
SOURCE, TARGET = ("".join(f"{pair[side]}\n" for pair in PAIRS).encode() for side in (0, 1))


def make_archive(source=SOURCE, target=TARGET):
    """Return an archive as the shared task has it: other languages before and behind."""
    file = io.BytesIO()
    padding = random.Random(1).randbytes(100_000)
    members = {"cs-en.cs": padding, "de-en.de": source, "de-en.en": target, "fr-en.fr": padding}
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        for name, text in members.items():
            info = tarfile.TarInfo(f"training/europarl-v7.{name}")
            info.size = len(text)
            archive.addfile(info, io.BytesIO(text))
    return file.getvalue()


ARCHIVE = make_archive()
ADDRESS = re.compile(r'url = "https://www.statmt.org/wmt13/.*\nbytes = .*\nsha256 = .*\n')
OTHER_ADDRESS = re.compile(r'url = "https://www.statmt.org/europarl/.*\n')


@pytest.fixture(autouse=True)
def surroundings(tmp_path, monkeypatch):
    monkeypatch.delenv("STALENESS_MIRROR", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(web, "PAUSE", 0)
    monkeypatch.setattr(web, "STALL", 0.2)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))


@pytest.fixture
def server():
    with serve(ARCHIVE) as server:
        yield server


@pytest.fixture
def use(tmp_path, monkeypatch, server):
    """Return a function that registers the entry with an archive's size and SHA-256."""

    def use(archive=ARCHIVE):
        sha256 = hashlib.sha256(archive).hexdigest()
        pinned = f'url = "{server.url}"\nbytes = {len(archive)}\nsha256 = "{sha256}"\n'
        text, first = ADDRESS.subn(pinned, ENTRY)
        text, second = OTHER_ADDRESS.subn(
            f'url = "{server.url}?other"\nprefix = "training/"\n', text
        )
        assert (first, second) == (1, 1)
        (tmp_path / "entries").mkdir(exist_ok=True)
        (tmp_path / "entries" / f"{NAME}.toml").write_text(text)
        monkeypatch.setattr(registry, "ENTRIES", tmp_path / "entries")
        return registry.entry(NAME)

    return use


def assert_nothing_left(tmp_path):
    assert list((tmp_path / "tmp").iterdir()) == []
    assert list(tmp_path.rglob("*.txt")) == []


@pytest.mark.parametrize("faults", [[], ["ends 50000", "503", "stalls 50000"]])
def test_fetch_and_encode(tmp_path, server, use, capsys, faults):
    use()
    server.faults = list(faults)
    assert main(["encode", NAME, "--data", str(tmp_path / "data")]) == 0
    assert len(server.requests) == len(faults) + 1
    printed = capsys.readouterr()
    assert printed.err == ""
    assert f"{NAME}: fetched from web {server.url} into" in printed.out
    assert "3 pairs, 51 source and 53 target words" in printed.out
    assert list((tmp_path / "tmp").iterdir()) == []

    folder = tmp_path / "data/corpora" / NAME
    assert (folder / "train-source.txt").read_bytes() == SOURCE
    assert (folder / "train-target.txt").read_bytes() == TARGET
    record = json.loads((folder / "source.json").read_text())
    assert record["members"]["train-target"]["sha256"] == hashlib.sha256(TARGET).hexdigest()

    corpus = load(tmp_path / "data/encoded" / NAME)
    counts = corpus.about["counts"]["train"]
    assert (counts["pairs"], counts["skipped_empty"], counts["skipped_long"]) == (3, 2, 2)
    words = (tmp_path / "data/encoded" / NAME / "source-words.txt").read_text().splitlines()
    sentence = [words[number] for number in corpus["train.source"][:8]]
    assert sentence == ["das", "haus", "ist", "groß", ",", "frau", "präsidentin", "."]
    assert corpus.about["tokenizer"].startswith("sacremoses")

    assert main(["encode", NAME, "--data", str(tmp_path / "data")]) == 0
    assert f"{NAME}: already fetched" in capsys.readouterr().out
    assert len(server.requests) == len(faults) + 1


def test_a_corrupt_archive(tmp_path, server, use):
    entry = use()
    server.data = make_archive(SOURCE.replace(b"Haus", b"Maus"))
    with pytest.raises(StalenessError) as caught:
        fetch(entry, tmp_path / "e")
    message = str(caught.value)
    assert f"web {server.url}: tiny.tgz is corrupt" in message or "is larger than" in message
    assert f"web {server.url}?other: no SHA-256 of train-source, train-target is known" in message
    assert "--unpinned" in message
    assert "put the archive into MIRROR" in message
    assert len(server.requests) == 1
    assert_nothing_left(tmp_path)


def test_a_server_that_never_finishes(tmp_path, server, use):
    entry = use()
    server.faults = ["stalls 100"] + ["ends 0"] * 3
    with pytest.raises(StalenessError, match="gave up at 100 bytes after 4 attempts"):
        fetch(entry, tmp_path / "e")
    assert_nothing_left(tmp_path)


def test_what_is_not_pinned_is_pinned_by_its_first_use(tmp_path, server, use, capsys):
    use(b"another archive")
    command = ["fetch", NAME, "--data", str(tmp_path / "data")]
    assert main(command) == 1
    assert_nothing_left(tmp_path)
    assert main([*command, "--unpinned"]) == 0
    printed = capsys.readouterr()
    assert f"fetched from web {server.url}?other" in printed.out
    assert "train-source, train-target was taken with nothing to compare it with" in printed.err

    folder = tmp_path / "data/corpora" / NAME
    assert intact(registry.entry(NAME), folder)
    (folder / "train-source.txt").write_bytes(b"damaged")
    assert not intact(registry.entry(NAME), folder)
    server.data = make_archive(SOURCE.replace(b"Haus", b"Maus"))
    assert main(command) == 1
    assert "europarl-v7.de-en.de is corrupt" in capsys.readouterr().err
    server.data = ARCHIVE
    assert main(command) == 0
    assert "compare" not in capsys.readouterr().err
    assert (folder / "train-source.txt").read_bytes() == SOURCE


def test_no_record_no_pins(tmp_path, use):
    entry = use()
    fetch(entry, tmp_path / "e")
    (tmp_path / "e/source.json").unlink()
    assert not intact(entry, tmp_path / "e")
    (tmp_path / "e/source.json").write_text('{"members": 1}')
    assert not intact(entry, tmp_path / "e")
    assert fetch(entry, tmp_path / "e").source is not None
    assert intact(entry, tmp_path / "e")


def test_a_mirror(tmp_path, server, use):
    entry = use()
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    (mirror / "tiny.tgz").write_bytes(ARCHIVE)
    fetched = fetch(entry, tmp_path / "e", mirror)
    assert (fetched.source, fetched.unchecked) == (f"mirror {mirror}", ())
    (mirror / "tiny.tgz").write_bytes(ARCHIVE + b"\0")
    fetched = fetch(entry, tmp_path / "f", mirror)
    assert fetched.source == f"web {server.url}"
    assert "tiny.tgz is corrupt" in fetched.failures[0]

    (mirror / NAME).mkdir()
    for text, end in ((SOURCE, "de"), (TARGET, "en")):
        (mirror / NAME / f"europarl-v7.de-en.{end}").write_bytes(text)
    fetched = fetch(entry, tmp_path / "g", mirror)
    assert "no SHA-256 of train-source, train-target is known" in fetched.failures[0]
    fetched = fetch(entry, tmp_path / "h", mirror, unpinned=True)
    assert fetched.source == f"mirror {mirror}"
    assert fetched.unchecked == ("train-source", "train-target")


def test_memory_does_not_grow_with_the_archive(tmp_path, server, use):
    archive = make_archive(SOURCE * 40_000, TARGET * 40_000)
    entry = use(archive)
    server.data = archive
    tracemalloc.start()
    try:
        fetch(entry, tmp_path / "e")
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert (tmp_path / "e/train-source.txt").stat().st_size > 16_000_000
    assert peak < 8_000_000
