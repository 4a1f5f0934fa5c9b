"""Writing encoded corpora, which `algorithms/arrays.py` reads."""

import json
from contextlib import ExitStack

import numpy as np

from staleness.algorithms.arrays import (
    ABOUT,
    FORMAT,
    about_digest,
    digest,
    open_arrays,
)
from staleness.workflow.store.files import whole_folder


def save(folder, about, arrays, texts=None):
    """Write an encoded corpus, whole or not at all.

    Parameters
    ----------
    folder : path-like
        Where to; replaced if it is there.
    about : dict
        Goes into corpus.json, with `format` and the digests of all arrays (`digest`), of each
        (`arrays`) and of the file itself (`about`) added.
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
        arrays = open_arrays(part)
        about = {
            "format": FORMAT,
            **about,
            "digest": digest(arrays),
            "arrays": {name: digest({name: arrays[name]}) for name in arrays},
        }
        about = json.loads(json.dumps(about))  # as it will be read
        text = json.dumps({**about, "about": about_digest(about)}, indent=1, ensure_ascii=False)
        # A name of a file that is not UTF-8 has surrogates, which become JSON's escapes of them.
        (part / ABOUT).write_text(text + "\n", encoding="utf-8", errors="backslashreplace")


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
