"""Fetching a registered corpus: from the first source that gives the pinned bytes."""

import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.workflow.corpora.sources import SourceError
from staleness.workflow.corpora.sources.mirror import Mirror
from staleness.workflow.store.digests import sha256_of
from staleness.workflow.store.files import (
    refuse_foreign,
    remove_abandoned,
    termination_unwinds,
    whole_file,
    whole_folder,
)
from staleness.workflow.store.locks import alone

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
    unchecked : tuple of str
        The members whose bytes there was nothing to compare with.
    """

    folder: Path
    source: str | None
    failures: tuple = ()
    unchecked: tuple = ()


def fetch(entry, folder, mirror=None, unpinned=False):
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
    unpinned : bool, optional
        Believe also a source that nothing is known of to compare with. What came first is expected
        whenever the corpus is fetched into this folder again.

    Returns
    -------
    Fetched

    Raises
    ------
    StalenessError
        If no source gives the right bytes, the folder holds other files, or the corpus is made
        rather than fetched.
    """
    folder = Path(folder)
    if not entry.members:
        message = f"{entry.name} is sampled, so there is nothing to fetch"
        raise StalenessError(f"{message}: make it with 'staleness encode {entry.name}'")
    with alone(folder):
        return _fetch(entry, folder, mirror, unpinned)


def _fetch(entry, folder, mirror, unpinned):
    """Fetch a corpus while nobody else does; see `fetch`."""
    pins = _pins(entry, folder)
    remove_abandoned(folder)
    if intact(entry, folder):
        # A workflow that starts a job anew has removed what it knows as the job's output.
        if not (folder / RECORD).is_file():
            with whole_file(folder / RECORD) as part:
                _write_record(entry, {"kind": "already there"}, pins, part)
        return Fetched(folder, None)
    ours = {*entry.members, *_recorded(folder)}
    refuse_foreign(folder, {RECORD, *(f"{key}.txt" for key in ours)})
    failures = []
    with termination_unwinds():
        for source in _sources(entry, mirror or os.environ.get(MIRROR_VARIABLE)):
            unknown = () if source.vouches else tuple(key for key in pins if not pins[key])
            try:
                if unknown and not unpinned:
                    message = f"no SHA-256 of {', '.join(unknown)} is known"
                    raise SourceError(f"{message}, --unpinned would believe what comes")
                with whole_folder(folder) as part:
                    found = _copy_members(entry, source, pins, part)
                    _write_record(entry, source.record(), found, part / RECORD)
                return Fetched(folder, str(source), tuple(failures), unknown)
            except SourceError as error:
                failures.append(f"{source}: {error}")
    wanted = "the archive into MIRROR"
    if all(pins.values()):
        files = ", ".join(member.file for member in entry.members.values())
        wanted = f"{files} (SHA-256 as in the registry) into MIRROR/{entry.name}/, or {wanted}"
    raise StalenessError(
        f"cannot get {entry.name}: {'; '.join(failures)}: put {wanted}, and give --mirror MIRROR"
    )


def intact(entry, folder):
    """Tell whether a folder holds the corpus, every file with the right SHA-256."""
    for key, sha256 in _pins(entry, folder).items():
        path, member = Path(folder) / f"{key}.txt", entry.members[key]
        if not path.is_file() or (member.sha256 and path.stat().st_size != member.bytes):
            return False
        if sha256_of(path) != sha256:
            return False
    return True


def _pins(entry, folder):
    """Return the SHA-256 of each member: the registry's, else that of the last fetch, else ""."""
    before = _recorded(folder)
    return {key: member.sha256 or before.get(key, "") for key, member in entry.members.items()}


def _recorded(folder):
    """Return the SHA-256 of each member that the last fetch left."""
    try:
        record = read_json(Path(folder) / RECORD)
        return {key: str(member["sha256"]) for key, member in record["members"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _sources(entry, mirror):
    """Return the sources to try, in order."""
    if not mirror:
        return entry.sources
    mirror = Path(mirror)
    if not mirror.is_dir():
        message = f"mirror {mirror} is not a folder: give one that is, or unset {MIRROR_VARIABLE}"
        raise StalenessError(message)
    return (Mirror(mirror, entry.name, entry.sources), *entry.sources)


def _copy_members(entry, source, pins, folder):
    """Copy every member into `<key>.txt`, or raise `SourceError` at the first wrong one.

    Returns
    -------
    dict of str to str
        The SHA-256 of each.
    """
    found = {}
    with source.open() as open_member:
        for key, member in entry.members.items():
            with open(folder / f"{key}.txt", "wb") as file:
                streams = (open_member(path) for path in member.paths)
                found[key] = _copy(streams, file, member, pins[key])
    return found


def _copy(streams, file, member, pin):
    """Join streams, but copy no more than the member's size; check and return its SHA-256."""
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
    found = sha256.hexdigest()
    if pin not in {found, ""}:
        expected = f"{member.bytes:,} with {pin[:12]}" if member.sha256 else f"{pin[:12]}"
        raise SourceError(
            f"{member.file} is corrupt ({size:,} bytes with SHA-256 {found[:12]}..., "
            f"expected {expected}...)"
        )
    return found


def _write_record(entry, source, sha256, path):
    """Write source.json."""
    members = {
        key: {"file": f"{key}.txt", "path": member.path, "sha256": sha256[key]}
        for key, member in entry.members.items()
    }
    record = {"corpus": entry.name, "source": source, "members": members}
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
