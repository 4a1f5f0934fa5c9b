"""Numbers, times and metrics as captions and the report show them."""

from dataclasses import dataclass

from staleness.workflow.analysis import grouping, measures, runs, words
from staleness.workflow.analysis.runs import SINGLE
from staleness.workflow.analysis.targets import Target

MINUS = "\N{MINUS SIGN}"
MULTIPLES = (("billion", 1e9), ("million", 1e6), ("thousand", 1e3))
UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def time_unit(seconds):
    """Return the name and the seconds of a unit in which a time is at least 2, if there is one."""
    for name, length in UNITS:
        if seconds >= 2 * length:
            return name, length
    return UNITS[-1] if seconds > 0 else ("s", 1.0)


def duration(seconds):
    """Return a time in the unit that a person would use."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    if seconds < 99.5:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 100 else f"{minutes // 60} h {minutes % 60} min"


def number(value, digits=3):
    """Return a number with some significant digits, never in powers of ten if it is over 0.001."""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:#.{digits}g}"
    return text.removesuffix(".")


def multiple(size):
    """Return the name and the size of the largest of `MULTIPLES` in a number, or "" and 1."""
    return next((one for one in MULTIPLES if size >= one[1]), ("", 1.0))


@dataclass(frozen=True)
class Scale:
    """How the values of a metric are written and drawn.

    Attributes
    ----------
    about : staleness.algorithms.tasks.Metric
    unit : str
        "" for shares, else such as "million nats".
    factor : float
        What a value is divided by.
    decimals : int
    way : staleness.workflow.analysis.targets.Target or None
        Whose share the target is, where it was fixed beforehand.
    """

    about: object
    unit: str = ""
    factor: float = 1.0
    decimals: int = 4
    way: Target | None = None

    @classmethod
    def of(cls, cells, metric):
        """Return the scale for a metric of some cells, by the size of its final values."""
        about = measures.described(cells[0], metric)
        way = cells[0].targets.get(metric)
        if about.unit is None:
            return cls(about, way=way)
        size = max(abs(measures.final(cell, metric).median) for cell in cells)
        name, factor = multiple(size)
        before_the_point = len(f"{size / factor:.0f}")
        return cls(about, f"{name} {about.unit}".strip(), factor, max(5 - before_the_point, 0), way)

    @property
    def axis(self):
        """What stands at an axis."""
        return f"{self.about.label} ({self.unit})" if self.unit else self.about.label

    def number(self, value):
        """Return a value without its unit."""
        return f"{value / self.factor:,.{self.decimals}f}".replace("-", MINUS)

    def value(self, value):
        """Return a value with its unit."""
        return f"{self.number(value)} {self.unit}".strip()

    @property
    def target(self):
        """What the target is: the definition of `measures`, in words."""
        if self.way is not None:
            ends = f"{self.number(self.way.start)} to {self.number(self.way.best)}"
            return f"99 % of the way from {ends}, fixed beforehand"
        best = f"best {self.about.label} of the single processor"
        start = {0.0: "", 1.0: "the way from 1 to ", None: "the way from the start to "}
        return f"99 % of {start[self.about.worst]}the {best}"


def reached(row, unit, seconds):
    """Return a phrase on when a cell reaches the target, and how much sooner than the single.

    Parameters
    ----------
    row : dict
        Of the cells of `summaries.summarise`, made with a target.
    unit : str
    seconds : float
        What `time_unit` returned.
    """
    time, ratio, seeds = row["time_to_target_s"], row["speed_up"], len(row["seeds"])
    remarks = []
    if row["schedule"] != SINGLE and ratio is not None and ratio["median"] is not None:
        remarks.append(f"{number(ratio['median'], 2)} times as fast")
    if time["reached"] < seeds:
        remarks.append(f"{time['reached']} of {seeds} seeds reach it")
    who = f"the {row['label']}" if row["schedule"] == SINGLE else row["label"]
    if time["median"] is None:
        phrase = f"not at all by {who}"
    else:
        phrase = f"after {number(time['median'] / seconds)} {unit} by {who}"
    return f"{phrase} ({', '.join(remarks)})" if remarks else phrase


def when(median, unit, seconds):
    """Return a phrase on a median time to target, such as "after 2.00 h"; None is never."""
    return "not at all" if median is None else f"after {number(median / seconds)} {unit}"


def final_value(row, scale):
    """Return a phrase on the final value of a cell, a row of `summaries.summarise`."""
    spread = row["final"]
    phrase = f"{row['label']}: {scale.number(spread['median'])}"
    if len(row["seeds"]) > 1:
        phrase += f" ({scale.number(spread['low'])} to {scale.number(spread['high'])})"
    return phrase


def setting(cells):
    """Return a phrase on what cells are runs of: corpus, update, m, epochs and policy, if any."""
    ways = {}
    for cell in cells:
        ways.setdefault((cell.configuration["update"], cell.batch), []).append(cell)
    said = [_way(update, batch, group) for (update, batch), group in ways.items()]
    said += [f"policy {policy}" for policy in grouping.policies(cells) if policy]
    return f"corpus {grouping.common(cells)['corpus']}, {'; '.join(said)}"


def mini_batch_sizes(cells):
    """Return the mini-batch sizes of some cells, ascending, the whole corpus in words."""
    sizes = sorted({cell.configuration["mini_batch_size"] for cell in cells if not cell.batch})
    return [*sizes, *["the whole corpus"] * any(cell.batch for cell in cells)]


def _way(update, batch, cells):
    """Return a phrase on how some cells learn."""
    sizes = mini_batch_sizes(cells)
    epochs = sorted({cell.configuration["epochs"] for cell in cells})
    between = f"mini-batches of m = {listed(sizes)} example{'s' if sizes != [1] else ''}"
    return (
        f"update {update}, {'once an epoch' if batch else between}, "
        f"{listed(epochs)} epoch{'s' if epochs != [1] else ''}"
    )


def provenance(cells):
    """Return sentences on clock, cost model and machine."""
    shared = [grouping.common(group) for group in grouping.by_task(cells).values()]
    clocks = list(dict.fromkeys(map(words.describe_clock, shared)))
    if len(clocks) > 1:
        # Whose is whose matters only where they differ.
        clocks = [f"{one['task']}: {words.describe_clock(one)}" for one in shared]
    text = "; ".join(clocks)
    return [f"{text[0].upper()}{text[1:]}.", f"Machine: {'; '.join(runs.machines(cells))}."]


def seeds_of_curves(cells):
    """Return a sentence on what lines and bands are."""
    return (
        f"Lines are medians over {words.seed_lists(cells)}; bands reach from the lowest seed to "
        "the highest."
    )


def listed(values):
    """Return values as in "1, 2 and 4"."""
    *first, last = map(str, values)
    return f"{', '.join(first)} and {last}" if first else last


def percent(share):
    """Return a share as a percentage, with a decimal where it is close to nothing or to all."""
    value = 100 * share
    short = round(value, 1) in {0, 100} or 10 <= round(value, 1) < 90
    return f"{value:.{0 if short else 1}f} %"
