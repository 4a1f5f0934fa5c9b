"""Text corpora into encoded arrays: whatever is missing on the way is made.

    registry entry -> DATA/corpora/NAME/<file>.txt -> DATA/encoded/NAME/*.npy

A user's own files take the place of the first two; a synthetic corpus needs neither. Both folders
are made anew only when what they were made from, or the code that made them, is no longer the same.
What is made of a user's own files has a folder of its own for each such origin, as nothing else
tells them apart; and of several that want the same folder, one makes it and the others wait.
"""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

from staleness.algorithms.arrays import ABOUT, EncodedCorpus, load
from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.encoders import encoder, encoders, origin_of
from staleness.workflow.corpora.fetch import fetch
from staleness.workflow.corpora.formats import check_files, file_key, formats
from staleness.workflow.store.digests import sha256_of
from staleness.workflow.store.files import refuse_foreign, remove_abandoned
from staleness.workflow.store.locks import alone

DATA = Path("results")
DIGITS = 12  # of the digest in a folder's name


@dataclass(frozen=True)
class Encoded:
    """What `ensure` found or made.

    Attributes
    ----------
    corpus : EncodedCorpus
        Opened before anybody else could put another in its place.
    folder : pathlib.Path
        Where it is.
    fetched : Fetched or None
        How the text was got; None for files of the user's own.
    made : bool
        Whether it was encoded now; otherwise it was there already.
    encoder : Encoder
        What made it, with its options.
    """

    corpus: EncodedCorpus
    folder: Path
    fetched: object
    made: bool
    encoder: object

    @property
    def about(self):
        """The contents of its corpus.json."""
        return self.corpus.about


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
    _refuse_others(folder)
    text = _Text.read(kind, chosen, files)
    origin = origin_of(name, kind, chosen, files, text.sha256)
    return _encode(origin, chosen, text, folder).about


@dataclass(frozen=True)
class _Text:
    """What was read of the files of a corpus; nothing where it is sampled."""

    corpora: dict  # by split, as the format returns them
    paths: dict  # by split, the first file
    sha256: dict  # by file, of the bytes that were read

    @classmethod
    def read(cls, kind, chosen, files):
        """Read files of a `Format`, and raise an error if they cannot be encoded together."""
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
        return cls(corpora, paths, sha256)


def _encode(origin, chosen, text, folder):
    """Encode what was read, and return the corpus."""
    _refuse_others(folder)
    chosen.encode(text.corpora, folder, origin)
    return load(folder)


def _refuse_others(folder):
    """Raise an error if a folder holds anything but what encoders leave, whatever the task."""
    texts = set().union(*(kind.texts for kind in encoders().values()))
    refuse_foreign(folder, {ABOUT, *texts}, suffixes=(".npy",))


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
        The encoded corpus, instead of one below `encoded` in `data`: see `folder_name`; what is
        made of `files` has a digest of these, of the options and the code behind its name.
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
    chosen = maker.configure({**defaults.options(), **(options or {})})
    own = files is not None
    if entry and entry.members:
        fetched = fetch(entry, data / "corpora" / name, mirror)
        files = {key: fetched.folder / f"{key}.txt" for key in entry.members}
    files = files or {}
    if kind is not None:
        check_files(files, kind, maker)
    sha256, text = _hashes(files), None
    if sha256 is None:
        text = _Text.read(kind, chosen, files)
        sha256 = text.sha256
    origin = origin_of(name, kind, chosen, files, sha256)
    if folder is None:
        folder = data / "encoded" / folder_name(name, chosen, defaults, origin if own else None)
    folder = Path(folder)
    with alone(folder):
        remove_abandoned(folder)
        corpus = _up_to_date(folder, origin)
        made = corpus is None
        if made:
            text = text or _Text.read(kind, chosen, files)
            if origin != origin_of(name, kind, chosen, files, text.sha256):
                changed = ", ".join(map(str, files.values()))
                raise StalenessError(f"{changed}: changed while being read: run it again")
            corpus = _encode(origin, chosen, text, folder)
    return Encoded(corpus, folder, fetched, made, chosen)


def folder_name(name, chosen, defaults, origin=None):
    """Return what the folder of an encoded corpus is called unless told otherwise.

    Parameters
    ----------
    name : str
        Of the corpus.
    chosen, defaults : Encoder
        With its options, and with those that the corpus has by default.
    origin : dict, optional
        What a corpus of the user's own is made of, which the name of the corpus does not tell.
    """
    if chosen.examples != defaults.examples:
        name = f"{name}.first-{chosen.examples}"
    if origin is None:
        return name
    digest = hashlib.sha256(json.dumps(origin, sort_keys=True).encode()).hexdigest()
    return f"{name}-{digest[:DIGITS]}"


def _hashes(files):
    """Return the SHA-256 of each file, None unless all can be read twice: a pipe cannot."""
    if not all(Path(path).is_file() for path in files.values()):
        return None
    try:
        return {key: sha256_of(path) for key, path in files.items()}
    except OSError:
        return None  # who reads it says why


def _up_to_date(folder, origin):
    """Return the corpus in a folder if it is what would be made now, None otherwise."""
    try:
        corpus = load(folder)
    except StalenessError:
        return None
    same = all(corpus.about.get(key) == value for key, value in origin.items())
    return corpus if same else None


def _check_name(name):
    """Raise an error at a name that is none for a folder."""
    if not isinstance(name, str) or not registry.NAME.fullmatch(name):
        message = "expected letters, digits, dots and dashes, beginning with a letter or digit"
        raise StalenessError(f"corpus name {name!r}: {message}")
