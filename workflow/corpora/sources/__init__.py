"""Where a corpus can come from: one file a kind of source, found by its class.

A source gives bytes and nothing else: no archive is unpacked by the paths it holds, and no package
is installed or run. What it gives is believed only after its SHA-256 has been checked (`fetch`).
"""

import subprocess
import sys
from abc import ABC, abstractmethod
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory

from staleness.algorithms.components import discover
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.archives import open_archive
from staleness.workflow.environment import for_clients


class SourceError(StalenessError):
    """A source that cannot give a corpus; the next one is tried."""


class Source(ABC):
    """A place to get the members of a corpus from.

    Attributes
    ----------
    name : str
        The kind of source, `kind` in the registry.
    """

    name: str

    @abstractmethod
    def open(self):
        """Return a context manager that gives a function to open members.

        The function takes a member's path and returns a binary file. Both raise `SourceError`
        where the source or the member is not to be had.
        """

    @property
    def vouches(self):
        """Whether it has checked what it gives: members that have no SHA-256 are believed then."""
        return False

    @abstractmethod
    def record(self):
        """Return what source.json keeps of it: a dict that is the same on every machine."""


class ArchiveSource(Source):
    """An archive to be downloaded; kinds for the registry are subclasses, as dataclasses.

    The fields of the dataclass, str or int, are the keys of a `[[sources]]` table; those with a
    default may be left out. `str()` of it says briefly which archive it is.

    Attributes
    ----------
    prefix : str
        What stands before a member's path inside the archive.
    """

    prefix: str

    @abstractmethod
    def matches(self, file_name):
        """Tell whether a file of this name is the archive."""

    @abstractmethod
    def download(self, folder):
        """Put the archive into an empty folder, or raise `SourceError`."""

    @contextmanager
    def open(self):
        """Download the archive to a temporary folder and open it; see `Source.open`."""
        with TemporaryDirectory(prefix="staleness-") as folder:
            self.download(Path(folder))
            archive = self.find(folder)
            if archive is None:
                raise SourceError("the download left no such archive")
            with self.open_file(archive) as member:
                yield member

    @contextmanager
    def open_file(self, archive):
        """Open the archive where it lies on disk; see `Source.open`."""
        with open_archive(archive, SourceError) as member:
            yield lambda path: member(self.prefix + path)

    def find(self, folder):
        """Return the path of the archive in a folder, None if it is not there."""
        matching = (path for path in Path(folder).iterdir() if self.matches(path.name))
        return min((path for path in matching if path.is_file()), default=None)

    def record(self):
        """Return the kind and the fields; see `Source.record`."""
        return {"kind": self.name, **asdict(self)}


def kinds():
    """Return the kinds of source that the registry may name: names to dataclasses."""
    return discover(sys.modules[__name__], ArchiveSource)


def run_client(name, command, folder, reason):
    """Run the client of a package registry in a folder that also gets its temporary files.

    Parameters
    ----------
    name : str
        What errors call it.
    command : list of str
    folder : pathlib.Path
        All that it leaves goes with this folder, even if it is killed.
    reason : callable
        Takes the lines that it wrote to standard error; returns the one that says why it failed,
        or None.

    Raises
    ------
    SourceError
        If it failed.
    """
    try:
        finished = subprocess.run(
            command,
            cwd=folder,
            env={**for_clients(), "TMPDIR": str(folder)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
    except OSError as error:
        raise SourceError(f"cannot run {name} ({error})") from error
    if finished.returncode < 0:
        raise SourceError(f"{name} was ended by signal {-finished.returncode}")
    if finished.returncode:
        lines = finished.stderr.decode("utf-8", "replace").split("\n")
        said = reason([line.strip() for line in lines if line.strip()]) or "it said nothing"
        raise SourceError(f"{name} failed with status {finished.returncode}: {said}")
