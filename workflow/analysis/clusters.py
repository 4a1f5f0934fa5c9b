"""MapReduce clusters, real and simulated: batch and stepwise EM on each, and what jobs take."""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.simulated import MEASURED
from staleness.workflow.analysis import measures
from staleness.workflow.analysis.measures import Spread
from staleness.workflow.analysis.runs import REMEDY
from staleness.workflow.store import record

BATCH, ASYNCHRONOUS = "mapreduce-batch", "mapreduce-asynchronous"
NAMES = {BATCH: "batch EM", ASYNCHRONOUS: "asynchronous stepwise EM"}
METRIC = "log_likelihood"
# What a job's time is made of, by the columns of its trace.
PARTS = {
    "waiting": ("broadcast", "queue"),
    "map": ("map",),
    "reduce": ("reduce",),
    "update": ("update",),
}


def level(batch):
    """Return the log-likelihood that every seed of batch EM has reached when it ends."""
    return measures.final(batch, METRIC).low


def cluster_of(cell):
    """Return what tells a cell's cluster from others; real ones come first."""
    simulated = cell.configuration["clock"] == "simulated"
    startup = cell.configuration.get("job_startup") or ""
    return simulated, simulated and startup != MEASURED, startup, cell.processors


def name(cell):
    """Return a phrase on a cell's cluster."""
    workers = f"worker{'s' if cell.processors > 1 else ''}"
    startup = cell.configuration.get("job_startup")
    if startup is None:
        return f"{cell.processors} {workers}, this machine"
    known = "as measured" if startup == MEASURED else f"of {startup.removesuffix('s')} s"
    return f"{cell.processors} simulated {workers}, start-up {known}"


@dataclass(frozen=True)
class Cluster:
    """Both learners on one cluster.

    Attributes
    ----------
    batch, asynchronous : staleness.workflow.analysis.runs.Cell
    """

    batch: object
    asynchronous: object

    @property
    def cells(self):
        """Both, a list."""
        return [self.batch, self.asynchronous]

    @property
    def level(self):
        """The log-likelihood that batch EM ends at, the lowest of its seeds."""
        return level(self.batch)

    @property
    def name(self):
        """What a panel of it is called."""
        return name(self.batch)


def by_cluster(cells):
    """Return the cells of each cluster, a list of lists."""
    groups = {}
    for cell in sorted(cells, key=cluster_of):
        groups.setdefault(cluster_of(cell), []).append(cell)
    return list(groups.values())


def clusters_of(cells):
    """Return the `Cluster` of each group."""
    return [
        Cluster(*(next(one for one in group if one.schedule == schedule) for schedule in NAMES))
        for group in by_cluster(cells)
    ]


def job_parts(cell):
    """Return the mean seconds, over jobs and seeds, of each of the parts of a job."""
    traces = [record.read_trace(folder) for folder in cell.folders]
    try:
        return {
            part: float(np.mean([sum(trace[one] for one in columns).mean() for trace in traces]))
            for part, columns in PARTS.items()
        }
    except KeyError as error:
        raise StalenessError(
            f"{cell.folders[0]}: its trace has no column {error}: {REMEDY}"
        ) from error


def empty_job(cell):
    """Return the `Spread` over seeds of the median seconds of a job that does nothing."""
    try:
        return Spread.over(
            [np.median(about["engine"]["empty_job_seconds"]) for about in cell.abouts]
        )
    except (KeyError, TypeError) as error:
        raise StalenessError(f"runs of {cell.label} say no {error}: {REMEDY}") from error


def faster(cluster):
    """Return the `Spread` of how many times sooner asynchronous EM gets to where batch EM ends."""
    return measures.speed_up(cluster.asynchronous, cluster.batch, METRIC, cluster.level)


def row_of(cell, cluster):
    """Return the row of a cell in the table."""
    times = measures.times_to_target(cell, METRIC, cluster.level)
    reached = sum(time is not None for time in times)
    median = measures.median_time_to_target(cell, METRIC, cluster.level)
    return {
        "cluster": cluster.name,
        "label": NAMES[cell.schedule],
        "schedule": cell.schedule,
        "processors": cell.processors,
        "mini_batch_size": cell.configuration["mini_batch_size"],
        "seeds": list(cell.seeds),
        "final": measures.final(cell, METRIC).as_dict(),
        "mean_staleness": Spread.over([a["mean_staleness"] for a in cell.abouts]).as_dict(),
        "time_s": {"median": median, "reached": reached},
        "faster": faster(cluster).as_dict() if cell is cluster.asynchronous else None,
        "empty_job_s": empty_job(cell).as_dict(),
        "job_s": job_parts(cell),
    }


def table(cells):
    """Return the numbers of all clusters.

    Returns
    -------
    dict
        levels, by cluster the log-likelihood that batch EM ends at, and cells: of each its
        cluster, label, schedule, processors, mini_batch_size, seeds, final and mean_staleness,
        time_s (to that level; None is never) with the seeds that reached it, faster (the ratio
        to batch EM), empty_job_s and job_s (by part), all but the last with median, low and
        high over seeds.
    """
    found = {cluster_of(cluster.batch): cluster for cluster in clusters_of(cells)}
    return {
        "levels": {cluster.name: cluster.level for cluster in found.values()},
        "cells": [row_of(cell, found[cluster_of(cell)]) for cell in cells],
    }
