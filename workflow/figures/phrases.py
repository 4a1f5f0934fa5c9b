"""Numbers, times and metrics as captions and the report show them."""

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


def final_value(row):
    """Return a phrase on the final value of a cell, a row of `measures.summarise`."""
    spread = row["final"]
    phrase = f"{row['label']}: {spread['median']:.4f}"
    if len(row["seeds"]) > 1:
        phrase += f" ({spread['low']:.4f} to {spread['high']:.4f})"
    return phrase
