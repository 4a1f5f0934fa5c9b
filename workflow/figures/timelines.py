"""Figure `timelines`: what processors do, moment by moment, under each schedule."""

import numpy as np

from staleness.workflow.analysis import activity, words
from staleness.workflow.analysis.phrases import (
    listed,
    number,
    percent,
    provenance,
    setting,
    time_unit,
)
from staleness.workflow.figures import Figure, curves, style

UPDATES = 48  # the window ends when the fastest schedule has made as many
MOST_PROCESSORS = 16  # more bars than that cannot be told apart
BAR = 0.72  # of the distance between two rows
INCHES = (0.15, 0.3)  # height of a row of bars, and of what stands around a panel


class Timelines(Figure):
    """Bars of processors against time, a panel a schedule, from the traces of one seed.

    After the figures with which the talk to Gimpel, Das & Smith (2010) explains the schedules.
    """

    name = "timelines"
    title = "What processors do under each schedule"
    question = "What do processors do with their time under each schedule?"
    place = 1
    task = "ner"
    metric = "f1"

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = super().skip(cells) or curves.differ(cells)
        most = max(cell.processors for cell in cells)
        if reason is None and most > MOST_PROCESSORS:
            reason = f"{most} bars are too many: give runs of at most {MOST_PROCESSORS} processors"
        return reason

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        window = activity.window(cells, UPDATES)
        unit, seconds = time_unit(window)
        found = [activity.spans(cell.traces[0]) for cell in cells]
        rows = [cell.processors + 1 for cell in cells]  # and one for the updates
        height = sum(INCHES[0] * count + INCHES[1] for count in rows) + INCHES[1]
        with style.applied():
            figure, grid = style.panels(
                len(cells),
                1,
                height=height,
                sharex=True,
                height_ratios=[count + INCHES[1] / INCHES[0] / 2 for count in rows],
            )
            seen = set()
            for axes, cell, spans in zip(grid[:, 0], cells, found, strict=True):
                for state in activity.STATES:
                    bars = spans[state][spans[state][:, 1] < window]
                    seen.update({state} if len(bars) else ())
                    _bars(axes, bars, seconds, style.STATES[state])
                _part(axes, cell.traces[0], window, seconds)
                updates = activity.update_times(cell.traces[0])
                updates = updates[updates <= window] / seconds
                axes.vlines(updates, -0.3, 0.3, color=style.INK, linewidth=0.7)
                count = f"{len(updates)} update{'s' if len(updates) != 1 else ''}"
                style.title(axes, f"{cell.label}: {count}")
                axes.set_ylim(cell.processors + 0.6, -0.6)
                others = range(2, cell.processors + 1)
                axes.set_yticks(range(cell.processors + 1), ["updates", "processor 1", *others])
                axes.tick_params(axis="y", length=0)
                axes.tick_params(axis="x", length=3 if axes is grid[-1, 0] else 0)
                for side in ("left",) if axes is grid[-1, 0] else ("left", "bottom"):
                    axes.spines[side].set_visible(False)
            axes.set_xlim(0, window / seconds or 1)
            style.numbers(axes.xaxis, 8)
            axes.set_xlabel(f"time ({unit})")
            style.state_legend(figure, seen)
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        window = activity.window(cells, UPDATES)
        unit, seconds = time_unit(window)
        delay = words.describe_delays(cells)
        waits = any(
            rows[:, 1].min(initial=np.inf) < window
            for cell in cells
            for rows in [activity.spans(cell.traces[0])["lock"]]
        )
        sentences = [
            f"What each processor does in the first {number(window / seconds)} {unit} of training, "
            f"from the traces of seed {cells[0].seeds[0]}: {setting(cells)}"
            f"{f'; {delay}' if delay else ''}.",
            "Busy is the time of computing statistics and of updating; thin white lines set "
            "mini-batches apart, a stroke in the top row of a panel is an update.",
            f"Updates in this time: {'; '.join(_updates(cell, window) for cell in cells)}.",
            f"Share of time spent busy over whole runs, medians over {words.seed_lists(cells)}: "
            f"{'; '.join(_busy(row) for row in self.table(cells)['cells'])}.",
            "" if waits else "No processor waits for the lock here.",
            *provenance(cells),
        ]
        return " ".join(filter(None, sentences))

    def table(self, cells):
        """Return the numbers behind the figure; see `activity.summarise`."""
        return {"window_s": activity.window(cells, UPDATES), **activity.summarise(cells)}


def _bars(axes, rows, seconds, colour):
    """Draw spans of one state (see `activity.spans`)."""
    for processor in np.unique(rows[:, 0]):
        own = rows[rows[:, 0] == processor]
        axes.broken_barh(
            own[:, 1:] / seconds,
            (processor + 1 - BAR / 2, BAR),
            facecolor=colour,
            edgecolor="none",
        )


def _part(axes, trace, window, seconds):
    """Set the mini-batches of a processor apart."""
    seen = trace["start"] < window
    starts, rows = trace["start"][seen] / seconds, trace["processor"][seen] + 1
    axes.vlines(starts, rows - BAR / 2, rows + BAR / 2, color="white", linewidth=0.6)


def _updates(cell, window):
    count = int((activity.update_times(cell.traces[0]) <= window).sum())
    return f"{cell.label}: {count}"


def _busy(row):
    shares = {state: spread["median"] for state, spread in row["shares"].items()}
    rest = [
        f"{percent(shares[state])} {style.STATE_NAMES[state]}"
        for state in ("barrier", "lock", "delayed")
        if shares[state] >= 0.0005
    ]
    return f"{row['label']}, {percent(shares['busy'])}{f' ({listed(rest)})' if rest else ''}"
