"""Figure `scaling`: what up to 64 processors do for each schedule, on each task."""

from staleness.workflow.figures import Figure, measures, runs, style, sweep
from staleness.workflow.figures.phrases import number, provenance, time_unit


class Scaling(Figure):
    """Time to target and speed-up against the number of processors, a row a task.

    What Gimpel, Das & Smith (2010), section 6, leave to future work. A schedule may be there with
    several mini-batch sizes. Synchronous processors share a mini-batch, so that it must have an
    example for each; asynchronous ones have one each.
    """

    name = "scaling"
    title = "Many processors"
    task = None
    metric = None

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        for task, group in runs.by_task(cells).items():
            measures.first_metric(task)
            reason = sweep.reason_against(group)
            if not reason and all(cell.schedule == runs.SINGLE for cell in group):
                reason = f"it needs runs of another schedule than '{runs.SINGLE}'"
            if reason:
                return f"task {task}: {reason}"
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
            {task: _series(group) for task, group in runs.by_task(cells).items()},
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
                f"{sweep.described(group)} {_numbers(group)}"
                for group in runs.by_task(cells).values()
            ),
            sweep.seeds_of_points(cells),
            *provenance(cells),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `sweep.table`."""
        return sweep.table(cells)


def _series(cells):
    """Return a series a schedule and mini-batch size, each from the single processor on."""
    rows, groups = sweep.rows_by_cell(cells), {}
    for size, same in runs.by_mini_batch_size(cells).items():
        for cell in same:
            if cell.schedule != runs.SINGLE:
                first = [] if cell.processors == 1 else [runs.baseline(same)]
                groups.setdefault((cell.schedule, size), first).append(cell)
    found, weaker = [], {}
    for (schedule, size), group in groups.items():
        weaker[schedule] = weaker.get(schedule, -1) + 1
        found.append(
            sweep.Series(
                f"{schedule}, m = {size}",
                style.weaker(style.look(schedule), weaker[schedule]),
                [cell.processors for cell in group],
                [rows[cell] for cell in group],
            )
        )
    return found


def _numbers(cells):
    """Return a sentence on each series: where it begins, its fastest, and what comes after."""
    sentences = []
    for series in _series(cells):
        pairs = list(zip(series.places, series.rows, strict=True))
        times = [row["time_to_target_s"]["median"] for row in series.rows]
        there = [pair for pair, time in zip(pairs, times, strict=True) if time is not None]
        if not there:
            sentences.append(f"{series.text} never reaches its target.")
            continue
        best, fastest = min(there, key=lambda pair: pair[1]["time_to_target_s"]["median"])
        name, seconds = time_unit(there[0][1]["time_to_target_s"]["median"])
        text = f"{series.text}: "
        if there[0][0] == 1 and best > 1:
            alone = number(there[0][1]["time_to_target_s"]["median"] / seconds)
            text += f"{alone} {name} with P = 1, "
        text += (
            f"{number(fastest['time_to_target_s']['median'] / seconds)} {name} with P = {best}, "
            f"which is {sweep.factor(fastest)}"
        )
        lost = [str(place) for (place, _), time in zip(pairs, times, strict=True) if time is None]
        if lost:
            text += f"; not at all with P = {' or '.join(lost)}"
        sentences.append(f"{text[0].upper()}{text[1:]}.")
    return " ".join(sentences)
