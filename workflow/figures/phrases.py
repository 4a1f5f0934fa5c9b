"""Numbers, times and metrics as captions and the report show them."""

from staleness.workflow.figures import runs
from staleness.workflow.figures.runs import SINGLE

UNITS = (("h", 3600.0), ("min", 60.0), ("s", 1.0), ("ms", 1e-3), ("µs", 1e-6))


def time_unit(seconds):
    """Return the name and the seconds of a unit in which a time is at least 2, if there is one."""
    for name, length in UNITS:
        if seconds >= 2 * length:
            return name, length
    return UNITS[-1] if seconds > 0 else ("s", 1.0)


def number(value, digits=3):
    """Return a number with some significant digits, never in powers of ten if it is over 0.001."""
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    text = f"{value:#.{digits}g}"
    return text.removesuffix(".")


def metric_name(metric):
    """Return what a metric is called in texts."""
    return "F1" if metric == "f1" else metric.replace("_", " ")


def reached(row, unit, seconds):
    """Return a phrase on when a cell reaches the target, and how much sooner than the single.

    Parameters
    ----------
    row : dict
        Of the cells of `measures.summarise`, made with a target.
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


def final_value(row):
    """Return a phrase on the final value of a cell, a row of `measures.summarise`."""
    spread = row["final"]
    phrase = f"{row['label']}: {spread['median']:.4f}"
    if len(row["seeds"]) > 1:
        phrase += f" ({spread['low']:.4f} to {spread['high']:.4f})"
    return phrase


def setting(cells):
    """Return a phrase on what the cells of a figure are runs of: corpus, update, m, epochs."""
    configurations = [cell.configuration for cell in cells]
    sizes = sorted({one["mini_batch_size"] for one in configurations})
    epochs = sorted({one["epochs"] for one in configurations})
    return (
        f"corpus {runs.common(cells)['corpus']}, "
        f"update {listed(sorted({one['update'] for one in configurations}))}, "
        f"mini-batches of m = {listed(sizes)} example{'s' if sizes != [1] else ''}, "
        f"{listed(epochs)} epoch{'s' if epochs != [1] else ''}"
    )


def provenance(cells):
    """Return sentences on clock, cost model and machine."""
    clock = runs.describe_clock(runs.common(cells))
    return [f"{clock[0].upper()}{clock[1:]}.", f"Machine: {'; '.join(runs.machines(cells))}."]


def seeds_of_curves(cells):
    """Return a sentence on what lines and bands are."""
    return (
        f"Lines are medians over {runs.seed_lists(cells)}; bands reach from the lowest seed to the "
        "highest."
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
