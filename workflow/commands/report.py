"""`staleness report`: figures, tables and where they come from, as a PDF."""

from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.commands import Command, add_runs, add_targets

FIGURE_SUFFIX = ".json"
OUT = Path("results/report.pdf")
# Of options, where the workflow leaves in a folder of results what they name.
PLACES = {
    "config": "configuration.txt",
    "claims": "claims.json",
    "peers": "peers/table.json",
}


class Report(Command):
    """Sets the PDF report of some runs and the figures drawn from them."""

    name = "report"
    help = "make the PDF report of runs and their figures"

    def add_arguments(self, parser):
        """Declare the options."""
        add_runs(parser, "*")
        add_targets(parser)
        parser.add_argument(
            "--out",
            metavar="FILE",
            type=Path,
            help=f"(default: {OUT}, or report.pdf in what --from names)",
        )
        parser.add_argument(
            "--from",
            dest="folder",
            metavar="DIR",
            type=Path,
            help="a folder of results: all runs, figures and claims in it, beside those given",
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

        if options.folder is not None:
            take_all(options)
        out = options.out or OUT
        figures = [path for path in options.figures if path.suffix == FIGURE_SUFFIX]
        folders = [path for path in options.figures if path.suffix != FIGURE_SUFFIX]
        build(
            out,
            [*folders, *options.runs],
            figures,
            options.config,
            options.claims,
            options.metadata,
            options.peers,
            options.target,
        )
        print(out)


def take_all(options):
    """Set options to what a folder of results has, where they are not given.

    Raises
    ------
    StalenessError
        If it has no runs.
    """
    folder = options.folder
    runs = sorted(folder.glob("runs/*/*/seed-*"))
    if not runs:
        raise StalenessError(f"{folder}: no runs/TASK/CELL/seed-S in it: name a folder of results")
    options.runs += runs
    options.figures += sorted(folder.glob(f"figures/*{FIGURE_SUFFIX}"))
    options.out = options.out or folder / OUT.name
    for name, place in PLACES.items():
        if not getattr(options, name) and (folder / place).is_file():
            found = folder / place
            setattr(options, name, [found] if name == "config" else found)
