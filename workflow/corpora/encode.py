"""Text corpora into encoded arrays: whatever is missing on the way is made.

    registry entry -> DATA/corpora/NAME/<split>.txt -> DATA/encoded/NAME/*.npy

A user's own files take the place of the first two. Both folders are made anew only when what they
were made from, or the code that made them, is no longer the same.
"""

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms import encoded
from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import refuse_foreign
from staleness.workflow.corpora import features, ner, registry
from staleness.workflow.corpora import formats as format_package
from staleness.workflow.corpora.fetch import fetch

DATA = Path("results")


@dataclass(frozen=True)
class Encoded:
    """What `ensure` found or made.

    Attributes
    ----------
    folder : pathlib.Path
        The encoded corpus, for `algorithms.encoded.load`.
    about : dict
        The contents of its corpus.json.
    fetched : Fetched or None
        How the text was got; None for files of the user's own.
    made : bool
        Whether it was encoded now; otherwise it was there already.
    """

    folder: Path
    about: dict
    fetched: object
    made: bool


def encode_ner(splits, format, folder, name, min_count=ner.MIN_COUNT):
    """Encode a corpus for named-entity recognition; the arrays are described at `ner.encode_ner`.

    Parameters
    ----------
    splits : dict of str to path-like
        The files of "train" and, where there are any, "dev" and "test".
    format : str
        The name of a format whose task is `ner`.
    folder : path-like
        Where to; an encoded corpus that is there is replaced.
    name : str
        What the corpus is called.
    min_count : int, optional
        A feature must occur as often in the training split.

    Returns
    -------
    dict
        The contents of corpus.json.

    Raises
    ------
    CorpusError
        If a file is not of the format, or the files do not fit together.
    StalenessError
        If the format, the name or `min_count` makes no sense.
    """
    _check_splits(splits)
    _check(name, min_count)
    reader = _reader(format, "ner")
    refuse_foreign(folder, {"corpus.json", "features.txt"}, suffixes=(".npy",))
    corpora = {split: reader.read(path) for split, path in splits.items()}
    ner.check(corpora, splits)
    sha256 = {split: corpus.sha256 for split, corpus in corpora.items()}
    about = _origin(name, format, splits, sha256)
    ner.encode_ner(corpora, folder, about, min_count)
    return encoded.load(folder).about


def ensure(
    name,
    data=DATA,
    splits=None,
    format=None,
    mirror=None,
    folder=None,
    min_count=ner.MIN_COUNT,
):
    """Make sure that a corpus is encoded: fetch it and encode it where that has not been done.

    Parameters
    ----------
    name : str
        A registered corpus, or what to call the corpus in `splits`.
    data : path-like, optional
        The folder that has, or gets, `corpora/<name>` and `encoded/<name>`.
    splits : dict of str to path-like, optional
        The user's own files: "train", "dev" and perhaps "test".
    format : str, optional
        The format of `splits`.
    mirror : path-like, optional
        As for `fetch`.
    folder : path-like, optional
        The encoded corpus, instead of `encoded/<name>` in `data`.
    min_count : int, optional
        As for `encode_ner`.

    Returns
    -------
    Encoded

    Raises
    ------
    StalenessError
        If the corpus cannot be fetched or encoded.
    """
    _check(name, min_count)
    data = Path(data)
    folder = Path(folder) if folder is not None else data / "encoded" / name
    fetched = None
    if splits is None:
        entry = registry.entry(name)
        if entry.task != "ner":
            raise StalenessError(f"no encoder for the task {entry.task} of {name} yet")
        fetched = fetch(entry, data / "corpora" / name, mirror)
        splits = {split: fetched.folder / f"{split}.txt" for split in entry.members}
        format = entry.format
    elif name in registry.entries():
        raise StalenessError(f"{name} is a registered corpus: give your own files another name")
    _check_splits(splits)
    _reader(format, "ner")
    about = _up_to_date(folder, splits, format, name, min_count)
    if about is not None:
        return Encoded(folder, about, fetched, made=False)
    about = encode_ner(splits, format, folder, name, min_count)
    return Encoded(folder, about, fetched, made=True)


def _up_to_date(folder, splits, format, name, min_count):
    """Return corpus.json if the folder holds what would be made now, None otherwise."""
    # A pipe can be read only once, by the reader.
    if not all(Path(path).is_file() for path in splits.values()):
        return None
    try:
        corpus = encoded.load(folder)
        sha256 = {split: _file_sha256(path) for split, path in splits.items()}
    except (StalenessError, OSError):
        return None
    wanted = {**_origin(name, format, splits, sha256), "task": "ner", "min_count": min_count}
    if any(corpus.about.get(key) != value for key, value in wanted.items()):
        return None
    return corpus.about if corpus.about.get("digest") == encoded.digest(corpus.arrays) else None


def _origin(name, format, splits, sha256):
    """Return the part of corpus.json that says what it was made from, and by which code."""
    sources = {
        split: {"file": Path(splits[split]).name, "sha256": sha256[split]}
        for split in ner.SPLITS
        if split in splits
    }
    return {"corpus": name, "text_format": format, "sources": sources, "encoder": _code(format)}


def _code(format):
    """Return a digest of the code that reads and encodes."""
    reader = sys.modules[format_package.formats()[format].__module__]
    sha256 = hashlib.sha256()
    for module in (features, ner, format_package, reader):
        sha256.update(Path(module.__file__).read_bytes())
    return sha256.hexdigest()[:16]


def _file_sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _reader(format, task):
    """Return a reader of the format, which must be one for the task."""
    known = {name: kind for name, kind in format_package.formats().items() if kind.task == task}
    return choose(f"format for the task {task}", format, known)()


def _check(name, min_count):
    """Raise an error at a name that is none for a folder, or a `min_count` that is no count."""
    if not isinstance(name, str) or not registry.NAME.fullmatch(name):
        message = "expected letters, digits, dots and dashes, beginning with a letter or digit"
        raise StalenessError(f"corpus name {name!r}: {message}")
    if not isinstance(min_count, int) or min_count < 1:
        raise StalenessError(f"min_count is {min_count}: expected an integer of at least 1")


def _check_splits(splits):
    if "train" not in splits or not set(splits) <= set(ner.SPLITS):
        given = ", ".join(splits) or "none"
        message = f"expected train and, where there are any, {' and '.join(ner.SPLITS[1:])}"
        raise StalenessError(f"splits given: {given}; {message}")
