"""An engine in this process, which does as a test says."""

import copy
import pickle

from staleness.algorithms.mapreduce.engine import Engine, Lost


def sent(value):
    """Return what comes out where a value is sent to."""
    return pickle.loads(pickle.dumps(value))  # noqa: S301


class Here(Engine):
    """Jobs done when their results are asked for, by whichever the test says is first.

    Parameters
    ----------
    choose : callable, optional
        From the number of jobs under way to the place of the one that ends first.
    losses : iterable of bool, optional
        Of each broadcast and result whether it is lost; no more, when they end.
    """

    def __init__(self, choose=lambda jobs: 0, losses=()):
        self._choose = choose
        self._losses = iter(losses)
        self.lost = 0
        self.broadcasts = 0
        self.released = 0
        self.described = 0

    def _perhaps_lose(self):
        if next(self._losses, False):
            self.lost += 1
            raise Lost("as the test wants it")

    def place(self, make, *arguments):
        return [make(*values) for values in zip(*arguments, strict=True)]

    def broadcast(self, value):
        self._perhaps_lose()
        self.broadcasts += 1
        return copy.deepcopy(value)

    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        assert partitions

        def job():
            # What travels travels as bytes.
            parts = [sent(function(p, *arguments)) for p in partitions]
            if reducers > 1:
                parts = [reduce(parts[k::reducers]) for k in range(min(reducers, len(parts)))]
            return reduce(parts)

        return job

    def first(self, jobs):
        return self._choose(len(jobs))

    def result(self, job):
        found = job()
        # What is lost mappers may well have done, and have gone on.
        self._perhaps_lose()
        return found

    def release(self, *handles):
        self.released += len(handles)

    def describe(self):
        self.described += 1
        return {"name": "here", "workers": 1}

    def close(self):
        pass
