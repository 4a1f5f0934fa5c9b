"""`staleness verify`: this run of the workflow against the committed reference."""

from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.commands import Command, add_runs
from staleness.workflow.store import reference


class Verify(Command):
    """Says whether the curves are those of the reference, to the bit, or how far off they are."""

    name = "verify"
    help = "compare simulated runs with the committed reference"

    def add_arguments(self, parser):
        """Declare the options."""
        add_runs(parser, "*", " (default: all in the results)")
        for option, metavar, default in (
            ("--results", "DIR", Path("results")),
            ("--reference", "FILE", Path("results/reference/default.json")),
        ):
            parser.add_argument(
                option, metavar=metavar, type=Path, default=default, help="(default: %(default)s)"
            )
        parser.add_argument(
            "--digests",
            metavar="FILE",
            type=Path,
            help="what --write said of the runs, instead of these themselves",
        )
        parser.add_argument(
            "--write", action="store_true", help="make the reference of these runs instead"
        )

    def run(self, options):
        """Compare them; the exit status is 1 if a run differs or is missing."""
        if options.digests is not None:
            found = reference.read(options.digests)
        else:
            found = reference.describe(options.runs or reference.find(options.results))
        if not found["runs"]:
            message = "no runs on the simulated clock: run the workflow first, or name them"
            raise StalenessError(f"{options.results}: {message}")
        if found["skipped"]:
            reason = "on the wall clock, or with a calibration of its own, no run is like another"
            print(f"{found['skipped']} not compared: {reason}")
        if options.write:
            reference.write(found, options.reference)
            print(f"{len(found['runs'])} runs written to {options.reference}")
            return 0
        comparison = reference.compare(found, reference.read(options.reference))
        print("\n".join(described(comparison)))
        return 0 if comparison.holds else 1


def described(comparison):
    """Yield lines on a `Comparison`."""
    for name, what in comparison.different.items():
        yield f"{name}: differs: {what}"
    for name in comparison.missing:
        yield f"{name}: missing: only the reference has it"
    for name in comparison.new:
        yield f"{name}: new: the reference does not have it"
    for cause in comparison.causes:
        yield f"likely cause: {cause}"
    identical = len(comparison.identical)
    total = identical + len(comparison.different) + len(comparison.missing)
    yield f"{identical} of {total} identical"
