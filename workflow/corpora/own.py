"""Corpora that are not as the registry has them: a user's own files, or other options."""

import itertools
from dataclasses import dataclass

from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.encoders import encoder, encoders, origin_of
from staleness.workflow.corpora.formats import check_files, file_key, formats
from staleness.workflow.store.digests import file_digest


def file_options():
    """Return what files are called on the command line and in the config.

    Returns
    -------
    dict of str to str
        The name ("dev", "source") to the `file_key` ("dev", "train-source"). Parts are those of
        the training split.
    """
    splits = dict.fromkeys(split for kind in encoders().values() for split in kind.splits)
    parts = dict.fromkeys(part for kind in formats().values() for part in kind.parts if part)
    return {split: split for split in splits} | {part: file_key("train", part) for part in parts}


@dataclass(frozen=True)
class Configured:
    """A corpus as a config names it.

    Attributes
    ----------
    name : str
        What the config calls it.
    corpus : str
        What is encoded: a registered corpus, or the user's own of this name.
    format : type or None
        Its `Format`; None if it is sampled.
    encoder : type
        Its `Encoder`.
    files : dict of str to str
        The user's own, by the names of `file_options`; empty for a registered corpus.
    options : dict
        Of the encoder, where they are not the corpus's own.
    """

    name: str
    corpus: str
    format: type | None
    encoder: type
    files: dict
    options: dict

    @classmethod
    def read(cls, name, corpora):
        """Return the corpus of a name.

        Parameters
        ----------
        name : str
        corpora : dict
            `corpora` of the config: name to format, files and options, or to `corpus`, another
            corpus, and options.

        Raises
        ------
        StalenessError
            If there is no such corpus, or its files or options make no sense.
        """
        table = corpora.get(name, {})
        if table and name in registry.entries():
            raise StalenessError(f"{name} is a registered corpus: give your own another name")
        corpus = table.get("corpus", name)
        own = corpora.get(corpus, {})
        if "corpus" in own:
            raise StalenessError(f"corpus {name} is made of {corpus}, which is no corpus itself")
        if not own:
            entry = registry.entry(corpus)
            format, kind = formats().get(entry.format), entry.encoder
            files, options = {}, {}
        else:
            format = choose("format", own.get("format"), formats())
            kind = encoder(format.task)
            files = {key: own[key] for key in file_options() if key in own}
            options = {key: own[key] for key in own if key not in {"format", *files}}
            check_files({file_options()[key] for key in files}, format, kind)
        if corpus != name:
            options |= {key: value for key, value in table.items() if key != "corpus"}
        kind.configure(options)
        return cls(name, corpus, format, kind, files, options)

    @property
    def task(self):
        """The task that it is for."""
        return self.encoder.name

    def fetched(self, corpora_folder):
        """Return what `staleness fetch` leaves of its text, a list; empty if nothing is fetched."""
        if self.files or self.format is None:
            return []
        return [f"{corpora_folder}/{self.corpus}/source.json"]

    def origin(self):
        """Return what decides about its arrays, beside a text that is fetched: a dict for JSON.

        A user's own files count by what they hold: however old, or new, they are.
        """
        usual = {} if self.files else registry.entry(self.corpus).options
        chosen = self.encoder.configure({**usual, **self.options})
        files = {file_options()[name]: path for name, path in self.files.items()}
        sha256 = {key: file_digest(path) for key, path in files.items()}
        return origin_of(self.corpus, self.format, chosen, files, sha256)

    def arguments(self):
        """Return the arguments of `staleness encode` that name it, without the output."""
        options = {name.replace("_", "-"): value for name, value in self.options.items()}
        given = [
            [f"--{name}" if value else f"--no-{name}"]
            if isinstance(value, bool)
            else [f"--{name}", str(value)]
            for name, value in {**self.files, **options}.items()
        ]
        if not self.files:
            return [self.corpus, *itertools.chain(*given)]
        return ["--name", self.corpus, "--format", self.format.name, *itertools.chain(*given)]
