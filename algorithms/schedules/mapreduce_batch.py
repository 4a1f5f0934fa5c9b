"""Batch learning by MapReduce: an iteration is a job."""

from dataclasses import dataclass

from staleness.algorithms.schedules import JobSchedule
from staleness.algorithms.schedules.parallel_batch import ParallelBatch


@dataclass(frozen=True)
class MapReduceBatch(JobSchedule):
    """The whole corpus a job of 24 mappers and a reducer.

    Gimpel, Das & Smith (2010), section 6.2, where the M-step was another job.
    """

    name = "mapreduce-batch"
    look = ParallelBatch.look
    batch = True

    mappers: int = 24
    reducers: int = 1
    jobs_in_flight: int = 1
