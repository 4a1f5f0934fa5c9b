"""A part of the corpus, and the learner that a worker keeps of it."""

import os
import threading
import time
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np

from staleness.algorithms import tasks
from staleness.algorithms.arrays import EncodedCorpus, load
from staleness.algorithms.build import source_digest
from staleness.algorithms.components import discover
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import models
from staleness.algorithms.mapreduce.counts import Counts
from staleness.algorithms.mapreduce.deal import Seat
from staleness.algorithms.mapreduce.models import ALL, WHOLE, Model, Piece
from staleness.algorithms.seeds import generator

TASKS = discover(tasks, tasks.Task)
MODELS = discover(models, Model)


class Place(NamedTuple):
    """Which partition it is: all that travels of it.

    Attributes
    ----------
    folder : str
        Of the encoded corpus, as every worker sees it.
    digest : str
        Of its arrays.
    sources : str
        The digest of the driver's.
    task : str
    hyper_parameters : dict
        Of the task's model.
    seed : int
        Of the run.
    number, partitions : int
        The `number`-th of so many.
    seat : Seat
        What it has of the training set.
    piece : Piece
        Of its parameters.
    """

    folder: str
    digest: str
    sources: str
    task: str
    hyper_parameters: dict
    seed: int
    number: int
    partitions: int
    seat: Seat
    piece: Piece = WHOLE


class Partition:
    """One of so many parts of a corpus.

    It reads its own part of the encoded corpus where it is made. Sent to another worker, it is made
    there anew.

    Parameters
    ----------
    place : Place
    rows : ndarray of int, optional
        The rows of theta that it has to do with; without, its model's keys.

    Raises
    ------
    StalenessError
        If the folder does not hold the driver's corpus on this machine, or this machine computes
        by another version of the project.
    """

    def __init__(self, place, rows=None):
        self.place = place
        self._task = TASKS[place.task].configure(place.hyper_parameters)
        # A worker of somebody else's may have several threads.
        self._alone = threading.Lock()
        self._begun = None
        self._next = None  # a share, its examples, and the keys and rows that these touch
        model = self._made()
        self.rows = model.keys if rows is None else rows
        self._model = model
        if place.piece != WHOLE:
            self._begun = self.begin()
            self._model = None

    def _made(self):
        """Return its model, from the corpus."""
        place = self.place
        if place.sources != source_digest():
            raise StalenessError(
                f"on {os.uname().nodename} there are other sources of the project than the "
                "driver's: start workers with the project at the same commit"
            )
        # The driver has compared all of these arrays with their digests; a worker reads its part.
        corpus = load(place.folder, check=False)
        if corpus.about["digest"] != place.digest:
            raise StalenessError(
                f"{place.folder}: on {os.uname().nodename} it is another corpus than the driver's: "
                "give a folder that all workers share"
            )
        own = part(corpus, self._task.layout, place.number, place.partitions, place.seat)
        try:
            return MODELS[place.task](self._task, own, place.seed, place.piece)
        except ValueError as error:
            raise StalenessError(f"task '{place.task}': {error}") from error

    @contextmanager
    def _at_work(self):
        """Give the model, to nobody else meanwhile.

        Where models are cut into pieces there is no room for those of all partitions: a model is
        made when it is needed, and forgotten.
        """
        with self._alone:
            yield self._made() if self._model is None else self._model

    def __reduce__(self):
        return Partition, (self.place, self.rows)

    def __sizeof__(self):
        return self.rows.nbytes + (0 if self._model is None else self._model.nbytes)

    def locate(self, table):
        """Return it with its keys looked up in a sorted table of all there are."""
        located = object.__new__(Partition)  # copy.copy would make the model again, as when sent
        rows = np.searchsorted(table, self.rows).astype(np.int32)
        vars(located).update(vars(self), rows=rows)
        return located

    def keys(self):
        """Return its model's keys; they have not been looked up yet."""
        return self.rows

    def begin(self):
        """Return what the model begins with, `Counts`."""
        if self._begun is not None:
            return self._begun
        with self._at_work() as model:
            began = time.time()
            return Counts.of(*model.begin(), began)

    def compute(self, theta, share, ahead=None):
        """Return the statistics of its part of a `Share`, `Counts`.

        Parameters
        ----------
        theta : Theta
            With all rows that the share has to do with.
        share : Share
        ahead : Share, optional
            Whose rows are to be told.
        """
        began = time.time()
        with self._at_work() as model:
            examples, keys, rows = self._touched(model, share)
            model.set(theta.at(rows), keys)
            values, objective = model.compute(examples, keys)
            facts = {
                "objective": objective,
                "examples": len(examples),
                "work": int(model.learner.work[examples].sum()),
            }
            if ahead is not None:
                *_, rows_ahead = self._touched(model, ahead)
                facts["ahead"] = rows_ahead.astype(np.int32, copy=False)
            return Counts.of(None if theta.for_one else rows, values, began, **facts)

    def _touched(self, model, share):
        """Return its examples in a share, and the keys and rows that they have to do with."""
        count = len(model.learner.work)
        begin, end = self.place.seat.own(share)
        if end - begin == count:
            return np.arange(count), ALL, self.rows
        if self._next is None or self._next[0] != share:
            random = generator(self.place.seed, "order", share.epoch, self.place.number)
            examples = random.permutation(count)[begin:end]
            keys = model.touched(examples)
            # For the job after this, where it is the share ahead.
            self._next = share, (examples, keys, self.rows.take(keys).astype(np.int32, copy=False))
        return self._next[1]

    def tally(self, theta):
        """Return what the task's metrics are made of; see `Task.tally`."""
        with self._at_work() as model:
            model.set(theta.at(self.rows))
            return self._task.tally(model.learner, model.corpus)


