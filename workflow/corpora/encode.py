"""Text corpora into encoded arrays: whatever is missing on the way is made.

    registry entry -> DATA/corpora/NAME/<file>.txt -> DATA/encoded/NAME/*.npy

A user's own files take the place of the first two; a synthetic corpus needs neither. Both folders
are made anew only when what they were made from, or the code that made them, is no longer the same.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms import encoded
from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import refuse_foreign, remove_abandoned
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.encoders import code_digest, encoder
from staleness.workflow.corpora.fetch import fetch
from staleness.workflow.corpora.formats import check_files, file_key, formats

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
    encoder : Encoder
        What made it, with its options.
    """

    folder: Path
    about: dict
    fetched: object
    made: bool
    encoder: object


def encode(files, format, folder, name, options=None):
    """Encode a corpus; the arrays are described at the encoder of its task (`encoders`).

    Parameters
    ----------
    files : dict of str to path-like
        By split, or split and part, as in the registry: "train", "dev"; "train-source".
    format : str
        The format of the files, and so the task.
    folder : path-like
        Where to; an encoded corpus that is there is replaced.
    name : str
        What the corpus is called.
    options : dict, optional
        Of the encoder; its defaults take the place of those not given.

    Returns
    -------
    dict
        The contents of corpus.json.

    Raises
    ------
    CorpusError
        If a file is not of the format, or the files do not fit together.
    StalenessError
        If the format, the name, the files or the options make no sense.
    """
    _check_name(name)
    kind = choose("format", format, formats())
    chosen = encoder(kind.task).configure(options or {})
    return _encode(name, kind, chosen, files, folder)


def _encode(name, kind, chosen, files, folder):
    """Encode files of a `Format`, or what is sampled: then there are neither files nor format."""
    refuse_foreign(folder, {"corpus.json", *chosen.texts}, suffixes=(".npy",))
    corpora, paths, sha256 = {}, {}, {}
    if kind is not None:
        check_files(files, kind, type(chosen))
        for split in chosen.splits:
            keys = [file_key(split, part) for part in kind.parts]
            given = [files.get(key) for key in keys]
            if any(given):
                corpora[split] = kind().read(*given)
                paths[split] = next(filter(None, given))
                sha256.update(zip(keys, corpora[split].sha256, strict=True))
    chosen.check(corpora, paths)
    chosen.encode(corpora, folder, _origin(name, kind, chosen, files, sha256))
    return encoded.load(folder).about


def ensure(
    name,
    data=DATA,
    files=None,
    format=None,
    mirror=None,
    folder=None,
    options=None,
):
    """Make sure that a corpus is encoded: fetch it and encode it where that has not been done.

    Parameters
    ----------
    name : str
        A registered corpus, or what to call the corpus in `files`.
    data : path-like, optional
        The folder that has, or gets, `corpora/<name>` and `encoded/<name>`.
    files : dict of str to path-like, optional
        The user's own, as for `encode`.
    format : str, optional
        The format of `files`.
    mirror : path-like, optional
        As for `fetch`.
    folder : path-like, optional
        The encoded corpus, instead of `encoded/<name>` in `data`, or `encoded/<name>.first-<N>`
        for another number of examples than the corpus has by default.
    options : dict, optional
        As for `encode`; a registered corpus has defaults of its own.

    Returns
    -------
    Encoded

    Raises
    ------
    StalenessError
        If the corpus cannot be fetched or encoded.
    """
    _check_name(name)
    options = options or {}
    data = Path(data)
    fetched, entry, kind = None, None, None
    if files is None:
        entry = registry.entry(name)
    elif name in registry.entries():
        raise StalenessError(f"{name} is a registered corpus: give your own files another name")
    if entry is None or entry.members:
        kind = choose("format", entry.format if entry else format, formats())
    maker = entry.encoder if entry else encoder(kind.task)
    defaults = maker.configure(entry.options if entry else {})
    chosen = maker.configure({**defaults.options(), **options})
    if folder is None:
        usual = chosen.examples == defaults.examples
        folder = data / "encoded" / (name if usual else f"{name}.first-{chosen.examples}")
    folder = Path(folder)
    if entry and entry.members:
        fetched = fetch(entry, data / "corpora" / name, mirror)
        files = {key: fetched.folder / f"{key}.txt" for key in entry.members}
    if kind is not None:
        check_files(files, kind, maker)
    remove_abandoned(folder)
    about = _up_to_date(folder, files or {}, name, kind, chosen)
    made = about is None
    if made:
        about = _encode(name, kind, chosen, files or {}, folder)
    return Encoded(folder, about, fetched, made, chosen)


def _up_to_date(folder, files, name, kind, chosen):
    """Return corpus.json if the folder holds what would be made now, None otherwise."""
    # A pipe can be read only once, by the reader.
    if not all(Path(path).is_file() for path in files.values()):
        return None
    try:
        corpus = encoded.load(folder)
        sha256 = {key: _file_sha256(path) for key, path in files.items()}
    except (StalenessError, OSError):
        return None
    wanted = _origin(name, kind, chosen, files, sha256)
    if any(corpus.about.get(key) != value for key, value in wanted.items()):
        return None
    return corpus.about if corpus.about.get("digest") == encoded.digest(corpus.arrays) else None


def _origin(name, kind, chosen, files, sha256):
    """Return the part of corpus.json that says what it was made from, and by which code."""
    sources = {
        key: {"file": Path(files[key]).name, "sha256": sha256[key]}
        for key in sha256
        if key in files
    }
    return {
        "task": chosen.name,
        "corpus": name,
        "options": chosen.options(),
        "text_format": kind.name if kind else None,
        "sources": sources,
        "encoder": code_digest(type(chosen), *([kind] if kind else [])),
    }


def _file_sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_name(name):
    """Raise an error at a name that is none for a folder."""
    if not isinstance(name, str) or not registry.NAME.fullmatch(name):
        message = "expected letters, digits, dots and dashes, beginning with a letter or digit"
        raise StalenessError(f"corpus name {name!r}: {message}")
