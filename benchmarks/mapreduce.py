"""What MapReduce jobs cost beside their computing, and what that makes of learning.

    python -m benchmarks.mapreduce [overhead] [--jobs 20]
    python -m benchmarks.mapreduce race [--words 50000] [--mini-batch 50000] [--stepwise 1/1/2]
    python -m benchmarks.mapreduce memory [--pairs 3000000] [--pieces 16]

with [--engine local] [--workers 2] for each.

overhead: an empty job. Theta of 8 MB goes to every worker, mappers and the reduce do nothing with
it. Then some iterations of batch EM for Model 1 on sentence pairs at random: the bytes that they
moved, beside those of theta for every worker and of the counts that are not zero, 4 for a count's
row and 4 for its value, once from the mappers and once from the reducer.

race: Model 1 on synthetic sentence pairs, 10 iterations of batch EM and some epochs of asynchronous
stepwise EM, by turns. For each iteration, batch EM's time to its log-likelihood over stepwise EM's:
above 1, stepwise EM is sooner there; 0, it never is there. What stepwise EM has passed when its
first epoch ends counts as reached then. Theta of every epoch is kept in memory until it is judged.

memory: batch EM of Model 1 piece by piece on synthetic sentence pairs, and the most memory that
each process has had at once (VmHWM): the one that makes the corpus, the driver with its scheduler,
workers and what else Dask starts.
"""

import argparse
import multiprocessing
import re
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from statistics import median

import numpy as np
import psutil

from benchmarks.peers import spread
from staleness.algorithms.arrays import load
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import partition
from staleness.algorithms.mapreduce.dask import LOCAL, Dask
from staleness.algorithms.mapreduce.deal import EVERYTHING
from staleness.algorithms.mapreduce.driver import Driver, nothing
from staleness.algorithms.mapreduce.pieces import Pieces
from staleness.algorithms.mapreduce.theta import Theta
from staleness.algorithms.schedules import JobSchedule
from staleness.algorithms.tasks.alignment import Alignment
from staleness.algorithms.updates.em import ExpectationMaximization
from staleness.algorithms.updates.stepwise_em import StepwiseEM
from staleness.workflow.corpora.encode import DATA, ensure
from staleness.workflow.store import encoded

CORPUS = "synthetic-alignment"
ITERATIONS = 10  # of batch EM, to be outrun
ALPHA = 0.51  # so that mu remembers about as many jobs as there are in an epoch, not more and more
THETA = 2 * 2**20  # float32, 8 MB
PAIRS, WORDS, LENGTH = 3000, 2000, 12


def main(arguments=None):
    """Measure, and print a line each."""
    options = parse(arguments)
    # Before there are workers: this process may not have been larger than they make it.
    corpus = None if options.what == "overhead" else load(made_elsewhere(options))
    with closing(Dask(options.engine, options.workers)) as engine:
        WHAT[options.what](engine, corpus, options)


