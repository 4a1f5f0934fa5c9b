"""Figure `mini-batches`: what the size of mini-batches does to each schedule, on each task."""

import numpy as np

from staleness.workflow.analysis import grouping, runs, summaries
from staleness.workflow.analysis.phrases import listed, provenance
from staleness.workflow.figures import Figure, style, sweep


class MiniBatches(Figure):
    """Time to target and speed-up against the mini-batch size, a row a task.

    Gimpel, Das & Smith (2010), section 6.2, figure 5, which is of word alignment.
    """

    name = "mini-batches"
    title = "The size of mini-batches"
    question = "For which mini-batch sizes does asynchronous learning pay?"
    claims = ("mini-batches",)
    place = 8
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = grouping.reason_by_task(cells, _reason_against)
        if reason:
            return reason
        processors = sorted({cell.processors for cell in cells if cell.schedule != runs.SINGLE})
        if len(processors) != 1:
            several = f"the runs have P = {listed(processors)}" if processors else "all are single"
            return f"{several}: give those of one number of processors, and of the single one"
        return None

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        count = max(cell.processors for cell in cells)
        return sweep.draw(
            {task: _series(group) for task, group in grouping.by_task(cells).items()},
            "mini-batch size m",
            lambda sizes: np.full(len(sizes), float(count)),
            f"ideal, P = {count}",
        )

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        count = max(cell.processors for cell in cells)
        groups = grouping.by_task(cells)
        sentences = [
            "Time to target (left) and speed-up over the single processor of the same m (right) "
            f"with P = {count}, against the mini-batch size m.",
            *(f"{sweep.described(group)} {_numbers(group)}" for group in groups.values()),
            sweep.seeds_of_points(cells),
            *provenance(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `summaries.of_sizes`."""
        return summaries.of_sizes(cells)


def _reason_against(cells):
    """Return why the cells of a task make no row, or None."""
    reason = sweep.reason_against(cells)
    if not reason and len(grouping.by_mini_batch_size(cells)) < 2:
        reason = "it needs runs with several mini-batch sizes"
    return reason


def _series(cells):
    """Return a series a schedule."""
    rows, groups = summaries.by_size(cells), {}
    for cell in cells:
        groups.setdefault(cell.label, []).append(cell)
    return [
        sweep.Series(
            label,
            style.look(group[0].schedule),
            [cell.configuration["mini_batch_size"] for cell in group],
            [rows[cell] for cell in group],
        )
        for label, group in groups.items()
    ]


def _numbers(cells):
    """Return a sentence on the speed-ups of each schedule."""
    phrases = []
    for series in _series(cells):
        if series.rows[0]["schedule"] != runs.SINGLE:
            said = [
                f"{sweep.factor(row)} with m = {size}"
                for size, row in zip(series.places, series.rows, strict=True)
            ]
            phrases.append(f"{series.rows[0]['schedule']}: {listed(said)}")
    text = "; ".join(phrases)
    return f"{text[0].upper()}{text[1:]}."
