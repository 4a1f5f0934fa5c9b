"""Figure `scaling`: what up to 64 processors do for each schedule, on each task."""

from staleness.workflow.analysis import grouping, runs, summaries
from staleness.workflow.analysis.phrases import number, provenance, time_unit
from staleness.workflow.figures import Figure, style, sweep


class Scaling(Figure):
    """Time to target and speed-up against the number of processors, a row a task.

    What Gimpel, Das & Smith (2010), who had 4, leave to future work. A schedule may be there with
    several mini-batch sizes. Synchronous processors share a mini-batch, so that it must have an
    example for each; asynchronous ones have one each.
    """

    name = "scaling"
    title = "Many processors"
    question = "How many processors are of use? The paper had 4 and left more to future work."
    place = 9
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = grouping.reason_by_task(cells, _reason_against)
        if reason:
            return reason
        for cell in cells:
            size = cell.configuration["mini_batch_size"]
            if cell.schedule == "synchronous" and size < cell.processors:
                return (
                    f"{cell.label} with m = {size} leaves processors without an example: take "
                    f"mini-batches of at least {cell.processors}"
                )
        return None

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        return sweep.draw(
            {task: _series(group, cells) for task, group in grouping.by_task(cells).items()},
            "processors P",
            lambda processors: processors,
            "ideal, P times as fast",
        )

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        sentences = [
            "Time to target (left) and speed-up over the single processor of the same m (right) "
            "against the number of processors P. Mini-batches of synchronous learning are shared "
            "by the P processors, and so have at least P examples; asynchronous processors have "
            "mini-batches of their own.",
            *(
                f"{sweep.described(group)} {_numbers(_series(group, cells))}"
                for group in grouping.by_task(cells).values()
            ),
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
    if not reason and all(cell.schedule == runs.SINGLE for cell in cells):
        reason = f"it needs runs of another schedule than '{runs.SINGLE}'"
    return reason


def _series(cells, every):
    """Return a series a schedule and mini-batch size, each from the single processor on.

    Parameters
    ----------
    cells : list of staleness.workflow.analysis.runs.Cell
        Of one task.
    every : list of staleness.workflow.analysis.runs.Cell
        Of all tasks: what is called the same looks the same.
    """
    sizes = {}
    for size, same in grouping.by_mini_batch_size(every).items():
        for schedule in {cell.schedule for cell in same}:
            sizes.setdefault(schedule, []).append(size)
    rows, groups = summaries.by_size(cells), {}
    for size, same in grouping.by_mini_batch_size(cells).items():
        for cell in same:
            if cell.schedule != runs.SINGLE:
                first = [] if cell.processors == 1 else [grouping.baseline(same)]
                groups.setdefault((cell.schedule, size), first).append(cell)
    return [
        sweep.Series(
            f"{schedule}, m = {size}",
            style.weaker(style.look(schedule), sizes[schedule].index(size)),
            [cell.processors for cell in group],
            [rows[cell] for cell in group],
        )
        for (schedule, size), group in groups.items()
    ]


def _numbers(several):
    """Return a sentence on each series: where it begins, its fastest, and what is not reached."""
    sentences = []
    for series in several:
        times = {
            place: row["time_to_target_s"]["median"]
            for place, row in zip(series.places, series.rows, strict=True)
        }
        there = {place: time for place, time in times.items() if time is not None}
        lost = [str(place) for place in times if place not in there]
        if not there:
            said = "never at its target"
        else:
            best = min(there, key=there.get)
            unit, seconds = time_unit(there[best])
            said = f"{number(there[best] / seconds)} {unit} with P = {best} at the fastest"
            if best > 1:
                said += f", {sweep.factor(series.rows[series.places.index(best)])}"
            if lost:
                said += f"; not at all with P = {' or '.join(lost)}"
        sentences.append(f"{series.text[0].upper()}{series.text[1:]}: {said}.")
    return " ".join(sentences)
