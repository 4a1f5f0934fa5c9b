"""`staleness report`: figures, tables and where they come from, as a PDF."""

from pathlib import Path

from staleness.workflow.commands import Command, add_runs

FIGURE_SUFFIX = ".json"


class Report(Command):
    """Sets the PDF report of some runs and the figures drawn from them."""

    name = "report"
    help = "make the PDF report of runs and their figures"

    def add_arguments(self, parser):
        """Declare the options."""
        add_runs(parser, "*")
        parser.add_argument(
            "--out",
            metavar="FILE",
            type=Path,
            default=Path("results/report.pdf"),
            help="(default: %(default)s)",
        )
        parser.add_argument(
            "--figures",
            metavar="FILE",
            nargs="+",
            action="extend",
            type=Path,
            default=[],
            help="NAME.json of 'staleness figure'; what follows and does not end in .json is a RUN",
        )
        parser.add_argument(
            "--claims", metavar="FILE", type=Path, help="claims.json of 'staleness claims'"
        )
        parser.add_argument(
            "--config",
            metavar="FILE",
            action="append",
            type=Path,
            default=[],
            help="a configuration file to print at the end of the report",
        )
        parser.add_argument(
            "--metadata",
            metavar="DIR",
            type=Path,
            help="Snakemake's records of its jobs, of which the report says how long they took",
        )
        parser.add_argument(
            "--peers", metavar="FILE", type=Path, help="table.json of 'make compare'"
        )

    def run(self, options):
        """Make it and say where it is."""
        # Importing Typst takes longer than most commands.
        from staleness.workflow.report.build import build  # noqa: PLC0415

        figures = [path for path in options.figures if path.suffix == FIGURE_SUFFIX]
        folders = [path for path in options.figures if path.suffix != FIGURE_SUFFIX]
        build(
            options.out,
            [*folders, *options.runs],
            figures,
            options.config,
            options.claims,
            options.metadata,
            options.peers,
        )
        print(options.out)
