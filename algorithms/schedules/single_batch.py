"""Batch learning on one processor."""

from staleness.algorithms.schedules import Schedule
from staleness.algorithms.schedules.single import Single


class SingleBatch(Schedule):
    """One processor, one update a pass over the corpus (Gimpel, Das & Smith 2010, section 2)."""

    name = "single-batch"
    most_processors = 1
    batch = True
    program = Single.program
