"""What makes a job run again: dry runs after one change each, of a copy of the workflow's code."""

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import yaml

from staleness.workflow.planning.grid import Grid

from .conftest import sentences

REPOSITORY = Path(__file__).parents[2]
ENTRY = """
name = "{name}"
task = "ner"
format = "conll"
size = "60 + 60 sentences"
licence = "none"
citation = "none"
homepage = "https://example.org"
members.train = {{ path = "train.txt", bytes = {bytes}, sha256 = "{sha256}" }}
members.dev = {{ path = "dev.txt", bytes = {bytes}, sha256 = "{sha256}" }}
sources = [{{ kind = "pypi", package = "none", version = "1.0" }}]
"""
# Of its members no SHA-256 is known.
UNPINNED = """
name = "unpinned"
task = "ner"
format = "conll"
size = "60 + 60 sentences"
licence = "none"
citation = "none"
homepage = "https://example.org"
members.train = {{ path = "train.txt", bytes = {bytes} }}
members.dev = {{ path = "dev.txt", bytes = {bytes} }}

[[sources]]
kind = "web"
url = "https://nowhere.invalid/unpinned.tgz"
bytes = {archive_bytes}
sha256 = "{sha256}"
"""
NOTHING = {}
SYNTHETIC = {"corpus": "synthetic-ner"}

pytestmark = pytest.mark.slow


