"""Which examples a job has: all of it follows from the sizes, so that nobody needs to be told.

Partitions belong to groups, as many as there are jobs in flight, and the mini-batches of an epoch
go round the groups: those under way at once have different mappers. A group has as many examples as
its mini-batches, so that each of these has m of them; the last of an epoch has what is left. Within
a group examples are dealt out like cards, one to each mapper in turn: however many a mini-batch
has, no mapper has more than one more than another.

Which of its examples a partition is dealt is for the order of an epoch to say, see `partition.py`.
"""

import sys
from itertools import accumulate, pairwise
from typing import NamedTuple


class Share(NamedTuple):
    """The examples that are dealt to a group from the `begin`-th to before the `end`-th.

    Every epoch has an order of its own, which its number determines: who computes a share again
    computes the same one.
    """

    epoch: int
    begin: int
    end: int


EVERYTHING = Share(0, 0, sys.maxsize)


class Seat(NamedTuple):
    """What a partition is dealt.

    Attributes
    ----------
    begin, end : int
        Its stretch of the corpus.
    turn, mappers : int
        It is dealt the `turn`-th of each so many examples of its group.
    """

    begin: int
    end: int
    turn: int
    mappers: int

    def own(self, share):
        """Return where its own part of a `Share` begins and ends, in its order of an epoch."""
        before = self.mappers - 1 - self.turn
        found = ((dealt + before) // self.mappers for dealt in share[1:])
        return tuple(min(count, self.end - self.begin) for count in found)


class Deal:
    """Who has what of a corpus, and when.

    Parameters
    ----------
    examples : int
    mini_batch_size : int or None
        None for the whole corpus.
    mappers, jobs_in_flight : int
        At most; see below.

    Attributes
    ----------
    jobs : int
        In an epoch.
    mappers : int
        Of a job: no more than a mini-batch has examples.
    groups : int
        No more than there are whole mini-batches in an epoch.
    seats : list of Seat
        Of all partitions; those of a group are every `groups`-th.
    """

    def __init__(self, examples, mini_batch_size, mappers, jobs_in_flight):
        self._examples = examples
        self._size = min(mini_batch_size or examples, examples)
        self.jobs = -(-examples // self._size)
        self.mappers = min(mappers, self._size)
        self.groups = min(jobs_in_flight, examples // self._size)
        self.seats = self._seats()

    def _seats(self):
        sizes = [0] * (self.mappers * self.groups)
        turns = sizes.copy()
        for group in range(self.groups):
            own = range(group, len(sizes), self.groups)
            total = sum(self._of(job) for job in range(group, self.jobs, self.groups))
            for place, number in enumerate(own):
                begin, end = (total * k // self.mappers for k in (place, place + 1))
                sizes[number] = end - begin
            # Who has one more begins.
            for turn, number in enumerate(sorted(own, key=lambda number: -sizes[number])):
                turns[number] = turn
        stretches = pairwise(accumulate(sizes, initial=0))
        return [
            Seat(*stretch, turn, self.mappers)
            for stretch, turn in zip(stretches, turns, strict=True)
        ]

    def _of(self, job):
        """Return how many examples a job of an epoch has."""
        return min(self._size, self._examples - job * self._size)

    def group(self, number):
        """Return the group of the job of a run that has this number."""
        return number % self.jobs % self.groups

    def share(self, number):
        """Return the `Share` of a job."""
        epoch, job = divmod(number, self.jobs)
        begin = job // self.groups * self._size
        return Share(epoch, begin, begin + self._of(job))

    def following(self, number):
        """Return the next job of the same group."""
        epoch, job = divmod(number, self.jobs)
        if job + self.groups < self.jobs:
            return number + self.groups
        return (epoch + 1) * self.jobs + job % self.groups
