"""Batch learning on one processor."""

from dataclasses import dataclass

from staleness.algorithms.schedules import Look, Schedule
from staleness.algorithms.schedules.single import Single


@dataclass(frozen=True)
class SingleBatch(Schedule):
    """One processor, one update a pass over the corpus (Gimpel, Das & Smith 2010, section 2)."""

    name = "single-batch"
    look = Look("#8c8c8c", (0, (8, 2)), 1.2)
    rank = 3
    most_processors = 1
    batch = True
    program = Single.program
