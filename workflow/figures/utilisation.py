"""Figure `utilisation`: the share of their time that processors spend busy."""

from staleness.workflow.analysis import activity, runs, words
from staleness.workflow.analysis.phrases import listed, percent, provenance, setting
from staleness.workflow.figures import Figure, curves, style

INCHES = (0.17, 0.08, 1.0)  # height of a bar, of the gap between groups, and of the rest
BAR = 0.8
ROOM = 0.15  # a bar has to be so long for its number to stand in it


class Utilisation(Figure):
    """Stacked bars of what processors do, a panel a schedule, by mini-batch size and processors.

    Gimpel, Das & Smith (2010), sections 5 and 6.1, on what being in step costs.
    """

    name = "utilisation"
    title = "How busy processors are"
    question = (
        "Which part of their time do processors compute, by schedule, mini-batch size and "
        "number of processors?"
    )
    place = 5
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        return super().skip(cells) or curves.differ(cells, (*runs.SCHEDULING, "mini_batch_size"))

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        rows = self.table(cells)["cells"]
        schedules = list(dict.fromkeys(cell.schedule for cell in cells))
        kinds = sorted({_kind(row) for row in rows})
        places, gaps = {}, 0
        for index, kind in enumerate(kinds):
            gaps += index > 0 and kind[0] != kinds[index - 1][0]
            places[kind] = index + gaps * INCHES[1] / INCHES[0]
        with style.applied():
            figure, grid = style.panels(
                1,
                len(schedules),
                height=INCHES[0] * (places[kinds[-1]] + 1) + INCHES[2],
                sharex=True,
                sharey=True,
            )
            for axes, schedule in zip(grid[0], schedules, strict=True):
                style.title(axes, schedule)
                own = [row for row in rows if row["schedule"] == schedule]
                _stack(axes, own, [places[_kind(row)] for row in own])
                axes.set_xlim(0, 100)
                axes.set_xlabel("time of all processors (%)")
                axes.spines["left"].set_visible(False)
                axes.tick_params(axis="y", length=0)
            grid[0, 0].set_yticks(list(places.values()), [f"m = {m}, P = {p}" for m, p in places])
            grid[0, 0].set_ylim(places[kinds[-1]] + 0.6, -0.6)
            style.state_legend(figure, _seen(rows))
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        rows = self.table(cells)["cells"]
        delay = words.describe_delays(cells)
        sentences = [
            f"The share of the processors' time spent in each state over whole runs: "
            f"{setting(cells)}{f'; {delay}' if delay else ''}.",
            f"Bars are medians over {words.seed_lists(cells)}, the numbers how much is "
            "busy: computing statistics, or updating.",
            *(
                _extremes(schedule, [row for row in rows if row["schedule"] == schedule])
                for schedule in dict.fromkeys(cell.schedule for cell in cells)
            ),
            *provenance(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `activity.summarise`."""
        return activity.summarise(cells)


def _kind(row):
    return row["mini_batch_size"], row["processors"]


def _seen(rows):
    """Return the states that some bar shows."""
    return {
        state for row in rows for state, spread in row["shares"].items() if spread["median"] > 0
    }


def _stack(axes, rows, places):
    """Draw the bars of a schedule, and how much of each is busy."""
    left = [0.0] * len(rows)
    for state in style.STATE_NAMES:
        widths = [100 * row["shares"][state]["median"] for row in rows]
        axes.barh(places, widths, left=left, height=BAR, color=style.STATES[state], linewidth=0)
        left = [start + width for start, width in zip(left, widths, strict=True)]
    for row, place in zip(rows, places, strict=True):
        busy = row["shares"]["busy"]["median"]
        fits = busy >= ROOM
        axes.text(
            1.2 + (0 if fits else 100 * busy),
            place,
            percent(busy),
            va="center",
            color="white" if fits else style.INK,
            fontsize=7,
        )


def _extremes(schedule, rows):
    """Return a sentence on the least and the most busy, and on what keeps the first from it."""
    low = min(rows, key=lambda row: row["shares"]["busy"]["median"])
    high = max(rows, key=lambda row: row["shares"]["busy"]["median"])
    causes = [
        f"{percent(low['shares'][state]['median'])} {style.STATE_NAMES[state]}"
        for state in activity.STATES[1:]
        if low["shares"][state]["median"] >= 0.0005
    ]
    text = f"{schedule[0].upper()}{schedule[1:]} processors are busy {_where(low)}"
    if causes:
        text += f" ({listed(causes)})"
    return f"{text}, and {_where(high)}." if high is not low else f"{text}."


def _where(row):
    m, p = _kind(row)
    return f"{percent(row['shares']['busy']['median'])} of their time with m = {m}, P = {p}"