class Copy:
    """A copy of the repository with a registered corpus more, and a folder to run it in."""

    def __init__(self, folder):
        self.folder = folder
        self.packages = folder / "packages" / "staleness"
        self.packages.mkdir(parents=True)
        for name in ("workflow", "algorithms", "kernels"):
            shutil.copytree(REPOSITORY / name, self.packages / name)
            (folder / name).symlink_to(self.packages / name)
        shutil.copy(REPOSITORY / "staleness" / "__init__.py", self.packages)
        for name in ("Snakefile", "config", "profiles"):
            (folder / name).symlink_to(REPOSITORY / name)
        (folder / "setup.py").write_text("")  # the kernels are copied as they are built
        self.work = folder / "work"
        text = sentences(1, 60)
        for mirror in ("mirror", "other"):
            for name in ("tiny", "other"):
                (self.work / mirror / name).mkdir(parents=True)
                for split in ("train", "dev"):
                    (self.work / mirror / name / f"{split}.txt").write_text(text)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        for name in ("tiny", "other"):
            content = ENTRY.format(name=name, bytes=len(text), sha256=sha256)
            self.entry(name).write_text(content)
        self._add_unpinned(len(text))
        self.own = self.work / "own.txt"
        self.own.write_text("The/DT dog/NN\n" * 9)
        self.config = {
            "seeds": [0],
            "mirror": "mirror",
            "corpora": {"mine": {"format": "tagged", "train": "own.txt"}},
            "figures": {
                "ner-convergence": {
                    "common": {"epochs": 1, "evaluations": 1},
                    "cells": [
                        {"task": "ner", "corpus": "tiny", "schedule": "single"},
                        {"task": "ner", "corpus": "unpinned", "schedule": "single"},
                        {"task": "tagging", "corpus": "mine", "schedule": "single"},
                    ],
                }
            },
        }

    def _add_unpinned(self, size):
        """Register a corpus that is known by its archive alone, and put that into both mirrors."""
        archive = self.work / "mirror" / "unpinned.tgz"
        with tarfile.open(archive, "w:gz") as file:
            for split in ("train", "dev"):
                file.add(self.work / "mirror" / "tiny" / f"{split}.txt", f"{split}.txt")
        shutil.copy(archive, self.work / "other")
        self.entry("unpinned").write_text(
            UNPINNED.format(
                bytes=size,
                archive_bytes=archive.stat().st_size,
                sha256=hashlib.sha256(archive.read_bytes()).hexdigest(),
            )
        )

    def entry(self, name="tiny"):
        return self.packages / "workflow" / "corpora" / "entries" / f"{name}.toml"

    def code(self, name):
        return self.packages / name

    def targets(self):
        """Return the runs, whose names do not depend on where a corpus comes from."""
        registered = dict.fromkeys(("tiny", "unpinned"), SYNTHETIC)
        config = {**self.config, "corpora": {**self.config["corpora"], **registered}}
        return Grid(config).run_files()

    def call(self, *more):
        path = self.work / "config.yaml"
        path.write_text(yaml.safe_dump(self.config))
        done = subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--cores", "2", "--configfile", str(path)),
                *("--snakefile", str(self.folder / "Snakefile"), "--directory", str(self.work)),
                *(*more, "--", *self.targets()),
            ],
            # Not the package in the working directory, where Python would look first.
            env=os.environ | {"PYTHONSAFEPATH": "1", "PYTHONPATH": str(self.folder / "packages")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def jobs(self):
        """Return how many jobs of each rule would run."""
        said = self.call("--dry-run")
        if "Nothing to be done" in said:
            return {}
        table = said.partition("Job stats:\n")[2].partition("\n\n")[0].splitlines()[2:]
        counts = dict(map(str.split, table))
        return {rule: int(count) for rule, count in counts.items() if rule != "total"}


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    copy = Copy(tmp_path_factory.mktemp("copy"))
    # A corpus with a date in the future is not refused.
    os.utime(copy.own, (4e9, 4e9))
    copy.call()
    return copy


def replaced(path, old, new):
    """Return a function that changes a text in a file."""

    def change(copy):
        place = copy.entry() if path == "entry" else copy.code(path)
        text = place.read_text(encoding="utf-8")
        assert old in text
        place.write_text(text.replace(old, new, 1), encoding="utf-8")
        return place, text

    return change


def with_mirror(copy):
    copy.config["mirror"] = "other"


def option(copy):
    text = copy.entry().read_text()
    copy.entry().write_text(text + "options = { min_count = 1 }\n")
    return copy.entry(), text


def pin(copy):
    text = copy.entry().read_text()
    sha256 = text.partition('sha256 = "')[2][:64]
    copy.entry().write_text(text.replace(sha256, "0" * 64, 1))
    return copy.entry(), text


def own_text(copy):
    text = copy.own.read_text()
    copy.own.write_text(text + "The/DT\n")
    os.utime(copy.own, (1, 1))
    return copy.own, text


def nothing(copy):
    """Give all files of the code a new date, as a fresh clone does."""
    for path in copy.packages.rglob("*.*"):
        path.touch()
    copy.own.touch()


ONE = {"encode": 1, "run": 1}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(nothing, NOTHING, id="dates"),
        # Of what is not pinned alone.
        pytest.param(with_mirror, {"fetch": 1, **ONE}, id="mirror"),
        pytest.param(
            replaced("entry", 'licence = "none"', 'licence = "any"'), NOTHING, id="licence"
        ),
        pytest.param(replaced("entry", "1.0", "2.0"), NOTHING, id="source"),
        pytest.param(
            replaced("workflow/corpora/entries/other.toml", 'path = "train', 'path = "x'),
            NOTHING,
            id="another entry",
        ),
        pytest.param(
            replaced("workflow/corpora/formats/conllu.py", '"""', '"""Truly. '),
            NOTHING,
            id="another format",
        ),
        pytest.param(
            replaced("workflow/machine/doctor.py", '"""', '"""Truly. '), NOTHING, id="surroundings"
        ),
        pytest.param(option, ONE, id="option"),
        pytest.param(own_text, ONE, id="own text"),
        pytest.param(
            replaced("workflow/corpora/formats/tagged.py", '"""', '"""Truly. '), ONE, id="format"
        ),
        pytest.param(
            replaced("workflow/corpora/features.py", '"""', '"""Truly. '),
            {"encode": 2, "run": 2},
            id="encoder",
        ),
        pytest.param(pin, {"fetch": 1, **ONE}, id="pin"),
        pytest.param(
            replaced("algorithms/delays.py", '"""', '"""Truly. '),
            {"kernels": 1, "run": 3},
            id="what computes",
        ),
    ],
)
def test_a_change_runs_what_depends_on_it_and_nothing_else(finished, change, expected):
    mirror = finished.config["mirror"]
    before = change(finished)
    try:
        assert finished.jobs() == expected
    finally:
        finished.config["mirror"] = mirror
        if before:
            path, text = before
            path.write_text(text, encoding="utf-8")
