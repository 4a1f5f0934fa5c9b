"""What a run will keep in memory, told before it is taken."""

import os
import resource
from pathlib import Path

from staleness.algorithms.clocks import TRACE
from staleness.algorithms.errors import StalenessError
from staleness.workflow.machine.facts import available_memory

MOST_MINI_BATCHES = 2**31 - 1  # which a trace can number
POINT = 1000  # bytes, about, of a point of the curve while the run lasts


def check(configuration, examples, split):
    """Raise an error if a run has more mini-batches than can be counted, or cannot fit into memory.

    Parameters
    ----------
    configuration : Configuration
    examples : int
        Of the corpus.
    split : bool
        Whether the processors split every mini-batch, so that the trace has a row for each.

    Raises
    ------
    StalenessError
    """
    epochs, processors = configuration.epochs, configuration.processors
    visits = epochs * examples
    mini_batches = -(-visits // (configuration.mini_batch_size or max(examples, 1)))
    if mini_batches > MOST_MINI_BATCHES:
        message = f"{epochs:,} epochs of {examples:,} examples are {mini_batches:,} mini-batches"
        raise StalenessError(
            f"{message}, expected at most {MOST_MINI_BATCHES:,}: take fewer or larger ones"
        )
    delayed = configuration.delay_mean is not None
    parts = {
        "the order of the examples": 4 * visits,
        # Once more where it is written.
        "the trace": 2 * TRACE.itemsize * mini_batches * (processors if split else 1),
        "the curve": POINT * epochs * configuration.evaluations,
        "the pauses": 8 * processors * mini_batches * delayed,
    }
    needed, free = sum(parts.values()), available()
    if free is not None and needed > free:
        raise StalenessError(
            f"this run would take {needed / 2**30:,.1f} GiB of memory, most of it for "
            f"{max(parts, key=parts.get)}, and {free / 2**30:,.1f} GiB are free: take fewer "
            "epochs, evaluations or processors, or larger mini-batches"
        )


def available():
    """Return how many bytes this process may still take, None where nothing says so."""
    found = [available_memory()]
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit != resource.RLIM_INFINITY:
        pages = int(Path("/proc/self/statm").read_text().split()[0])
        found.append(max(limit - pages * os.sysconf("SC_PAGE_SIZE"), 0))
    return min((number for number in found if number is not None), default=None)