def parse(arguments):
    """Return what the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("what", nargs="?", choices=list(WHAT), default="overhead")
    parser.add_argument("--engine", default=LOCAL)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--jobs", type=int, default=20, help="empty ones")
    parser.add_argument("--pairs", type=int, default=300_000)
    parser.add_argument("--words", type=int, default=50_000, help="of either side")
    parser.add_argument("--data", default=DATA, help="has encoded/, as for staleness encode")
    for name, usual in {"batch": "24/1/1", "stepwise": "1/1/2"}.items():
        about = {"metavar": "M/R/J", "help": f"mappers, reducers, jobs in flight of {name} EM"}
        parser.add_argument(f"--{name}", type=numbers, default=usual, **about)
    parser.add_argument("--mini-batch", type=int, default=50_000)
    parser.add_argument("--alpha", type=float, default=ALPHA, help="of stepwise EM")
    parser.add_argument("--epochs", type=int, default=16, help="of stepwise EM")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pieces", type=int, default=16)
    parser.add_argument("--iterations", type=int, default=1, help="of batch EM piece by piece")
    return parser.parse_args(arguments)


def numbers(text):
    """Return the settings of a `Driver` that "mappers/reducers/jobs in flight" stands for."""
    return dict(zip(JobSchedule.hyper_parameters(), map(int, text.split("/")), strict=True))


def overhead(engine, _, options):
    """Print what empty jobs take, and what iterations move."""
    print(engine.describe())
    for mappers in (24, 6):
        found = empty_jobs(engine, mappers, options.jobs)
        print(
            f"empty job, {mappers} + 1 tasks: {1e3 * median(found):.0f} ms "
            f"({1e3 * min(found):.0f} to {1e3 * max(found):.0f})"
        )
    moved, least = bytes_moved(engine)
    print(f"bytes moved an iteration: {moved:,}, {moved / least:.3f} times {least:,}")


def race(engine, corpus, options):
    """Print how long batch EM and stepwise EM take to the same log-likelihoods."""
    found = []
    for seed in range(options.seeds):
        settings = options.batch, ExpectationMaximization(), seed, ITERATIONS
        batch = curve(f"seed {seed}, batch EM", engine, corpus, *settings)
        rule = StepwiseEM(alpha=options.alpha)
        settings = options.stepwise, rule, seed, options.epochs, options.mini_batch
        stepwise = curve(f"seed {seed}, stepwise EM", engine, corpus, *settings)
        found.append(ratios(batch, stepwise))
    print("batch EM's time to the log-likelihood of each iteration, times that of stepwise EM:")
    for iteration, seeds in enumerate(zip(*found, strict=True), start=1):
        print(f"  {iteration}: {spread(seeds, '.2f')}")


def ratios(batch, stepwise):
    """Return batch EM's time to each of its log-likelihoods over that of stepwise EM, a list.

    Curves are pairs of seconds and log-likelihood. Between two points of stepwise EM its time is
    in proportion; what its first point is above counts as reached there; 0 is for what it never
    reaches.
    """
    seconds, likelihoods = np.transpose(stepwise)
    best = np.maximum.accumulate(likelihoods)
    higher = np.diff(best, prepend=-np.inf) > 0
    return [
        arrived / np.interp(likelihood, best[higher], seconds[higher], right=np.inf)
        for arrived, likelihood in batch
    ]


def driver_of(engine, corpus, jobs, rule, seed, epochs, mini_batch=None):
    """Return a driver of Model 1."""
    return Driver(
        engine,
        Alignment(),
        rule.rule(),
        corpus,
        seed=seed,
        epochs=epochs,
        mini_batch_size=mini_batch,
        **jobs,
    )


def curve(name, engine, corpus, *settings):
    """Return seconds and log-likelihood after each epoch of a run, a list, and print them.

    What keeping theta takes is in the time.
    """
    driver = driver_of(engine, corpus, *settings)
    kept, found = [], []
    for _ in driver.train():
        if driver.examples >= driver.total * (len(kept) + 1):
            kept.append((driver.trace["end"].max(), driver.theta))
    for epoch, (seconds, theta) in enumerate(kept, start=1):
        found.append((seconds, driver.judge(theta)["log_likelihood"]))
        print(f"{name}, epoch {epoch}: {seconds:.1f} s, {found[-1][1]:,.0f}", flush=True)
    print_parts(driver.trace)
    return found


def made_elsewhere(options):
    """Return the folder of the corpus, made by another process: this one's memory is measured."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        sizes = {"examples": options.pairs, "words": options.words}
        settings = {"data": options.data, "options": sizes}
        folder = pool.submit(ensure, CORPUS, **settings).result().folder
        print(f"corpus made or checked, peak {peak(next(iter(pool._processes))) / 2**30:.2f} GB")
    return folder


