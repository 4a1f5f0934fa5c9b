"""Encoded corpora: a folder of memory-mapped arrays and one JSON file that describes them.

    <folder>/corpus.json          what it is: task, name, counts, digest of the arrays
    <folder>/<split>.<array>.npy  one array a file, read with mmap, never with pickle

The arrays are the task's own (`algorithms/tasks/`); this module only stores and checks them.
"""

import hashlib
import json
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import whole_folder

FORMAT = 1


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


def save(folder, about, arrays, texts=None):
    """Write an encoded corpus, whole or not at all.

    Parameters
    ----------
    folder : path-like
        Where to; replaced if it is there.
    about : dict
        Goes into corpus.json, with `format` and `digest` added.
    arrays : dict of str to numpy.ndarray
        "<split>.<array>" to its values.
    texts : dict of str to iterable of str, optional
        File name to lines, for people to look at; part of no computation.
    """
    save_in_parts(folder, about, [arrays], texts)


def save_in_parts(folder, about, parts, texts=None):
    """Write an encoded corpus that need not fit into memory, whole or not at all.

    Parameters
    ----------
    folder, about, texts
        As for `save`.
    parts : iterable of dict of str to numpy.ndarray
        Each array is what the parts have by its name, joined along the first axis.
    """
    with whole_folder(folder) as part:
        with ExitStack() as stack:
            files = {}
            for arrays in parts:
                for name, values in arrays.items():
                    if name not in files:
                        file = stack.enter_context(open(part / f"{name}.npy", "wb"))
                        files[name] = _GrowingArray(file, values)
                    files[name].append(values)
            for file in files.values():
                file.close()
        for name, lines in (texts or {}).items():
            with open(part / name, "w", encoding="utf-8") as file:
                file.writelines(f"{line}\n" for line in lines)
        about = {"format": FORMAT, **about, "digest": digest(_open_arrays(part))}
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        # A name of a file that is not UTF-8 has surrogates, which become JSON's escapes of them.
        (part / "corpus.json").write_text(text, encoding="utf-8", errors="backslashreplace")


class _GrowingArray:
    """A .npy file whose first axis grows; numpy's headers have room for any length."""

    def __init__(self, file, like):
        like = np.asarray(like)
        if like.dtype.hasobject:
            raise ValueError("Object arrays cannot be saved: they would need pickle")
        self._file, self._like, self._length = file, np.atleast_1d(like)[:0], 0
        self._write_header()

    def append(self, values):
        values = np.ascontiguousarray(values)
        if (values.dtype, values.shape[1:]) != (self._like.dtype, self._like.shape[1:]):
            message = f"a part of type {values.dtype} and shape {values.shape} cannot be joined"
            raise ValueError(f"{message} to one of {self._like.dtype} and {self._like.shape}")
        self._length += len(values)
        self._file.write(values.data)

    def close(self):
        self._file.seek(0)
        self._write_header()

    def _write_header(self):
        header = {
            "descr": np.lib.format.dtype_to_descr(self._like.dtype),
            "fortran_order": False,
            "shape": (self._length, *self._like.shape[1:]),
        }
        np.lib.format.write_array_header_1_0(self._file, header)


def load(folder):
    """Open an encoded corpus.

    Parameters
    ----------
    folder : path-like
        What `save` wrote.

    Returns
    -------
    EncodedCorpus

    Raises
    ------
    StalenessError
        If the folder is not an encoded corpus of this format.
    """
    folder = Path(folder)
    try:
        about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
        if not isinstance(about, dict) or about.get("format") != FORMAT:
            raise ValueError(f"corpus.json is not of format {FORMAT}")
        arrays = _open_arrays(folder)
    except (OSError, ValueError, EOFError) as error:
        raise StalenessError(
            f"{folder}: not an encoded corpus ({error}): make it with 'staleness encode'"
        ) from error
    return EncodedCorpus(about, arrays, folder.resolve())


def _open_arrays(folder):
    """Return the arrays of a folder as read-only memory maps, by name."""
    return {
        path.name.removesuffix(".npy"): np.load(path, mmap_mode="r", allow_pickle=False)
        for path in sorted(folder.glob("*.npy"))
    }


def digest(arrays):
    """Return the SHA-256 of named arrays: their names, types, shapes and bytes, in name order."""
    sha256 = hashlib.sha256()
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        sha256.update(f"{name} {values.dtype.str} {values.shape}\n".encode())
        sha256.update(values)
    return sha256.hexdigest()
