"""One run by MapReduce: the driver has theta, workers have the corpus.

A job is a number. It says which partitions map, and which of their examples: a job that is lost
with a worker is started again and finds the same statistics, unless theta has moved on meanwhile,
and its number is applied once. What updates leave behind for the curve is judged when all is done,
so that nothing of that is in any time.
"""

import tempfile
import time
from collections import deque
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from staleness.algorithms.build import source_digest
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.mapreduce import partition
from staleness.algorithms.mapreduce.counts import add, add_tallies, merge
from staleness.algorithms.mapreduce.deal import Deal
from staleness.algorithms.mapreduce.engine import Lost
from staleness.algorithms.mapreduce.models import WHOLE
from staleness.algorithms.mapreduce.partition import MODELS, Partition, Place
from staleness.algorithms.mapreduce.theta import Theta
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.summed import SummedCounts, SummedGradient

ATTEMPTS = 5  # to get through one job, or the beginning
TRACE = np.dtype(
    [
        ("mini_batch", np.int32),
        ("examples", np.int32),
        ("work", np.int64),
        ("start", np.float64),
        ("broadcast", np.float64),
        ("queue", np.float64),
        ("map", np.float64),
        ("reduce", np.float64),
        ("update", np.float64),
        ("end", np.float64),
        ("update_number", np.int64),
        ("staleness", np.int32),
        ("bytes_moved", np.int64),
        ("attempts", np.int32),
    ]
)
"""A row a job. `start`, `end`: seconds of the run. In between: `broadcast` of theta; in the `queue`
until the first mapper begins; `map` until the last one ends; `reduce` until the sum is at the
driver, and until the driver has time for it; `update`. Times of a mapper are by its own clock."""


@dataclass
class Job:
    """A job under way."""

    number: int
    row: np.void  # of the trace
    rows: np.ndarray | None  # of theta; None for all
    updates: int  # before its theta
    theta: object  # handles
    result: object


