"""Reading members of archives as streams of bytes, never unpacking them."""

import lzma
import zipfile
import zlib
from contextlib import contextmanager

# RuntimeError is zipfile's for an encrypted member, NotImplementedError for an unknown method.
BROKEN_ZIP = (
    EOFError,
    NotImplementedError,
    RuntimeError,
    lzma.LZMAError,
    zipfile.BadZipFile,
    zlib.error,
)


@contextmanager
def open_archive(path, error):
    """Open an archive; a wheel is a zip archive.

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
        Takes the name of a member and returns a binary file.
    """
    try:
        with zipfile.ZipFile(path) as archive:

            def member(name):
                try:
                    return archive.open(name)
                except KeyError:
                    raise error(f"{path.name} has no member {name}") from None

            yield member
    except BROKEN_ZIP as reason:
        raise error(f"{path.name} is not a readable zip archive ({reason})") from reason
