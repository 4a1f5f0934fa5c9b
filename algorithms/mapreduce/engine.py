"""What a run asks of a cluster."""

import time
from abc import ABC, abstractmethod

_EPOCH = time.time() - time.perf_counter()  # seconds since 1970 that never go back


class Lost(Exception):
    """The cluster has lost what cannot be computed again there; the driver can begin anew."""


class Engine(ABC):
    """Worker processes that keep values and compute with them.

    A *handle* stands for a value that workers keep. Functions and their arguments are sent to the
    workers: module-level functions and small arguments, or handles.

    It also has the clock of all that happens: real time, unless an engine has one of its own.
    """

    def now(self):
        """Return the seconds of a clock that mappers read, too (`Counts.mapped`)."""
        return _EPOCH + time.perf_counter()

    def updated(self, counts):
        """Return the time at which the driver has made the update of some `Counts`."""
        return self.now()

    @abstractmethod
    def place(self, make, *arguments):
        """Return the handles of `make(*values)` for the values of each of the lists `arguments`.

        What a dead worker kept is made again by another one.
        """

    @abstractmethod
    def broadcast(self, value):
        """Return the handle of a value that every worker will have a copy of."""

    @abstractmethod
    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        """Start a job, and return its handle.

        Parameters
        ----------
        function : callable
            A mapper is function(partition, *arguments), where the partition is.
        reduce : callable
            Makes one of a list of what mappers return, and of what it returns itself.
        partitions : list of handles
        reducers : int
            1 for a reduce by one task; with more, each of them reduces a share of the mappers and
            one more task what they leave.
        """

    @abstractmethod
    def first(self, jobs):
        """Wait until one of some jobs has ended, and return its place in the list."""

    @abstractmethod
    def result(self, job):
        """Wait for a job, and return what its reduce returned.

        Raises
        ------
        Lost
            If what it needs is gone.
        Exception
            Whatever a mapper or the reduce raised.
        """

    @abstractmethod
    def release(self, *handles):
        """Let workers forget values that are not needed any more, and stop jobs."""

    @abstractmethod
    def describe(self):
        """Return what it is, a dict that JSON can hold, with the number of `workers`."""

    @abstractmethod
    def close(self):
        """Leave the cluster; one that was started for this run ends."""
