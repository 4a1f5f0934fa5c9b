"""Asynchronous mini-batch learning by MapReduce: several jobs under way, updates stale."""

from dataclasses import dataclass

from staleness.algorithms.schedules import JobSchedule
from staleness.algorithms.schedules.asynchronous import Asynchronous


@dataclass(frozen=True)
class MapReduceAsynchronous(JobSchedule):
    """Four mini-batches at once, each of 6 mappers and a reducer (Gimpel, Das & Smith 2010).

    The corpus is cut into a partition for each mapper of each job in flight. A job has the mappers
    of every `jobs_in_flight`-th partition, and the next job those of the partitions after them.
    """

    name = "mapreduce-asynchronous"
    look = Asynchronous.look

    mappers: int = 6
    reducers: int = 1
    jobs_in_flight: int = 4
