"""What cells were run with, in words: clock, delays, seeds."""


def describe_clock(shared):
    """Return a phrase on the clock and its cost model.

    Parameters
    ----------
    shared : dict
        What `common` returned.
    """
    if shared["clock"] != "simulated":
        return f"{shared['clock']} clock"
    return f"{shared['clock']} clock, {shared['cost']}"


def describe_delays(cells):
    """Return a phrase on the delays, or None if no cell has any."""
    delayed = [cell for cell in cells if cell.delay]
    if not delayed:
        return None
    means = sorted({cell.delay for cell in delayed}, key=lambda mean: (mean.unit, mean.value))
    shares = sorted({100 * cell.configuration["delay_probability"] for cell in delayed})
    return (
        f"after {_either(f'{share:g}' for share in shares)} % of the mini-batches a delay of "
        f"{_either(map(describe_mean, means))} on average"
        + (", or none" if len(delayed) < len(cells) else "")
    )


def describe_mean(mean):
    """Return a phrase on the mean of delays, a `Mean`."""
    return f"{mean.value:g} {'s' if mean.unit == 's' else 'times a mini-batch'}"


def seed_lists(cells):
    """Return a phrase on the seeds, such as "3 seeds (0, 1, 2)"."""
    kinds = list(dict.fromkeys(cell.seeds for cell in cells if cell.varies))
    phrases = [
        f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({', '.join(map(str, seeds))})"
        for seeds in kinds
    ]
    if not all(cell.varies for cell in cells):
        phrases.append("one run, where nothing is random")
    return " or ".join(phrases)


def _either(phrases):
    *first, last = phrases
    return f"{', '.join(first)} or {last}" if first else last
