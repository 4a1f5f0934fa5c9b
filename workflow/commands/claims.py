"""`staleness claims`: the claims of the paper, its talk and theory, and what runs say of them."""

import textwrap
from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs, targets
from staleness.workflow.commands import Command, add_runs, add_targets

WIDTH = 100  # columns


class Claims(Command):
    """Judges the paper's claims by runs."""

    name = "claims"
    help = "judge the paper's claims: effects, intervals, verdicts"

    def add_arguments(self, parser):
        """Declare the options."""
        add_runs(parser, "*", "; each claim takes those it needs")
        parser.add_argument(
            "--of",
            metavar="NAME [RUN ...]",
            nargs="+",
            action="append",
            default=[],
            help="a claim, and runs that only it takes; claims that are not named are left out "
            "(default: all)",
        )
        add_targets(parser)
        parser.add_argument("--out", metavar="FILE", type=Path, help="write claims.json here too")

    def run(self, options):
        """Print the table, and write it if that is asked for."""
        from staleness.workflow.claims import claims, judge  # noqa: PLC0415

        asked = {}
        for name, *found in options.of:
            asked.setdefault(name, []).extend(found)
        asked = asked or dict.fromkeys(claims(), ())
        if not any([options.runs, *asked.values()]):
            raise StalenessError("no runs: give at least one folder of 'staleness run --out'")
        chosen = sorted(map(judge.find, asked), key=lambda claim: claim.number)
        fixed, judged = targets.read(options.target), []
        for claim in chosen:
            folders = dict.fromkeys([*options.runs, *map(Path, asked[claim.name])])
            judged.append(judge.judge(claim, runs.load(folders, fixed)))
        if options.out is not None:
            judge.write(options.out, judged)
        print("\n".join(line for claim in judged for line in described(claim)))


def described(claim):
    """Return lines on a claim, an object of claims.json."""
    from staleness.workflow.claims import judge  # noqa: PLC0415

    yield from _wrapped(f"{claim['number']}. {claim['statement']}", "   ")
    yield f"   {claim['verdict'].upper()}"
    for part in claim["parts"]:
        said = [part["task"], part["name"], judge.measured(part), part["verdict"]]
        text = f"{': '.join(filter(None, said))}"
        text += f" (criterion: {part['criterion']})." if part["criterion"] else "."
        yield from _wrapped(" ".join([text, *judge.remarks(part)]), "     ", "   - ")
    yield ""


def _wrapped(text, indent, first=""):
    return textwrap.wrap(text, WIDTH, initial_indent=first, subsequent_indent=indent)
