"""The subcommands of `staleness`: one file each, found by their class."""

from abc import ABC, abstractmethod


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