def memory(engine, corpus, options):
    """Print what batch EM, piece by piece, takes of the memory of each process."""
    began = time.perf_counter()
    rule = ExpectationMaximization().rule()
    settings = {"seed": 0, "mappers": 24, "reducers": 1, "pieces": options.pieces}
    with tempfile.TemporaryDirectory(prefix="staleness-") as folder:
        pieces = Pieces(engine, Alignment(), rule, corpus, folder=folder, **settings)
        for iteration in range(1, options.iterations + 1):
            for number, _ in enumerate(pieces.iterate(), start=1):
                print(
                    f"iteration {iteration}, {number} of {options.pieces} pieces with "
                    f"{pieces.parameters:,} parameters, {time.perf_counter() - began:.0f} s, "
                    f"peaks {peaks()}",
                    flush=True,
                )


def peaks():
    """Return the most memory that this process and each of its children has had, for people."""
    own = psutil.Process()
    found = [peak(process.pid) / 2**30 for process in (own, *own.children(recursive=True))]
    return f"driver {found[0]:.2f} GB, others {', '.join(f'{size:.2f}' for size in found[1:])} GB"


def peak(process):
    """Return the most memory that a process has had at once, in bytes."""
    status = Path(f"/proc/{process}/status").read_text(encoding="utf-8")
    return 1024 * int(re.search(r"VmHWM:\s+(\d+) kB", status)[1])


def print_parts(trace):
    """Print what a job's time went into."""
    names = ("broadcast", "queue", "map", "reduce", "update")
    parts = ", ".join(f"{name} {median(trace[name]):.2f}" for name in names)
    print(f"  a job, median s: {parts}; {median(trace['bytes_moved']) / 1e6:.0f} MB moved")


def empty_jobs(engine, mappers, jobs):
    """Return the seconds of some jobs of mappers that do nothing."""
    theta = np.random.default_rng(0).random(THETA, dtype=np.float32)
    placed = engine.place(int, range(mappers))
    seconds = []
    for _ in range(jobs):
        began = time.perf_counter()
        handle = engine.broadcast(theta)
        job = engine.submit(nothing, sum, placed, handle)
        engine.result(job)
        engine.release(job, handle)
        seconds.append(time.perf_counter() - began)
    return seconds


def bytes_moved(engine):
    """Return the bytes that an iteration moved, and those that it could not do without."""
    with tempfile.TemporaryDirectory(prefix="staleness-") as folder:
        rule = ExpectationMaximization()
        driver = driver_of(engine, at_random(folder), numbers("24/1/1"), rule, seed=0, epochs=2)
        for _ in driver.train():
            pass
        theta = driver.theta
        sent = driver.over_all(partition.compute, Theta(theta), EVERYTHING)
        not_zero = driver.over_all(_not_zero, Theta(theta), reduce=sum) + np.count_nonzero(
            sent.values
        )
    least = 8 * int(not_zero) + theta.nbytes * engine.describe()["workers"]
    return int(driver.trace["bytes_moved"][-1]), least


def at_random(folder):
    """Save sentence pairs at random into a folder, and return the corpus."""
    rng = np.random.default_rng(0)
    offsets = np.arange(0, LENGTH * PAIRS + 1, LENGTH, dtype=np.int64)
    source, target = (
        np.minimum(rng.zipf(1.3, LENGTH * PAIRS) - 1, WORDS - 1).astype(np.int32) for _ in range(2)
    )
    about = {"task": "alignment", "corpus": "at-random", "linked_pairs": 0}
    about |= {"source_words": WORDS, "target_words": WORDS}
    arrays = {"source_offsets": offsets, "source": source}
    arrays |= {"target_offsets": offsets, "target": target}
    encoded.save(folder, about, {f"train.{name}": values for name, values in arrays.items()})
    return load(folder)


def _not_zero(place, theta):
    return np.count_nonzero(place.compute(theta, EVERYTHING).values)


WHAT = {"overhead": overhead, "race": race, "memory": memory}


if __name__ == "__main__":
    try:
        main()
    except StalenessError as error:
        sys.exit(f"mapreduce: {error}")
