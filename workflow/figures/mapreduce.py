"""Figure `mapreduce`: batch and asynchronous stepwise EM where every mini-batch is a job."""

from staleness.algorithms.mapreduce.simulated import MEASURED
from staleness.workflow.analysis import grouping, runs, words
from staleness.workflow.analysis.clusters import (
    ASYNCHRONOUS,
    BATCH,
    METRIC,
    NAMES,
    PARTS,
    by_cluster,
    clusters_of,
    empty_job,
    job_parts,
    name,
    row_of,
    table,
)
from staleness.workflow.analysis.phrases import (
    Scale,
    final_value,
    listed,
    number,
    seeds_of_curves,
    setting,
    time_unit,
    when,
)
from staleness.workflow.figures import Figure, curves, style
from staleness.workflow.figures.curves import Curve

SHORT = {BATCH: "batch", ASYNCHRONOUS: "asynchronous"}
COLOURS = dict(zip(PARTS, ("#dbe3ea", "#17375e", "#b0418f", "#f0a030"), strict=True))
EMPTY, EMPTY_COLOUR = "empty job", "#8c8c8c"
HEIGHT = 110 / 25.4  # inches
HEIGHTS = (3, 1.25)  # of curves and bars
PLACES = (0, 0.8, 2, 2.8)  # of the bars of a job and of an empty one, for each learner
BAR = 0.74


class MapReduce(Figure):
    """Log-likelihood of IBM Model 1 against time, a panel a cluster; below, what jobs take.

    Gimpel, Das & Smith (2010), section 6.2: batch EM with two jobs an iteration, one of 24 mappers
    and a reducer for the expected counts and one for the parameters; asynchronous stepwise EM with
    4 jobs of 6 mappers and a reducer at once. Here an iteration of batch EM is one job.
    """

    name = "mapreduce"
    title = "MapReduce: every mini-batch a job"
    question = (
        "Does it pay where every mini-batch is a job of MapReduce? In 2010 that was word "
        "alignment, batch EM with two jobs an iteration, the larger one of 24 mappers and one "
        "reducer, and stepwise EM with jobs of 6 mappers and one reducer."
    )
    claims = ("mapreduce",)
    place = 13
    task = "alignment"
    metric = METRIC

    def skip(self, cells):
        """Return why the cells make no figure, or None; see `Figure`."""
        reason = super().skip(cells)
        if reason:
            return reason
        others = sorted({cell.schedule for cell in cells} - NAMES.keys())
        if others:
            return f"it is about {' and '.join(NAMES)}, not {others[0]}"
        for group in by_cluster(cells):
            for schedule in NAMES:
                found = sum(cell.schedule == schedule for cell in group)
                if found != 1:
                    many = "several kinds of" if found else "no"
                    return f"{many} runs of {schedule} ({name(group[0])}): give those of one"
        policies = grouping.policies(cells)
        if len(policies) > 1:
            return f"the runs differ in policy ({listed(policies)}): give those of one"
        corpora = {cell.about["corpus"]["digest"] for cell in cells}
        return "the runs are of several corpora: give those of one" if len(corpora) > 1 else None

    def shared(self, cells):
        """Return what both learners of each cluster share; see `Figure`."""
        return [grouping.common(group) for group in by_cluster(cells)]

    def draw(self, cells):
        """Return the matplotlib figure; see `Figure`."""
        clusters = clusters_of(cells)
        scale = Scale.of(cells, self.metric)
        with style.applied():
            figure, (above, below) = style.panels(
                2, len(clusters), height=HEIGHT, height_ratios=HEIGHTS, sharey="row"
            )
            drawn = [_curves(cluster, scale) for cluster in clusters]
            for axes, cluster, group in zip(above, clusters, drawn, strict=True):
                _panel(axes, cluster, group, scale)
            for axes, cluster in zip(below, clusters, strict=True):
                _bars(axes, cluster)
            every = [curve for group in drawn for curve in group]
            level = clusters[0].level / scale.factor
            above[0].set_ylim(*curves.limits(every, level))
            above[0].set_ylabel(scale.axis)
            style.curve_legend(figure, above[0])
            style.colour_legend(figure, {**COLOURS, EMPTY: EMPTY_COLOUR}, "outside lower left")
        return figure

    def caption(self, cells):
        """Return the text below the figure; see `Figure`."""
        clusters = clusters_of(cells)
        scale = Scale.of(cells, self.metric)
        iterations = clusters[0].batch.configuration["epochs"]
        sentences = [
            "Batch EM, an iteration a job, and asynchronous stepwise EM, several jobs at once and "
            f"each a mini-batch: {setting(clusters[0].cells)}. Above, the log-likelihood against "
            "time, on a logarithmic axis.",
            seeds_of_curves(cells),
            f"Dotted lines are what batch EM has after {iterations} iterations, "
            f"{scale.value(clusters[0].level)}; dots mark the median time at which that is "
            "reached for good.",
            "Below, what a job takes on average: waiting for its first mapper, mapping, reducing "
            "and waiting for the driver to have time, its update; and an empty job, which brings "
            f"theta to mappers that do nothing (the median of {_empty_jobs(cells)} before each "
            "run).",
            *(_numbers(cluster, scale) for cluster in clusters),
            *_provenance(clusters),
        ]
        return " ".join(sentences)

    def table(self, cells):
        """Return the numbers behind the figure; see `clusters.table`."""
        return table(cells)


