"""`staleness doctor`: whether this machine is fit for the wall clock."""

import json
from dataclasses import asdict

from staleness.workflow.commands import Command
from staleness.workflow.machine.doctor import examine
from staleness.workflow.machine.facts import machine
from staleness.workflow.store.findings import UNKNOWN, WARNING, conclude

COLUMNS = ("looked at", "verdict", "found")


class Doctor(Command):
    """Examines the machine, changes nothing, and says what a user could change."""

    name = "doctor"
    help = "say whether this machine is fit for wall-clock measurements, and what to change"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, options):
        """Print the findings and what they come to."""
        findings = examine()
        if options.json:
            print(json.dumps(as_dict(findings), indent=1))
        else:
            print("\n".join(lines(findings)))


def as_dict(findings):
    """Return the findings, what they come to and the bare facts, as what JSON can hold."""
    return {
        "conclusion": conclude(findings),
        **{
            key: [finding.name for finding in findings if finding.verdict == verdict]
            for key, verdict in (("warnings", WARNING), ("unknown", UNKNOWN))
        },
        "findings": [asdict(finding) for finding in findings],
        "machine": machine(),
    }


def lines(findings):
    """Yield a table, one finding a line, then what to change, then what it comes to."""
    rows = [COLUMNS, *((finding.name, finding.verdict, finding.value) for finding in findings)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    advised = [finding for finding in findings if finding.advice]
    if advised:
        yield ""
    for finding in advised:
        yield f"{finding.name}: {finding.advice}"
    yield ""
    yield conclude(findings)
