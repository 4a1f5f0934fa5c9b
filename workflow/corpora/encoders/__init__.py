"""Encoders: how the corpora of a task become arrays. One file a task, found by its class."""

import dataclasses
import hashlib
import importlib
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from types import UnionType
from typing import ClassVar, get_args

from staleness.algorithms.components import choose, discover
from staleness.algorithms.errors import StalenessError

MOST = 2**31 - 1  # of any number: arrays hold numbers of 32 bits


def option(default, help, letter=None, least=None):
    """Return a field of an encoder: an option of the command line, the registry and the config.

    Parameters
    ----------
    default : int, bool or None
    help : str
        One line for `--help`.
    letter : str, optional
        What stands for the value there ("N"); none for what is true or false.
    least : int, optional
        The smallest value allowed.
    """
    about = {"help": help, "letter": letter, "least": least}
    return dataclasses.field(default=default, metadata=about)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Encoder(ABC):
    """An encoder; subclasses are frozen dataclasses, their fields (made by `option`) its options.

    Attributes
    ----------
    name : str
        The task.
    corpus : str
        The corpus that the task runs on unless told otherwise.
    format : str
        The format of a user's own files unless told otherwise.
    splits, needed : tuple of str
        The splits that it knows, and those that must be there.
    texts : frozenset of str
        The text files that `encode` leaves beside the arrays.
    modules : tuple of module
        What decides about the arrays besides its own module and that of the format.
    """

    name: ClassVar[str]
    corpus: ClassVar[str]
    format: ClassVar[str]
    splits: ClassVar[tuple[str, ...]] = ("train",)
    needed: ClassVar[tuple[str, ...]] = ("train",)
    texts: ClassVar[frozenset[str]] = frozenset()
    modules: ClassVar[tuple] = ()

    examples: int | None = option(
        None, "only the first N examples of the training split, after cleaning", "N", least=1
    )

    @classmethod
    def configure(cls, values):
        """Return the encoder with some options set.

        Parameters
        ----------
        values : dict of str to int or bool
            By the names of the fields.

        Raises
        ------
        StalenessError
            If there is no such option, or the value makes no sense.
        """
        known = {field.name: field for field in dataclasses.fields(cls)}
        for name, value in values.items():
            if name not in known:
                message = f"no option '{name}' for this corpus of task {cls.name}"
                raise StalenessError(f"{message}: choose from {', '.join(known)}")
            _check_value(name, value, known[name])
        return cls(**values)

    def options(self):
        """Return the options, as corpus.json keeps them."""
        return dataclasses.asdict(self)

    @abstractmethod
    def check(self, corpora, paths):
        """Raise an error if these splits cannot be encoded together.

        Parameters
        ----------
        corpora : dict of str to object
            Each split as its format's `read` returned it.
        paths : dict of str to path-like
            The file, or the first file, that each split was read from.

        Raises
        ------
        CorpusError
        """

    @abstractmethod
    def encode(self, corpora, folder, about):
        """Write the arrays of splits into a folder, by `staleness.workflow.store.encoded.save`.

        Parameters
        ----------
        corpora : dict of str to object
            Splits that passed `check`.
        folder : path-like
            Where to; an encoded corpus that is there is replaced.
        about : dict
            What else goes into corpus.json.
        """

    @classmethod
    @abstractmethod
    def describe(cls, about):
        """Yield lines that tell people what is in an encoded corpus, from its corpus.json."""


def encoders():
    """Return the encoders found: the names of their tasks to their classes."""
    return discover(sys.modules[__name__], Encoder)


def encoder(task):
    """Return the encoder class of a task, or raise an error that lists the tasks."""
    return choose("task with corpora", task, encoders())


def code_files(*components):
    """Return the files with the code of encoders or formats, and of what they name as theirs.

    Parameters
    ----------
    *components : type
        Classes with the attribute `modules`.

    Returns
    -------
    list of pathlib.Path
        Those of each component and of the packages they lie in, none twice.
    """
    names = []
    for component in components:
        package = component.__module__.rpartition(".")[0]
        names += [package, component.__module__, *(m.__name__ for m in component.modules)]
    return [Path(importlib.import_module(name).__file__) for name in dict.fromkeys(names)]


def code_digest(*components):
    """Return a digest of `code_files`, a str."""
    sha256 = hashlib.sha256()
    for path in code_files(*components):
        sha256.update(path.read_bytes())
    return sha256.hexdigest()[:16]


def origin_of(name, kind, chosen, files, sha256):
    """Return what an encoded corpus is made of and by which code: the part of corpus.json on it.

    Parameters
    ----------
    name : str
        Of the corpus.
    kind : type or None
        The `Format` of its text; None if it is sampled.
    chosen : Encoder
        With its options.
    files : dict of str to path-like
        By `file_key`.
    sha256 : dict of str to str
        Of these files' bytes.
    """
    return {
        "task": chosen.name,
        "corpus": name,
        "options": chosen.options(),
        "text_format": kind.name if kind else None,
        "sources": {
            key: {"file": Path(files[key]).name, "sha256": sha256[key]}
            for key in sha256
            if key in files
        },
        "encoder": code_digest(type(chosen), *([kind] if kind else [])),
    }


def _check_value(name, value, field):
    """Raise an error if an option cannot have this value."""
    kinds = get_args(field.type) if isinstance(field.type, UnionType) else (field.type,)
    least = field.metadata["least"]
    # True is an int to Python.
    number = least is not None and value is not None
    if type(value) not in kinds or (number and not least <= value <= MOST):
        wanted = "true or false" if bool in kinds else "an integer"
        wanted += f" of at least {least} and at most {MOST:,}" if least is not None else ""
        raise StalenessError(f"{name} is {value}: expected {wanted}")
