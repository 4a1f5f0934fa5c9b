"""A subcommand of another distribution."""

from staleness.algorithms.errors import StalenessError
from staleness.workflow.commands import Command


class Greet(Command):
    """Greets somebody."""

    name = "greet"
    help = "say hello"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("whom")

    def run(self, options):
        """Say it."""
        if options.whom == "nobody":
            raise StalenessError("nobody is there: name somebody")
        print(f"Hello, {options.whom}.")
