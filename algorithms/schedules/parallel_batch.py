"""Batch learning on several processors: their statistics summed, one update."""

from dataclasses import dataclass

from staleness.algorithms.schedules import Look, Schedule
from staleness.algorithms.schedules.synchronous import Synchronous


@dataclass(frozen=True)
class ParallelBatch(Schedule):
    """The corpus split over the processors, statistics summed in their order, one update.

    Gimpel, Das & Smith (2010), section 3; as on MapReduce (Chu et al. 2006).
    """

    name = "parallel-batch"
    updates_of = "single-batch"
    look = Look("#009e73", (0, (1.2, 1.2)), 1.6)
    rank = 4
    batch = True
    program = Synchronous.program
