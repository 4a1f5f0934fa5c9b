"""The subcommands of `staleness`: one file each, found by their class."""

from abc import ABC, abstractmethod
from pathlib import Path


class Command(ABC):
    """A subcommand.

    Attributes
    ----------
    name : str
        What is typed after `staleness`.
    help : str
        One line for `staleness --help`.
    """

    name: str
    help: str

    @abstractmethod
    def add_arguments(self, parser):
        """Declare the options on an argparse parser."""

    @abstractmethod
    def run(self, options):
        """Do it, and return the exit status (None is 0)."""


def add_targets(parser):
    """Declare the targets that were fixed beforehand."""
    parser.add_argument(
        "--target",
        metavar=("DIR", "METRIC", "START", "BEST"),
        nargs=4,
        action="append",
        default=[],
        help="of runs on an encoded corpus: the metric where learning starts and the best that can "
        "be learned, of which the target covers 99 %% of the way (default: those of the runs "
        "themselves)",
    )


def add_runs(parser, nargs, more=""):
    """Declare the run folders that a subcommand reads.

    Parameters
    ----------
    parser : argparse.ArgumentParser
    nargs : str
        "+", or "*" where none will do.
    more : str, optional
        What there is to say of them.
    """
    parser.add_argument(
        "runs",
        metavar="RUN",
        nargs=nargs,
        type=Path,
        help=f"a folder of 'staleness run --out'{more}",
    )
