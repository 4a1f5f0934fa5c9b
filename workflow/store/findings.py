"""What was found about a machine, as run.json keeps it, and what that comes to."""

from dataclasses import dataclass

GOOD, WARNING, UNKNOWN = "good", "warning", "unknown"

# Checks whose warnings say that measured times are those of something else.
DISTURBING = ("cpu quota", "load", "busy processes", "steal")


@dataclass(frozen=True)
class Finding:
    """One thing found about the machine.

    Attributes
    ----------
    name : str
        What was looked at.
    value : str
        What was found, a few words.
    verdict : str
        "good", "warning" or "unknown".
    advice : str
        What it does to measurements and what to change; empty where all is well.
    """

    name: str
    value: str
    verdict: str
    advice: str = ""


def conclude(findings):
    """Return one line that sums the findings up."""
    names = {
        verdict: [finding.name for finding in findings if finding.verdict == verdict]
        for verdict in (WARNING, UNKNOWN)
    }
    if "pinning" in names[WARNING]:
        return "not fit for wall-clock measurements: threads cannot be pinned"
    warnings, unknown = len(names[WARNING]), len(names[UNKNOWN])
    line = "fit for wall-clock measurements"
    if unknown:
        line += ", as far as can be seen"
    if warnings:
        line = f"fit with {warnings} warning{'s' if warnings > 1 else ''}"
        line += f" ({', '.join(names[WARNING])})"
    if unknown:
        line += f"; {unknown} unknown ({', '.join(names[UNKNOWN])})"
    return line


def disturbing(findings):
    """Return the warnings of `DISTURBING` checks, a list of Finding."""
    return [one for one in findings if one.verdict == WARNING and one.name in DISTURBING]


def brief(findings):
    """Return what is kept of findings with what was measured then, a dict that JSON can hold."""
    warnings = {one.name: one.value for one in findings if one.verdict == WARNING}
    return {
        "conclusion": conclude(findings),
        "warnings": warnings,
        "disturbing": [one.name for one in disturbing(findings)],
    }
