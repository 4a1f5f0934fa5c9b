"""The kernels beside what others offer, as `benchmarks.compare` has measured them.

What it leaves, table.json, holds medians with the least and the most of all rounds; here that
becomes words, for the report and for the terminal.
"""

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.plain_json import read_json
from staleness.workflow.analysis.phrases import multiple, number

FORMAT = 1
HEADING = ("work", "program", "threads", "speed", "times\nthe peer's", "CPU /\nwall", "found")
NOT_MEASURED = "Not measured here: `make compare` does the same work with others and with ours."
CAPTION = (
    "Speeds are medians over {rounds} rounds, with the lowest and the highest in brackets. So are "
    "the ratios, round by round: in each, ours and the peer ran one after the other, on as many "
    "cores as they have threads. CPU time over wall time says how many threads were at work. On "
    "{processor}, {cores} cores, with a load of {load} in the end; {date}."
)


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
    """Return what is said of the peers: paragraphs, and a table where anything was measured.

    Parameters
    ----------
    table : dict or None
        What `read` returned.
    """
    if table is None:
        return {"paragraphs": [NOT_MEASURED], "table": None}
    return {
        "paragraphs": [*notes(table)],
        "table": {"caption": caption(table), "heading": list(HEADING), "rows": rows(table)},
    }


def caption(table):
    """Return how it was measured."""
    about = table["machine"]
    return CAPTION.format(
        rounds=table["rounds"],
        processor=about["processor"],
        cores=about["cores"],
        load=about["load"],
        date=table["date"][:10],
    )


def notes(table):
    """Yield what is not the same on both sides, and what was left out."""
    for work in table["works"]:
        if work["differs"]:
            yield f"{work['work']}: {work['differs']}"
    for work in table["left_out"]:
        yield f"{work['work']} was left out: {work['reason']}."


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
