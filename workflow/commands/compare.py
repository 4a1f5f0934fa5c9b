"""`staleness compare`: two runs, or two cells, side by side."""

import json
import math
from pathlib import Path

from staleness.workflow.analysis.comparison import cell_of, compare
from staleness.workflow.analysis.effects import stated
from staleness.workflow.commands import Command


class Compare(Command):
    """Says how two runs or cells differ, in their settings and in what came of them."""

    name = "compare"
    help = "compare two runs: settings, final metric, time to target, speed-up"

    def add_arguments(self, parser):
        """Declare the options."""
        help = "a folder of 'staleness run --out', or one with several seeds (seed-0, seed-1, ...)"
        parser.add_argument("first", metavar="RUN", type=Path, help=help)
        parser.add_argument("second", metavar="RUN", type=Path, help="another")
        parser.add_argument("--json", action="store_true", help="print one JSON object")

    def run(self, options):
        """Print the comparison."""
        found = compare(cell_of(options.first), cell_of(options.second))
        print(json.dumps(as_dict(found)) if options.json else "\n".join(lines(found)))


def as_dict(found):
    """Return a comparison as what JSON can hold; what does not exist, or is infinite, is null."""
    interval = [number if math.isfinite(number) else None for number in found.interval or ()]
    return {
        "seeds": list(found.cells[0].seeds),
        "differences": found.differences,
        "metric": found.metric,
        "final": [spread.as_dict() for spread in found.finals],
        "target": found.target,
        "time_to_target": [spread.as_dict() for spread in found.times],
        "speed_up": found.speed_up if math.isfinite(found.speed_up) else None,
        "interval": interval or None,
    }


def lines(found):
    """Yield the lines of a comparison, the first run on the left."""
    for name, values in found.differences.items():
        yield row(name, *("-" if value is None else str(value) for value in values))
    if not found.differences:
        yield "the same settings"
    yield row(f"{found.metric} in the end", *map(spread, found.finals))
    target = f"seconds to {found.metric} {found.target:.5g}"
    yield row(target, *map(spread, found.times))
    if math.isnan(found.speed_up):
        yield "neither reaches what covers 99 % of the first one's way"
        return
    said = f"the second is there {stated(found.speed_up)} times as fast"
    if found.interval is None:
        yield f"{said}; too few seeds for an interval ({len(found.cells[0].seeds)})"
    else:
        low, high = map(stated, found.interval)
        yield f"{said} (95 % interval {low} to {high}, {len(found.cells[0].seeds)} seeds)"


def row(name, first, second):
    """Return a line of a table."""
    return f"{name:<36} {first:<28} {second}".rstrip()


def spread(values):
    """Return a median, and the lowest and the highest of several seeds."""
    middle, low, high = (f"{value:.5g}" for value in (values.median, values.low, values.high))
    if middle == "inf":
        return "not reached"
    return middle if low == high else f"{middle} ({low} to {high})"
