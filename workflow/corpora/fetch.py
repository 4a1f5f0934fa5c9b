"""Fetching a registered corpus: from the first source that gives the pinned bytes."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import (
    refuse_foreign,
    termination_unwinds,
    whole_file,
    whole_folder,
)
from staleness.workflow.corpora.sources import SourceError
from staleness.workflow.corpora.sources.mirror import Mirror

RECORD = "source.json"
MIRROR_VARIABLE = "STALENESS_MIRROR"
CHUNK = 1 << 20


@dataclass(frozen=True)
class Fetched:
    """What `fetch` did.

    Attributes
    ----------
    folder : pathlib.Path
        Where the corpus is.
    source : str or None
        Where it came from; None if it was there already.
    failures : tuple of str
        The sources tried before that, and why they did not do.
    """

    folder: Path
    source: str | None
    failures: tuple = ()


def fetch(entry, folder, mirror=None):
    """Put the files of a corpus into a folder, unless they are there.

    Parameters
    ----------
    entry : Entry
        The corpus.
    folder : path-like
        Gets `<key>.txt` for every member and `source.json`, whole or not at all.
    mirror : path-like, optional
        A folder to look in before anything is downloaded (`sources.mirror`); by default that of
        the environment variable STALENESS_MIRROR, if any.

    Returns
    -------
    Fetched

    Raises
    ------
    StalenessError
        If no source gives the right bytes, or the folder holds other files.
    """
    folder = Path(folder)
    if intact(entry, folder):
        # A workflow that starts a job anew has removed what it knows as the job's output.
        if not (folder / RECORD).is_file():
            with whole_file(folder / RECORD) as part:
                _write_record(entry, {"kind": "already there"}, part)
        return Fetched(folder, None)
    refuse_foreign(folder, {RECORD, *(f"{split}.txt" for split in entry.members)})
    failures = []
    with termination_unwinds():
        for source in _sources(entry, mirror or os.environ.get(MIRROR_VARIABLE)):
            try:
                with whole_folder(folder) as part:
                    _copy_members(entry, source, part)
                    _write_record(entry, source.record(), part / RECORD)
                return Fetched(folder, str(source), tuple(failures))
            except SourceError as error:
                failures.append(f"{source}: {error}")
    files = ", ".join(member.file for member in entry.members.values())
    raise StalenessError(
        f"cannot get {entry.name}: {'; '.join(failures)}: put {files} (SHA-256 as in the registry) "
        f"into MIRROR/{entry.name}/, or the archive into MIRROR, and give --mirror MIRROR"
    )


def intact(entry, folder):
    """Tell whether a folder holds the corpus, every file with the right SHA-256."""
    for split, member in entry.members.items():
        path = Path(folder) / f"{split}.txt"
        if not path.is_file() or path.stat().st_size != member.bytes:
            return False
        with open(path, "rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != member.sha256:
                return False
    return True


def _sources(entry, mirror):
    """Return the sources to try, in order."""
    if not mirror:
        return entry.sources
    mirror = Path(mirror)
    if not mirror.is_dir():
        message = f"mirror {mirror} is not a folder: give one that is, or unset {MIRROR_VARIABLE}"
        raise StalenessError(message)
    return (Mirror(mirror, entry.name, entry.sources), *entry.sources)


def _copy_members(entry, source, folder):
    """Copy every member into `<key>.txt`, or raise `SourceError` at the first wrong one."""
    with source.open() as open_member:
        for key, member in entry.members.items():
            with open(folder / f"{key}.txt", "wb") as file:
                _copy((open_member(path) for path in member.paths), file, member)


def _copy(streams, file, member):
    """Join streams, but copy no more than the member's size, and check its SHA-256."""
    sha256 = hashlib.sha256()
    size = 0
    for stream in streams:
        with stream:
            while chunk := stream.read(min(CHUNK, member.bytes + 1 - size)):
                size += len(chunk)
                sha256.update(chunk)
                file.write(chunk)
                if size > member.bytes:
                    message = f"is larger than the {member.bytes:,} bytes expected"
                    raise SourceError(f"{member.file} {message}")
    if sha256.hexdigest() != member.sha256:
        found = sha256.hexdigest()[:12]
        expected = f"expected {member.bytes:,} with {member.sha256[:12]}..."
        raise SourceError(
            f"{member.file} is corrupt ({size:,} bytes with SHA-256 {found}..., {expected})"
        )


def _write_record(entry, source, path):
    """Write source.json."""
    members = {
        split: {"file": f"{split}.txt", "path": member.path, "sha256": member.sha256}
        for split, member in entry.members.items()
    }
    record = {"corpus": entry.name, "source": source, "members": members}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
