"""What a MapReduce job costs beside its computing, and what it moves.

    python -m benchmarks.mapreduce [--engine local] [--workers 2] [--jobs 20]

An empty job: theta of 8 MB goes to every worker, mappers and the reduce do nothing with it. Then
some iterations of batch EM for Model 1 on sentence pairs at random: the bytes that they moved,
beside those of theta for every worker and of the counts that are not zero, 4 for a count's row and
4 for its value, once from the mappers and once from the reducer.
"""

import argparse
import tempfile
import time
from contextlib import closing
from statistics import median

import numpy as np

from staleness.algorithms import encoded
from staleness.algorithms.mapreduce import partition
from staleness.algorithms.mapreduce.dask import LOCAL, Dask
from staleness.algorithms.mapreduce.driver import Driver
from staleness.algorithms.tasks.alignment import Alignment
from staleness.algorithms.updates.em import ExpectationMaximization

THETA = 2 * 2**20  # float32, 8 MB
PAIRS, WORDS, LENGTH = 3000, 2000, 12


def main():
    """Measure, and print a line each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--engine", default=LOCAL)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=20)
    options = parser.parse_args()
    began = time.perf_counter()
    with closing(Dask(options.engine, options.workers)) as engine:
        print(f"{engine.describe()}, there after {time.perf_counter() - began:.1f} s")
        for mappers in (24, 6):
            found = empty_jobs(engine, mappers, options.jobs)
            print(
                f"empty job, {mappers} + 1 tasks: {1e3 * median(found):.0f} ms "
                f"({1e3 * min(found):.0f} to {1e3 * max(found):.0f})"
            )
        moved, least = bytes_moved(engine)
        print(f"bytes moved an iteration: {moved:,}, {moved / least:.3f} times {least:,}")


def empty_jobs(engine, mappers, jobs):
    """Return the seconds of some jobs of mappers that do nothing."""
    theta = np.random.default_rng(0).random(THETA, dtype=np.float32)
    placed = engine.place(int, range(mappers))
    seconds = []
    for _ in range(jobs):
        began = time.perf_counter()
        handle = engine.broadcast(theta)
        job = engine.submit(_nothing, sum, placed, handle)
        engine.result(job)
        engine.release(job, handle)
        seconds.append(time.perf_counter() - began)
    return seconds


def _nothing(place, theta):
    return place


def bytes_moved(engine):
    """Return the bytes that an iteration moved, and those that it could not do without."""
    rng = np.random.default_rng(0)
    offsets = np.arange(0, LENGTH * PAIRS + 1, LENGTH, dtype=np.int64)
    source, target = (
        np.minimum(rng.zipf(1.3, LENGTH * PAIRS) - 1, WORDS - 1).astype(np.int32) for _ in range(2)
    )
    about = {"task": "alignment", "corpus": "at-random", "linked_pairs": 0}
    about |= {"source_words": WORDS, "target_words": WORDS}
    arrays = {"source_offsets": offsets, "source": source}
    arrays |= {"target_offsets": offsets, "target": target}
    with tempfile.TemporaryDirectory(prefix="staleness-") as folder:
        encoded.save(folder, about, {f"train.{name}": values for name, values in arrays.items()})
        driver = Driver(
            engine,
            Alignment(),
            ExpectationMaximization().master(),
            encoded.load(folder),
            seed=0,
            epochs=2,
            mini_batch_size=None,
            mappers=24,
            reducers=1,
            jobs_in_flight=1,
        )
        for _ in driver.train():
            pass
        theta = driver.theta
        sent = driver.over_all(partition.compute, theta, 0, 0, 1)
        not_zero = driver.over_all(_not_zero, theta, reduce=sum) + np.count_nonzero(sent.values)
    least = 8 * int(not_zero) + theta.nbytes * engine.describe()["workers"]
    return int(driver.trace["bytes_moved"][-1]), least


def _not_zero(place, theta):
    return np.count_nonzero(place.compute(theta, 0, 0, 1).values)


if __name__ == "__main__":
    main()
