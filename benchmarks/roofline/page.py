"""What was measured, as Markdown tables and as a figure."""

from benchmarks.roofline.bounds import LIMITS
from staleness.workflow.figures import style

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
LINE = 64  # bytes
MEMORY = ("read", "copy", "triad")


def between(text, measured):
    """Return a page with what was measured in the place of what was there.

    Parameters
    ----------
    text : str
        With the lines `BEGIN` and `END`.
    measured : str

    Raises
    ------
    ValueError
        If the page has no such lines.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return f"{before}{begin}\n\n{measured}\n\n{end}{after}"


def table(head, rows):
    """Return a Markdown table of texts."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def measured(facts, limits, cases, bounds):
    """Return all tables.

    Parameters
    ----------
    facts : str
        What machine, and how it was measured.
    limits : limits.Limits
    cases : list of cases.Case
    bounds : list of bounds.Bound
        Of each.
    """
    parts = [
        facts,
        "### One core",
        arithmetic_table(limits),
        memory_table(limits),
        latency_table(limits),
        "### The kernels",
        needs_table(cases, bounds),
        reached_table(cases, bounds),
        "### Phase by phase",
        phases_table(cases, bounds),
    ]
    return "\n\n".join(parts)


def arithmetic_table(limits):
    """Return what arithmetic the core does."""
    rates = limits.rates
    names = {
        "additions": "additions",
        "multiplications": "multiplications",
        "additions_and_multiplications": "both in turn",
        "comparisons": "comparisons with a selection",
    }
    lanes = [[name, f"{rates[key]:.1f} Gop/s"] for key, name in names.items()]
    names = {
        "exponentials": "exponentials of 16 lanes",
        "greatest": "greatest of 16 lanes",
        "logarithms": "logarithms (float64)",
    }
    rows = [[name, f"{1 / rates[key]:.1f} ns each"] for key, name in names.items()]
    return table(["operation on float32", "at best"], lanes + rows)


def memory_table(limits):
    """Return how fast memory is, by level."""
    rows = []
    for level, size in limits.levels.items():
        streams, gathers = limits.bandwidths[level], limits.gathers[level]
        rows.append(
            [
                level,
                f"{size / 2**10:,.0f} KiB",
                *(f"{streams[name]:.1f}" for name in MEMORY),
                f"{1 / gathers['line']:.2f}",
                f"{1 / gathers['float']:.2f}",
            ]
        )
    head = ["level", "measured with", *(f"{name}, GB/s" for name in MEMORY)]
    return table([*head, "a line at random, ns", "a float at random, ns"], rows)


def latency_table(limits):
    """Return the latencies."""
    names = {
        "add": "addition",
        "multiply": "multiplication",
        "select": "comparison with 0, and selection",
        "argmax": "comparison, and selection of value and index",
        "divide": "1 / x of a scalar, and back to all lanes",
        "sum": "sum of 16 lanes, and back to all",
        "greatest": "greatest of 16 lanes, and back to all",
        "forward": "vector stored, one lane of it loaded into all",
        "load": "load from an address that was just loaded",
    }
    return table(
        ["waited for", "ns"],
        [[name, f"{limits.latencies[key]:.2f}"] for key, name in names.items()],
    )


def needs_table(cases, bounds):
    """Return what each kernel needs for a token or a cell."""
    rows = [
        [
            str(number),
            case.name,
            case.unit,
            f"{bound.operations:,.0f}",
            f"{bound.near:,.0f}",
            f"{bound.gathered:,.0f}",
            f"{bound.streamed:,.0f}",
            f"{bound.intensity:.2f}",
            f"{case.theta / 2**20:.1f} MiB",
        ]
        for number, (case, bound) in enumerate(zip(cases, bounds, strict=True), 1)
    ]
    head = ["", "kernel", "of a", "operations", "L1, B", "gathered, B", "streamed, B"]
    return table([*head, "operations a byte", "parameters"], rows)


def reached_table(cases, bounds):
    """Return what each kernel reaches."""
    rows = []
    for number, (case, bound) in enumerate(zip(cases, bounds, strict=True), 1):
        others = case.taken_in_l1, case.taken_straight, case.once
        parts = ", ".join(
            f"{name} {100 * value / bound.taken:.0f} %" for name, value in bound.by_limit.items()
        )
        rows.append(
            [
                str(number),
                case.name,
                f"{bound.taken:.2f}",
                *("" if ns is None else f"{ns:.2f}" for ns in others),
                f"{bound.speed:.1f}",
                f"{bound.bandwidth:.1f}",
                f"{100 * bound.speed / bound.roof:.0f} % of {bound.roof_limit}",
                f"{bound.least:.2f}",
                f"{100 * bound.least / bound.taken:.0f} %: {parts}",
            ]
        )
    head = ["", "kernel", "ns", "parameters in L1, ns", "corpus in order, ns"]
    head += ["once a mini-batch, ns", "Gop/s", "GB/s", "of the roof", "least ns by phases"]
    return table([*head, "share, and what limits"], rows)


def phases_table(cases, bounds):
    """Return the nanoseconds of every phase of every kernel by limit."""
    found = {name for bound in bounds for phase in bound.phases.values() for name in phase}
    names = [name for name in LIMITS if name in found]
    rows = []
    for case, bound in zip(cases, bounds, strict=True):
        for phase, limits in bound.phases.items():
            most = max(limits.values())
            cells = [emphasised(limits.get(name), most) for name in names]
            rows.append([case.name, phase, *cells])
    return table(["kernel", "phase", *(f"{name}, ns" for name in names)], rows)


def emphasised(value, most):
    """Return a number as text, bold if it is the greatest, nothing for None."""
    text = "" if value is None else f"{value:.2f}"
    return f"**{text}**" if value == most else text


def draw(limits, cases, bounds):
    """Return the roofline as a matplotlib figure: the roofs, and a number for each kernel."""
    with style.applied():
        figure, axes = style.new_figure()
        peak = limits.rates["additions_and_multiplications"]
        x = (0.08, 200.0)
        # Scratch memory, which is in L1, is not among the bytes.
        for level, look in zip(("L2", "L3", "DRAM"), style.OTHERS, strict=True):
            bandwidth = max(limits.bandwidths[level].values())
            roof(axes, x, peak, bandwidth, f"{level}, streamed", look)
        lines = LINE * limits.gathers["L3"]["line"]
        roof(axes, x, peak, lines, "L3, lines at random", style.IDEAL)
        for number, (case, bound) in enumerate(zip(cases, bounds, strict=True), 1):
            axes.plot(
                bound.intensity,
                bound.speed,
                marker=f"${number}$",
                markersize=7,
                color=style.INK,
                linestyle="none",
                label=case.name,
            )
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlim(*x)
        style.log_numbers(axes.xaxis, axes.get_xlim())
        style.log_numbers(axes.yaxis, axes.get_ylim())
        axes.set_xlabel("operations a byte of corpus and parameters")
        axes.set_ylabel("10$^9$ operations a second")
        figure.legend(loc="outside right upper", handlelength=1.6, labelspacing=0.35, fontsize=7)
    return figure


def roof(axes, x, peak, bandwidth, name, look):
    """Draw min(peak, intensity times bandwidth)."""
    ridge = peak / bandwidth
    axes.plot(
        [x[0], ridge, max(x[1], ridge)],
        [x[0] * bandwidth, peak, peak],
        color=look.colour,
        linestyle=look.dashes,
        linewidth=look.width,
        label=name,
    )