def part(corpus, layout, number, partitions, seat):
    """Return a part of every split of a corpus, an `EncodedCorpus`.

    Parameters
    ----------
    corpus : EncodedCorpus
    layout : dict
        See `Task.layout`.
    number, partitions : int
    seat : Seat
        Of the training set, of which partitions need not be equal.
    """
    arrays = {}
    first = next(iter(layout))
    # Synthetic corpora have arrays of no split, the true parameters.
    for split in {name.partition(".")[0] for name in corpus.arrays if name.endswith(f".{first}")}:
        given = {
            name.partition(".")[2]: values
            for name, values in corpus.arrays.items()
            if name.startswith(f"{split}.")
        }
        examples = len(given[first]) - 1
        begin, end = (examples * k // partitions for k in (number, number + 1))
        if split == "train":
            begin, end = seat.begin, seat.end
        cut = _cut(given, layout, begin, end)
        arrays |= {f"{split}.{name}": values for name, values in cut.items()}
    return EncodedCorpus(corpus.about, arrays)


def _cut(arrays, layout, begin, end):
    """Return a stretch of arrays that have one entry each for what is numbered `begin` to `end`."""
    found = {}
    for name, below in layout.items():
        if name not in arrays:
            continue
        if below is None:
            found[name] = np.array(arrays[name][begin:end])
        else:
            offsets = np.array(arrays[name][begin : end + 1])
            found |= _cut(arrays, below, offsets[0], offsets[-1])
            found[name] = offsets - offsets[0]
    return found


# What mappers are, by name: functions of a module are found by every worker.


def keys(partition):
    """See `Partition.keys`."""
    return partition.keys()


def locate(partition, table):
    """See `Partition.locate`."""
    return partition.locate(table)


def begin(partition):
    """See `Partition.begin`."""
    return partition.begin()


def compute(partition, theta, share, ahead=None):
    """See `Partition.compute`."""
    return partition.compute(theta, share, ahead)


def tally(partition, theta):
    """See `Partition.tally`."""
    return partition.tally(theta)
