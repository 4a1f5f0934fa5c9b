"""The kernels beside what others offer, as `benchmarks.compare` has measured them.

What it leaves, table.json, holds medians with the least and the most of all rounds; here that
becomes a table, for the report and for the terminal. The report's words stand in peers.typ.
"""

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.workflow.analysis.phrases import multiple, number

FORMAT = 1
HEADING = ("work", "program", "threads", "speed", "times\nthe peer's", "CPU /\nwall", "found")


def read(path):
    """Return what `benchmarks.compare` left.

    Parameters
    ----------
    path : path-like
        table.json.

    Raises
    ------
    StalenessError
        If it is something else.
    """
    try:
        table = read_json(path)
        if table["format"] != FORMAT:
            raise ValueError(f"its format is {table['format']}, not {FORMAT}")
        section(table)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StalenessError(
            f"{path}: no comparison with peers ({error}): make it anew with 'make compare'"
        ) from error
    return table


def section(table):
    """Return what the report has of the peers, as peers.typ takes it.

    Parameters
    ----------
    table : dict
        What `read` returned.
    """
    machine, load = table["machine"], table["machine"]["load"]
    works, left_out = table["works"], table["left_out"]
    return {
        "rounds": str(table["rounds"]),
        "processor": str(machine["processor"]),
        "cores": str(machine["cores"]),
        "load": None if load is None else str(load),
        "date": table["date"][:10],
        "table": {"heading": list(HEADING), "rows": rows(table)},
        "differs": [
            {name: work[name] for name in ("work", "differs")} for work in works if work["differs"]
        ],
        "left_out": [{name: work[name] for name in ("work", "reason")} for work in left_out],
    }


def rows(table):
    """Return the rows of the table: for each work ours, then the peer."""
    return [
        [
            work["work"] if program is work["programs"][0] else "",
            program["name"],
            str(program["threads"]),
            speed(program["speed"], work["unit"]),
            spread(program["ratio"]) if program["ratio"] else "",
            f"{program['busy']:.2f}",
            ", ".join(f"{name} {number(value, 4)}" for name, value in program["found"].items()),
        ]
        for work in table["works"]
        for program in work["programs"]
    ]


def speed(of_rounds, unit):
    """Return a median with the lowest and the highest, in thousands or millions of units."""
    name, size = multiple(of_rounds[0])
    return " ".join(
        filter(None, [spread([value / size for value in of_rounds]), name, f"{unit}/s"])
    )


def spread(of_rounds):
    """Return a median with the lowest and the highest."""
    middle, least, most = map(number, of_rounds)
    return f"{middle} ({least} to {most})"
