"""MapReduce clusters, real and simulated, as runs tell of them."""

from staleness.algorithms.mapreduce.simulated import MEASURED
from staleness.workflow.analysis import measures

BATCH, ASYNCHRONOUS = "mapreduce-batch", "mapreduce-asynchronous"


def level(batch):
    """Return the log-likelihood that every seed of batch EM has reached when it ends."""
    return measures.final(batch, "log_likelihood").low


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
