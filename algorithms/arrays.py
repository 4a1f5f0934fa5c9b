"""Encoded corpora as runs read them: a folder of memory-mapped arrays and a JSON file about them.

    <folder>/corpus.json          task, name, counts, digests of the arrays and of the file itself
    <folder>/<split>.<array>.npy  one array a file, read with mmap, never with pickle

The arrays are the task's own (`algorithms/tasks/`). `workflow/store/encoded.py` writes them.
"""

import hashlib
import json
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json

FORMAT = 2
ABOUT = "corpus.json"


@dataclass(frozen=True)
class EncodedCorpus:
    """An encoded corpus.

    Attributes
    ----------
    about : dict
        The contents of corpus.json: at least `format`, `task`, `corpus` and `digest`.
    arrays : dict of str to numpy.ndarray
        "<split>.<array>" to a read-only memory map.
    folder : pathlib.Path or None
        Where it was loaded from.
    """

    about: dict
    arrays: dict
    folder: Path | None = None

    def __getitem__(self, name):
        return self.arrays[name]


def load(folder, check=True):
    """Open an encoded corpus.

    Parameters
    ----------
    folder : path-like
        What `staleness.workflow.store.encoded.save` wrote.
    check : bool, optional
        Whether all that it holds is compared with its digests, of which 50 MB take milliseconds;
        without, only by its length.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    StalenessError
        If the folder is not an encoded corpus of this format, or a file is not as it was written.
    """
    folder = Path(folder)
    try:
        about = read_json(folder / ABOUT)
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise ValueError(f"{ABOUT} is not of format {FORMAT}")
        arrays = open_arrays(folder)
    except (OSError, ValueError) as error:
        raise StalenessError(
            f"{folder}: not an encoded corpus ({error}): make it with 'staleness encode'"
        ) from error
    if about.get("about") != about_digest(about):
        raise _damaged(folder / ABOUT)
    names = {*about["arrays"], *arrays}
    for name in sorted(names):
        expected = about["arrays"].get(name)
        if name not in arrays or (check and digest({name: arrays[name]}) != expected):
            raise _damaged(folder / f"{name}.npy")
    return EncodedCorpus(about, arrays, folder.resolve())


def _damaged(path):
    return StalenessError(
        f"{path}: not as it was written: make the corpus anew with 'staleness encode'"
    )


def open_arrays(folder):
    """Return the arrays of a folder as read-only memory maps, by name."""
    paths = sorted(Path(folder).glob("*.npy"))
    return {path.name.removesuffix(".npy"): _opened(path) for path in paths}


def _opened(path):
    """Return the array of a file as a read-only memory map, if the file is that and no more."""
    try:
        # The header is read as Python: what is wrong with it may be any error that Python's parsers
        # know, and a warning where it is of Python 2.
        with warnings.catch_warnings(action="error", category=UserWarning):
            array = np.lib.format.open_memmap(path, mode="r")
    except OSError:
        raise
    except Exception as error:
        raise _damaged(path) from error
    if path.stat().st_size != array.offset + array.nbytes:
        raise _damaged(path)
    return array


def digest(arrays):
    """Return the SHA-256 of named arrays: their names, types, shapes and bytes, in name order."""
    sha256 = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        sha256.update(values)
    return sha256.hexdigest()


def about_digest(about):
    """Return the SHA-256 of what corpus.json says, without the digest itself."""
    said = {name: value for name, value in about.items() if name != "about"}
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
