"""`staleness encode`: turn a corpus into arrays."""

from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.commands import Command
from staleness.workflow.commands.fetch import add_place_options, tell
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.formats import formats
from staleness.workflow.corpora.ner import MIN_COUNT, SPLITS


class Encode(Command):
    """Encodes a registered corpus, fetching it where need be, or files of the user's own."""

    name = "encode"
    help = "turn a corpus into arrays: a registered one, or files of your own (--train, --dev)"

    def add_arguments(self, parser):
        """Declare the options."""
        add_corpus_options(parser)
        parser.add_argument(
            "--out", metavar="DIR", type=Path, help="the folder to make, instead of encoded/NAME"
        )

    def run(self, options):
        """Encode it and say what came of it."""
        made = ensure_from_options(options, folder=options.out)
        about = made.about
        if made.fetched is not None:
            tell(about["corpus"], made.fetched)
        parts = [
            f"{split} {counts['sentences']:,} sentences and {counts['tokens']:,} tokens"
            for split, counts in about["counts"].items()
        ]
        done = "encoded into" if made.made else "already encoded, in"
        print(f"{about['corpus']}: {done} {made.folder}")
        print(f"{about['corpus']}: {', '.join(parts)}")
        print(
            f"{about['corpus']}: {about['features']:,} features that "
            f"training has at least {about['min_count']} times, {len(about['labels'])} labels"
        )


def add_corpus_options(parser):
    """Declare how a corpus is named: by the registry, or by its files."""
    parser.add_argument("corpus", nargs="?", metavar="NAME", help="a corpus of 'staleness corpora'")
    for split in SPLITS:
        parser.add_argument(f"--{split}", metavar="FILE", type=Path, help=f"your own {split} split")
    parser.add_argument("--format", choices=formats(), help="the format of your own files")
    parser.add_argument("--name", help="what to call your own corpus")
    parser.add_argument(
        "--min-count",
        metavar="N",
        type=int,
        default=MIN_COUNT,
        help="leave out features that occur less often in training (default: %(default)s)",
    )
    add_place_options(parser)


def ensure_from_options(options, folder=None):
    """Encode the corpus that the options of `add_corpus_options` name, if it is not yet.

    Parameters
    ----------
    options : argparse.Namespace
        The parsed options.
    folder : path-like, optional
        The encoded corpus, instead of `encoded/<name>` in the data folder.

    Returns
    -------
    Encoded

    Raises
    ------
    StalenessError
        If the options do not go together, or the corpus cannot be fetched or encoded.
    """
    splits = {split: getattr(options, split) for split in SPLITS}
    splits = {split: path for split, path in splits.items() if path is not None}
    given = [f"--{key}" for key in (*splits, "format", "name") if getattr(options, key)]
    if options.corpus is not None:
        if given:
            message = f"give either the registered corpus {options.corpus} or {' '.join(given)}"
            raise StalenessError(f"{message}, not both")
        splits = None
    else:
        needed = ("--train", "--dev", "--format", "--name")
        missing = [option for option in needed if option not in given]
        if missing:
            message = f"no corpus: name one of 'staleness corpora', or add {' '.join(missing)}"
            raise StalenessError(f"{message} for files of your own")
    return ensure(
        options.corpus or options.name,
        data=options.data,
        splits=splits,
        format=options.format,
        mirror=options.mirror,
        folder=folder,
        min_count=options.min_count,
    )
