"""`staleness figure`: draw a figure from runs."""

from pathlib import Path

from staleness.workflow.analysis import runs, targets
from staleness.workflow.commands import Command, add_runs, add_targets


class Figure(Command):
    """Draws one figure and writes it as PDF and SVG, with its caption and numbers as JSON."""

    name = "figure"
    help = "draw a figure from run folders"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("figure", metavar="NAME", help="such as ner-convergence")
        add_runs(parser, "+")
        add_targets(parser)
        parser.add_argument(
            "--out",
            metavar="DIR",
            type=Path,
            default=Path("results/figures"),
            help="where NAME.pdf, NAME.svg and NAME.json go (default: %(default)s)",
        )

    def run(self, options):
        """Draw it and say where it is."""
        # Importing it takes longer than most commands; without it no run need be read.
        import matplotlib  # noqa: F401, PLC0415

        from staleness.workflow.figures.write import find, write  # noqa: PLC0415

        find(options.figure)
        cells = runs.load(options.runs, targets.read(options.target))
        for path in write(options.figure, cells, options.out):
            print(path)
