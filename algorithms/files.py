"""Files and folders that are written whole or not at all."""

import os
import shutil
import signal
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from staleness.algorithms.errors import StalenessError


@contextmanager
def whole_folder(path):
    """Give a temporary folder that takes the place of `path` only if the block succeeds.

    Parameters
    ----------
    path : path-like
        The folder to be made; one that is there already is replaced.

    Yields
    ------
    pathlib.Path
        An empty folder beside `path` (so that the last step is a rename), removed on any error.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent))
    part.chmod(0o755)
    try:
        yield part
        try:
            os.rename(part, path)
        except OSError:
            # A rename replaces only an empty folder.
            old = part.with_suffix(".old")
            os.rename(path, old)
            os.rename(part, path)
            shutil.rmtree(old)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


@contextmanager
def whole_file(path):
    """Give the name of a temporary file that takes the place of `path` if the block succeeds.

    Parameters
    ----------
    path : path-like
        The file to be made; one that is there already is replaced.

    Yields
    ------
    pathlib.Path
        A name beside `path`, with the same suffix.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.stem}.{os.getpid()}.part{path.suffix}")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def refuse_foreign(folder, expected, suffixes=()):
    """Raise an error if a folder that is about to be replaced holds anything of somebody else's.

    Parameters
    ----------
    folder : path-like
        The folder; it need not exist.
    expected : set of str
        The names of the files that it may hold.
    suffixes : tuple of str, optional
        Other files it may hold end so.
    """
    folder = Path(folder)
    if (
        folder.name in {"", ".."}
        or folder.is_symlink()
        or (folder.exists() and not folder.is_dir())
    ):
        message = "is not a folder of its own, and would be replaced"
        raise StalenessError(f"{folder}: {message}: move it away or choose another")
    for path in sorted(folder.iterdir()) if folder.exists() else ():
        ours = path.name in expected or path.name.endswith(tuple(suffixes))
        if path.is_dir() or not ours:
            message = f"holds {path.name!r}, which is not ours to replace"
            raise StalenessError(f"{folder}: {message}: choose an empty or a new folder")


@contextmanager
def termination_unwinds():
    """Let SIGTERM leave the block like an exception, so that what is half done is removed.

    Only the main thread may set signal handlers; in others nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
