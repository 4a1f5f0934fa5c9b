"""Files and folders that are written whole or not at all.

What is being written lies in a hidden folder, which its process holds a lock of the kernel on: that
goes with the process, however it ends. Who next writes the same file or folder removes what nobody
holds any more. A kernel knows of its own locks only, whatever machines, containers and name spaces
share the file system: so the folder's name says which boot of which kernel it is of, and what is of
another one stays. Host and process stand in the name for people.
"""

import fcntl
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
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
BOOT_DIGITS = 12  # of its random 32: names may have 255 characters


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
    with _hidden_folder(path) as part:
        part.chmod(0o777 & ~_umask())
        yield part
        _replace_folder(path, part)


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
        The same name in a folder beside `path`.

    Raises
    ------
    StalenessError
        If `path` is no name for a file, or that of a device, a pipe or a folder: as root,
        /dev/null would be a file from then on.
    """
    path = Path(path)
    check_file(path)
    with _hidden_folder(path) as folder:
        part = folder / path.name
        yield part
        os.replace(part, path)


def check_file(path):
    """Raise the error of `whole_file` where it would: before something takes hours to compute."""
    path = Path(path)
    if path.name in {"", ".."} or path.is_dir():
        raise StalenessError(f"{path}: is a folder, expected a file to write: give it a name")
    if path.exists() and not path.is_file():
        raise StalenessError(f"{path}: is not a file, and would be replaced: choose another name")


@contextmanager
def _hidden_folder(path):
    """Give a hidden folder beside a path, held as long as the block lasts; it is gone afterwards.

    Errors of the block that name no file are about the path.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    remove_abandoned(path)
    with naming(path):
        folder, held = _made_and_held(path)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)
            os.close(held)


def _made_and_held(path):
    """Return a new hidden folder beside a path, and the descriptor that it is held by."""
    prefix = f".{path.name}.{HOST}-{os.getpid()}.{boot()}."
    while True:
        folder = Path(tempfile.mkdtemp(prefix=prefix, suffix=".part", dir=path.parent))
        try:
            held = os.open(folder, os.O_RDONLY)
        except FileNotFoundError:
            continue  # somebody took it for abandoned before it was held
        _hold(held)
        if _is_at(folder, held):
            return folder, held
        os.close(held)  # the same


@contextmanager
def naming(path):
    """Name a file or folder in errors of the block that name none, such as those of a full disk."""
    try:
        yield
    except OSError as error:
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise


def boot():
    """Return what tells this boot of this kernel from all others; "" where nothing does."""
    try:
        return BOOT_ID.read_text(encoding="ascii").replace("-", "")[:BOOT_DIGITS]
    except (OSError, ValueError):
        return ""


def remove_abandoned(path):
    """Remove what processes that are certainly no longer there had begun of a file or folder.

    Parameters
    ----------
    path : path-like
        What was to be made.
    """
    path = Path(path)
    name = re.compile(
        rf"\.{re.escape(path.name)}\.[\w-]+-\d+\.{re.escape(boot())}\.\w+\.(part|old)"
    )
    if not boot() or not path.parent.is_dir():
        return
    for other in path.parent.iterdir():
        if name.fullmatch(other.name):
            _remove_unless_held(other)


def _umask():
    """Return what the user denies of new files; it can only be asked by setting it."""
    umask = os.umask(0o077)
    os.umask(umask)
    return umask


def _remove_unless_held(folder):
    try:
        held = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return  # gone meanwhile, or not ours
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder, ignore_errors=True)
    except OSError:
        pass  # held, or of a file system without locks: then nobody can say
    finally:
        os.close(held)


def _hold(descriptor):
    """Lock an open folder, where its file system knows locks."""
    with suppress(OSError):
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _is_at(path, descriptor):
    """Return whether what is open is still what lies at a path."""
    try:
        return os.path.samestat(os.stat(path), os.fstat(descriptor))
    except OSError:
        return False


def _replace_folder(path, part):
    """Put a folder in the place of another, which a rename replaces only if it is empty."""
    try:
        os.rename(part, path)
    except OSError:
        if not path.is_dir():
            raise
        old = part.with_suffix(".old")
        held = os.open(path, os.O_RDONLY)
        try:
            _hold(held)
            os.rename(path, old)
            try:
                os.rename(part, path)
            except BaseException:
                os.rename(old, path)
                raise
            shutil.rmtree(old)
        finally:
            os.close(held)


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
        or os.path.ismount(folder)
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
