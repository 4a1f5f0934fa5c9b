"""`staleness encode`: turn a corpus into arrays."""

import argparse
import dataclasses
from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.commands import Command
from staleness.workflow.commands.fetch import add_place_options, tell
from staleness.workflow.corpora.encode import ensure, folder_name
from staleness.workflow.corpora.encoders import Encoder, encoder, encoders
from staleness.workflow.corpora.formats import formats, missing_files
from staleness.workflow.corpora.own import file_options
from staleness.workflow.corpora.synthetic import models


class Encode(Command):
    """Encodes a registered corpus, fetching it where need be, or files of the user's own."""

    name = "encode"
    help = "turn a corpus into arrays: a registered one, or files of your own"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument(
            "corpus", nargs="?", metavar="NAME", help="a corpus of 'staleness corpora'"
        )
        own = parser.add_argument_group("files of your own")
        add_own_options(own)
        own.add_argument("--name", help="what to call your own corpus")
        group = parser.add_argument_group("encoding")
        add_encoder_options(group, encoder_options({**encoders(), **models()}))
        group.add_argument(
            "--out", metavar="DIR", type=Path, help="the folder to make, instead of encoded/NAME"
        )
        add_place_options(parser)

    def run(self, options):
        """Encode it and say what came of it."""
        made = ensure_from_options(options)
        about = made.about
        if made.fetched is not None:
            tell(about["corpus"], made.fetched)
        done = "encoded into" if made.made else "already encoded, in"
        print(f"{about['corpus']}: {done} {made.folder}")
        for line in made.encoder.describe(about):
            print(f"{about['corpus']}: {line}")


def add_own_options(group):
    """Declare a user's own files and their format."""
    for name, key in file_options().items():
        having = [kind.name for kind in formats().values() if name in kind.parts]
        help = f"{name} of your own train split ({', '.join(having)})"
        if name == key:
            help = f"your own {name} split"
        group.add_argument(f"--{name}", metavar="FILE", type=Path, help=help)
    group.add_argument("--format", choices=tuple(formats()), help="the format of your own files")


def own_files(options):
    """Return the user's own files among the options of `add_own_options`, by `file_key`."""
    given = {key: getattr(options, name) for name, key in file_options().items()}
    return {key: path for key, path in given.items() if path is not None}


def missing_options(files, format):
    """Return the options of files that a format needs besides those given, a list of str."""
    kind = formats()[format]
    missing = missing_files(files, kind, encoder(kind.task))
    return [f"--{name}" for name, key in file_options().items() if key in missing]


def encoder_options(kinds):
    """Return the options of encoders: name to the field and the names of those that have it.

    Parameters
    ----------
    kinds : dict of str to type
        Task or corpus to its `Encoder`.
    """
    found = {}
    for name, kind in kinds.items():
        for field in dataclasses.fields(kind):
            found.setdefault(field.name, (field, []))[1].append(name)
    return found


def add_encoder_options(parser, options):
    """Declare `encoder_options`."""
    common = {field.name for field in dataclasses.fields(Encoder)}
    for name, (field, having) in options.items():
        about = field.metadata
        default = "" if field.default is None else f" (default: {field.default})"
        parser.add_argument(
            f"--{name.replace('_', '-')}",
            help=("" if name in common else f"{', '.join(having)}: ") + about["help"] + default,
            **(
                {"metavar": about["letter"], "type": int}
                if about["letter"]
                else {"action": argparse.BooleanOptionalAction, "default": None}
            ),
        )
    parser.set_defaults(encoder_options=[*options])


def add_examples_option(parser):
    """Declare the one of `encoder_options` that every encoder has."""
    add_encoder_options(parser, {"examples": encoder_options(encoders())["examples"]})


def given_encoder_options(options):
    """Return which options of `add_encoder_options` were given, a dict of their values."""
    values = {name: getattr(options, name) for name in options.encoder_options}
    return {name: value for name, value in values.items() if value is not None}


def ensure_from_options(options):
    """Encode the corpus that the options of `encode` name, if it is not yet.

    Parameters
    ----------
    options : argparse.Namespace
        The parsed options.

    Returns
    -------
    Encoded

    Raises
    ------
    StalenessError
        If the options do not go together, or the corpus cannot be fetched or encoded.
    """
    files = own_files(options)
    given = [name for name in (*file_options(), "format", "name") if getattr(options, name)]
    if options.corpus is not None and given:
        both = " ".join(f"--{name}" for name in given)
        raise StalenessError(
            f"give either the registered corpus {options.corpus} or {both}, not both"
        )
    if options.corpus is None:
        missing = [f"--{name}" for name in ("format", "name") if name not in given]
        missing += missing_options(files, options.format) if options.format else []
        if missing:
            message = f"no corpus: name one of 'staleness corpora', or add {' '.join(missing)}"
            raise StalenessError(f"{message} for files of your own")
    chosen = given_encoder_options(options)
    folder = options.out
    if folder is None and options.corpus is None:
        folder = options.data / "encoded" / own_folder_name(options.name, options.format, chosen)
    return ensure(
        options.corpus or options.name,
        data=options.data,
        files=None if options.corpus else files,
        format=options.format,
        mirror=options.mirror,
        folder=folder,
        options=chosen,
    )


def own_folder_name(name, format, options):
    """Return where a user's own corpus goes that has been given a name: what had it, goes."""
    kind = encoder(formats()[format].task)
    return folder_name(name, kind.configure(options), kind())
