"""Files and folders that are written whole or not at all.

What a killed process had begun keeps a hidden name, with the machine and the process in it; who
next writes the same file or folder removes it.
"""

import os
import re
import shutil
import signal
import socket
import sys
import tempfile
import threading
from contextlib import contextmanager, suppress
from pathlib import Path

from staleness.algorithms.errors import StalenessError

HOST = re.sub(r"\W+", "-", socket.gethostname())


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
    remove_abandoned(path)
    with naming(path):
        prefix = f".{path.name}.{HOST}-{os.getpid()}."
        part = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=path.parent))
        try:
            part.chmod(0o755)
            yield part
            _replace_folder(path, part)
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

    Raises
    ------
    StalenessError
        If it is no name for a file.
    """
    path = Path(path)
    if path.name in {"", ".."} or path.is_dir():
        raise StalenessError(f"{path}: is a folder, expected a file to write: give it a name")
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path)
    part = path.with_name(f".{path.name}.{HOST}-{os.getpid()}.part{path.suffix}")
    with naming(path):
        try:
            yield part
            os.replace(part, path)
        finally:
            part.unlink(missing_ok=True)


@contextmanager
def naming(path):
    """Name a file or folder in errors of the block that name none, such as those of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def remove_abandoned(path):
    """Remove what processes that are no longer there had begun of a file or folder.

    Parameters
    ----------
    path : path-like
        What was to be made.
    """
    path = Path(path)
    name = re.compile(
        rf"\.{re.escape(path.name)}\.{re.escape(HOST)}-(?P<pid>\d+)\.(\w+\.)?(part|old)"
        rf"({re.escape(path.suffix)})?"
    )
    for other in path.parent.iterdir() if path.parent.is_dir() else ():
        match = name.fullmatch(other.name)
        if match is None or _is_alive(int(match["pid"])):
            continue
        if other.is_dir():
            shutil.rmtree(other, ignore_errors=True)
        else:
            with suppress(OSError):
                other.unlink()


def _is_alive(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass  # somebody else's
    return True


def _replace_folder(path, part):
    """Put a folder in the place of another, which a rename replaces only if it is empty."""
    try:
        os.rename(part, path)
    except OSError:
        if not path.is_dir():
            raise
        old = part.with_suffix(".old")
        os.rename(path, old)
        try:
            os.rename(part, path)
        except BaseException:
            os.rename(old, path)
            raise
        shutil.rmtree(old)


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

    And SIGHUP, that of a terminal that is closed, unless it is ignored, as under `nohup`. Only the
    main thread may set signal handlers; in others nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = [
        number
        for number in (signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) is not signal.SIG_IGN
    ]
    before = [signal.signal(number, _leave) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


def _leave(number, frame):
    sys.exit(128 + number)
