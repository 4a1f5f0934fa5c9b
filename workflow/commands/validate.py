"""`staleness validate`: the simulated clock against the wall clock."""

from pathlib import Path

from staleness.workflow import validation
from staleness.workflow.commands import Command


class Validate(Command):
    """Compares runs of the same cells on both clocks."""

    name = "validate"
    help = "compare runs on the simulated clock with the same on the wall clock"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument(
            "runs", metavar="RUN", nargs="+", type=Path, help="a folder of 'staleness run --out'"
        )
        parser.add_argument(
            "--out",
            metavar="DIR",
            type=Path,
            help="write validation.json and validation.md here too",
        )

    def run(self, options):
        """Print the table, and write it if that is asked for."""
        comparison = validation.compare(options.runs)
        print("\n".join(validation.table(comparison)))
        print(validation.caption(comparison))
        if options.out is not None:
            validation.write(comparison, options.out)