def _curves(cluster, scale):
    """Return both curves of a cluster."""
    level = cluster.level
    return [
        Curve.of(cell, METRIC, look, NAMES[cell.schedule], level, scale.factor)
        for cell, look in zip(cluster.cells, style.looks(cluster.cells), strict=True)
    ]


def _panel(axes, cluster, drawn, scale):
    """Draw the curves of a cluster."""
    unit, seconds = time_unit(curves.longest(cluster.cells))
    level = cluster.level / scale.factor
    style.curve_axes(axes, curves.times_shown(drawn, seconds), digits=(1, 3))
    for curve in drawn:
        curve.draw(axes, seconds, level)
    curves.target_line(axes, level, "_target")  # the caption says what it is
    axes.set_xlabel(f"time ({unit})")
    style.title(axes, cluster.name.replace(", ", "\n"))


def _bars(axes, cluster):
    """Draw what jobs take, and jobs that do nothing."""
    longest = max(sum(job_parts(cell).values()) for cell in cluster.cells)
    unit, seconds = time_unit(longest)
    words = []
    for cell, job, empty in zip(cluster.cells, PLACES[::2], PLACES[1::2], strict=True):
        left = 0.0
        for part, mean in job_parts(cell).items():
            axes.barh(job, mean / seconds, BAR, left, color=COLOURS[part])
            left += mean / seconds
        axes.barh(empty, empty_job(cell).median / seconds, BAR, color=EMPTY_COLOUR)
        words += [f"{SHORT[cell.schedule]} job", EMPTY]
    axes.set_yticks(PLACES, words)
    axes.tick_params(axis="y", length=0)
    axes.set_ylim(PLACES[-1] + BAR, PLACES[0] - BAR)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(f"time of a job ({unit})")


def _empty_jobs(cells):
    """Return of how many empty jobs a median is."""
    return len(cells[0].about["engine"]["empty_job_seconds"])


def _numbers(cluster, scale):
    """Return sentences on a cluster: when its learners get there, and what its jobs take."""
    unit, seconds = time_unit(curves.longest(cluster.cells))
    rows = [row_of(cell, cluster) for cell in cluster.cells]
    times = [
        f"{row['label']} {when(row['time_s']['median'], unit, seconds)}{_some(row)}" for row in rows
    ]
    faster = rows[1]["faster"]["median"]
    ratio = f", {number(faster, 2)} times as fast" if faster else ""
    finals = "; ".join(final_value(row, scale) for row in rows)
    jobs = "; ".join(_job(row) for row in rows)
    words = cluster.name[0].upper() + cluster.name[1:]
    return (
        f"{words}: {', '.join(times)}{ratio}; at the end, in {scale.unit}, {finals}. "
        f"{jobs[0].upper()}{jobs[1:]}."
    )


def _some(row):
    """Return a phrase on the seeds that get there, where these are neither all nor none."""
    reached, seeds = row["time_s"]["reached"], len(row["seeds"])
    return f" ({reached} of {seeds} seeds)" if 0 < reached < seeds else ""


def _job(row):
    """Return a phrase on what a job takes, and one that does nothing."""
    takes, empty = sum(row["job_s"].values()), row["empty_job_s"]["median"]
    unit, seconds = time_unit(takes)
    return (
        f"a job of {row['label']} takes {number(takes / seconds)} {unit}, an empty one "
        f"{number(empty / seconds)} {unit}"
    )


def _provenance(clusters):
    """Return sentences on clocks, cost models and machines."""
    said = {}
    for cluster in clusters:
        about = words.describe_clock(grouping.common(cluster.cells))
        said.setdefault(about, []).append(cluster.name)
    cells = [cell for cluster in clusters for cell in cluster.cells]
    for text, names in said.items():
        yield f"{text[0].upper()}{text[1:]}: {listed(names)}."
    startups = {cell.configuration.get("job_startup") for cell in cells} - {None}
    if MEASURED in startups:
        yield "A start-up as measured is that of Dask on 2 cores."
    if startups - {MEASURED}:
        yield ("Other start-ups are assumed; in 2010 a job of Hadoop had 30 to 60 s of overhead.")
    yield f"Machine: {'; '.join(runs.machines(cells))}."
