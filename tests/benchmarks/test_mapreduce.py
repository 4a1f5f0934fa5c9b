"""What MapReduce jobs move; how long they take is for benchmarks to say."""

from concurrent.futures import ThreadPoolExecutor

from benchmarks import mapreduce
from staleness.algorithms.mapreduce.engine import Engine


class Threads(Engine):
    """An engine of threads, without anything that can be lost."""

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)

    def place(self, make, *arguments):
        return [make(*values) for values in zip(*arguments, strict=True)]

    def broadcast(self, value):
        return value

    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        return self._pool.submit(lambda: reduce([function(p, *arguments) for p in partitions]))

    def first(self, jobs):
        return 0

    def result(self, job):
        return job.result()

    def release(self, *handles):
        pass

    def describe(self):
        return {"workers": 2}

    def close(self):
        self._pool.shutdown()


def test_hardly_more_is_moved_than_counts_and_theta():
    engine = Threads()
    moved, least = mapreduce.bytes_moved(engine)
    engine.close()
    assert least <= moved <= 1.2 * least
    assert moved > 2 * 4 * 1000


def test_an_empty_job_takes_some_time():
    engine = Threads()
    seconds = mapreduce.empty_jobs(engine, mappers=3, jobs=2)
    engine.close()
    assert len(seconds) == 2
    assert min(seconds) > 0
