"""Folders that are written whole or not at all."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path


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
        if path.exists():
            # A rename replaces only an empty folder: what was there moves into ours to be removed.
            old = part.with_suffix(".old")
            os.rename(path, old)
            os.rename(part, path)
            shutil.rmtree(old)
        else:
            os.rename(part, path)
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