class Driver:
    """The master copy of theta, and the jobs that change it.

    Parameters
    ----------
    engine : Engine
    task : Task
    rule : Rule
    corpus : EncodedCorpus
        From a folder that all workers see; only its sizes are read here.
    seed, epochs : int
    mini_batch_size : int or None
        None for the whole corpus.
    mappers, reducers, jobs_in_flight : int
        Of mappers there are no more than a mini-batch has examples.
    weights : ndarray of float64 [n] or None
        What a policy multiplies steps with, by staleness; see `Clock`.
    piece : Piece
        Of the model.

    Attributes
    ----------
    about : dict
        What the engine is; see `Engine.describe`.
    deal : Deal
        Which examples a job has.
    learner : Learner
        By the rule, of sums that jobs bring: the master copy.
    trace : ndarray of `TRACE` [jobs]
    spent : tuple of two floats
        Seconds of this process and of real time that training took.

    Raises
    ------
    StalenessError
        If several jobs in flight are to have the whole corpus.
    """

    def __init__(
        self,
        engine,
        task,
        rule,
        corpus,
        *,
        seed,
        epochs,
        mini_batch_size,
        mappers,
        reducers,
        jobs_in_flight,
        weights=None,
        piece=WHOLE,
    ):
        self.engine = engine
        self.task = task
        self.rule = rule
        self.weights = np.ones(1) if weights is None else weights
        self.corpus = corpus
        self.seed = seed
        self.reducers = reducers
        if mini_batch_size is None and jobs_in_flight > 1:
            raise StalenessError(
                f"{jobs_in_flight} jobs in flight, each with the whole corpus: a batch schedule "
                "has one at a time"
            )
        self.in_flight = jobs_in_flight
        self.total = task.examples(corpus)
        self.deal = Deal(self.total, mini_batch_size, mappers, jobs_in_flight)
        self.trace = np.zeros(epochs * self.deal.jobs, dtype=TRACE)
        self.trace["mini_batch"] = np.arange(len(self.trace))
        self._model = MODELS[task.name]
        self.piece = piece
        self._placed = self._table = None
        self._epochs = iter(range(epochs))
        self._waiting = []  # numbers of the epoch's jobs that have not begun, by group
        self._ahead = {}  # rows that jobs have been told to need
        self._began = engine.now()
        self.spent = 0.0, 0.0
        self.begin()
        self.about = engine.describe()  # once: whoever is asked may be far away

    def begin(self):
        """Let workers read the corpus, number the parameters, and make the first theta."""
        begun = self.insist(lambda: self.over_all(partition.begin))
        facts = self.task, self.corpus.about, self._table
        shape, multinomials = self._model.shape(*facts), self._model.multinomials(*facts)
        values = self._model.initial(begun, shape[0], multinomials).reshape(shape)
        work = self.task.work(self.corpus)
        if multinomials is None:
            model = SummedGradient(values, work)
        else:
            model = SummedCounts(values, work, *multinomials)
        self.learner = Learner(model, self.rule)

    def place(self):
        """Have the partitions made, and their rows looked up."""
        facts = (self.task.name, asdict(self.task), self.seed)
        where = str(self.corpus.folder), self.corpus.about["digest"], source_digest()
        seats = self.deal.seats
        places = [
            Place(*where, *facts, k, len(seats), seat, self.piece) for k, seat in enumerate(seats)
        ]
        placed = self.engine.place(Partition, places)
        if not self._model.keys_are_rows:
            if self._table is None:
                self._table = self.engine.result(self.engine.submit(partition.keys, merge, placed))
            table = self.engine.broadcast(self._table)
            placed = self.engine.place(partition.locate, placed, [table] * len(seats))
        self._placed = placed

    def over_all(self, mapper, *arguments, reduce=add, step=1, reducers=1):
        """Return what a job over all partitions leaves, or over every so many-th."""
        handles = [self.engine.broadcast(value) for value in arguments]
        partitions = self._placed[::step]
        job = self.engine.submit(mapper, reduce, partitions, *handles, reducers=reducers)
        result = self.engine.result(job)
        self.engine.release(job, *handles)
        return result

    def insist(self, action, attempts=0):
        """Return what an action returns, whatever dies meanwhile.

        After a loss the partitions are placed anew; after `ATTEMPTS` of them, with those that there
        were before, that is an error.
        """
        while True:
            try:
                if self._placed is None:
                    self.place()
                return action()
            except Lost as lost:
                attempts += 1
                self.lose(attempts, lost)

    def lose(self, attempts, lost):
        """Have the partitions placed anew before the next attempt, if there is to be one."""
        if attempts >= ATTEMPTS:
            raise StalenessError(
                f"workers were lost {attempts} times in one job ({lost}): look at their logs"
            ) from lost
        self._placed = None

    @property
    def updates(self):
        """Updates made so far."""
        return self.learner.updates

    @property
    def examples(self):
        """Examples that have come to their update so far."""
        return self.learner.examples

    @property
    def theta(self):
        """All that workers compute with, float32 [rows, width]."""
        return self.learner.theta

    @property
    def parameters(self):
        """Theta as the task's learner has it."""
        return self.theta if self._table is None else self.theta[: len(self._table)].ravel()

    @property
    def time(self):
        """Seconds since training began."""
        return self.engine.now() - self._began

    def train(self):
        """Do all jobs; yield after each update."""
        self._began = self.engine.now()
        before = time.process_time(), time.perf_counter()
        under_way = []
        try:
            for k in range(min(self.in_flight, len(self.trace))):
                under_way.append(self.start(self.next_job(k % self.deal.groups)))
            while under_way:
                job = under_way.pop(self.engine.first([job.result for job in under_way]))
                try:
                    self.finish(job, self.engine.result(job.result))
                except Lost as lost:
                    self.lose(job.row["attempts"], lost)
                    under_way.append(self.start(job.number, job.rows))
                    continue
                except FloatingPointError as error:
                    raise Diverged(
                        f"numbers that are not finite in mini-batch {job.number}, "
                        f"after {self.updates} updates"
                    ) from error
                yield
                number = self.next_job(self.deal.group(job.number))
                if number is not None:
                    under_way.append(self.start(number, self._ahead.pop(number, None)))
        finally:
            after = time.process_time(), time.perf_counter()
            self.spent = tuple(b - a for a, b in zip(before, after, strict=True))
            for job in under_way:
                self.engine.release(job.result, job.theta)

    def next_job(self, group):
        """Return the number of the job that begins where one of a group has ended, or None.

        The same mappers go on with their next share, if there is one left in the epoch. If not,
        others help: an epoch begins when all jobs of the one before have begun.
        """
        if not any(self._waiting):
            epoch = next(self._epochs, None)
            if epoch is None:
                return None
            first, end = (k * self.deal.jobs for k in (epoch, epoch + 1))
            groups = self.deal.groups
            self._waiting = [deque(range(first + k, end, groups)) for k in range(groups)]
        others = min(filter(None, self._waiting))
        return (self._waiting[group] or others).popleft()

    def start(self, number, rows=None):
        """Broadcast theta and submit a job; one that was lost is submitted once more.

        Mappers are sent the rows that they have asked for; all of them, where they have not.
        """
        row = self.trace[number]
        row["start"] = self.time
        row["attempts"] += 1
        theta = Theta(self.learner.model.theta_of(rows), rows)
        if rows is not None and self.deal.mappers == 1:
            theta = Theta(theta.values, for_one=True)
        # From here on the partitions are there.
        handle = self.insist(lambda: self.engine.broadcast(theta), row["attempts"] - 1)
        row["broadcast"] = self.time - row["start"]
        row["bytes_moved"] += theta.nbytes * self.about["workers"]
        deal = self.deal
        partitions = self._placed[deal.group(number) :: deal.groups]
        after = deal.following(number)
        ahead = deal.share(after) if deal.jobs > 1 and after < len(self.trace) else None
        arguments = handle, deal.share(number), ahead
        result = self.engine.submit(
            partition.compute, add, partitions, *arguments, reducers=self.reducers
        )
        return Job(number, row, rows, self.updates, handle, result)

    def finish(self, job, counts):
        """Make the update of a job."""
        row = job.row
        if row["end"]:
            raise AssertionError(f"job {job.number} has been applied before")
        if counts.rows is None:
            counts = counts._replace(rows=job.rows)
        began = self.time
        first, last = (moment - self._began for moment in counts.mapped)
        sent = row["start"] + row["broadcast"]
        row["queue"], row["map"], row["reduce"] = first - sent, last - first, began - last
        row["examples"], row["work"] = counts.examples, counts.work
        row["bytes_moved"] += counts.moved
        staleness = self.updates - job.updates
        weight = self.weights[min(staleness, len(self.weights) - 1)]
        self.learner.model.put(counts.rows, counts.values, counts.examples, counts.objective)
        self.learner.update(staleness=staleness, weight=weight)
        self.engine.release(job.result, job.theta)
        row["staleness"] = staleness
        if weight:
            row["update_number"] = self.updates
        row["end"] = self.engine.updated(counts) - self._began
        row["update"] = row["end"] - began
        after = self.deal.following(job.number)
        # It may have begun already, where an epoch ends.
        if counts.ahead is not None and not self.trace["attempts"][after]:
            self._ahead[after] = counts.ahead

    def empty_jobs(self, count):
        """Return the seconds of some jobs that are like all others, but do nothing, a list."""
        theta = self.theta
        settings = {"reduce": sum, "step": self.deal.groups, "reducers": self.reducers}
        seconds = []
        for _ in range(count):
            began = self.time
            self.insist(lambda: self.over_all(nothing, theta, **settings))
            seconds.append(self.time - began)
        return seconds

    def judge(self, theta):
        """Return the metrics of a theta, a dict."""
        theta = Theta(theta)
        tally = self.insist(lambda: self.over_all(partition.tally, theta, reduce=add_tallies))
        return self.task.judge(tally)


def nothing(partition, theta):
    """Return nothing, but as a mapper does."""
    return 0


def learn(driver, points, progress=None):
    """Train, and judge afterwards.

    Parameters
    ----------
    driver : Driver
    points : sequence of int
        Numbers of examples after which a curve point is due, ascending.
    progress : callable, optional
        See `staleness.algorithms.run.run`; it is told no metrics.

    Returns
    -------
    list of tuple
        Of each curve point: seconds, updates, examples, metrics.
    """
    left = list(points)
    found = []
    with ExitStack() as stack:
        stack.enter_context(closing(driver.rule))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="staleness-")))

        def keep(now):
            theta = driver.theta
            np.save(folder / f"{len(found)}.npy", theta)
            found.append((now, driver.updates, driver.examples))
            return theta

        first = driver.judge(keep(0.0))
        for _ in driver.train():
            now = driver.trace["end"].max()
            if left and driver.examples >= left[0]:
                keep(now)
                left = [point for point in left if point > driver.examples]
            if progress:
                progress(driver.examples, points[-1], {})
        return [
            (*facts, driver.judge(np.load(folder / f"{k}.npy")) if k else first)
            for k, facts in enumerate(found)
        ]
