"""Reading members of archives as streams of bytes, never unpacking them."""

import lzma
import tarfile
import zipfile
import zlib
from contextlib import contextmanager
from gzip import BadGzipFile

# RuntimeError is zipfile's for an encrypted member, NotImplementedError for an unknown method.
BROKEN = (
    BadGzipFile,
    EOFError,
    NotImplementedError,
    RuntimeError,
    lzma.LZMAError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
TAR = (".tar.gz", ".tgz")


@contextmanager
def open_archive(path, error):
    """Open an archive: a .tar.gz or .tgz, else a zip archive, such as a wheel.

    Parameters
    ----------
    path : pathlib.Path
        The archive.
    error : type
        What to raise where the archive or a member cannot be read, even later while the `with`
        block reads from a member.

    Yields
    ------
    callable
        Takes the exact name of a member and returns a binary file. In a .tar.gz that is quickest
        in the order of the archive.
    """
    kind, open_members = ("tar.gz", _tar) if path.name.endswith(TAR) else ("zip", _zip)
    try:
        with open_members(path) as find:

            def member(name):
                try:
                    return find(name)
                except KeyError:
                    raise error(f"{path.name} has no member {name}") from None

            yield member
    except BROKEN as reason:
        raise error(f"{path.name} is not a readable {kind} archive ({reason})") from reason


@contextmanager
def _zip(path):
    """Give a function that opens a member of a zip archive, or raises KeyError."""
    with zipfile.ZipFile(path) as archive:
        yield archive.open


@contextmanager
def _tar(path):
    """Give the same for a .tar.gz, read no further than the last member asked for; links are none.

    `tarfile.TarFile.getmember` would read all of it first.
    """
    with tarfile.open(path, "r:gz") as archive:
        seen = {}

        def find(name):
            while name not in seen and (member := archive.next()) is not None:
                if member.isreg():
                    seen.setdefault(member.name, member)
            return archive.extractfile(seen[name])

        yield find
