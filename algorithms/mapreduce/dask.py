"""MapReduce on Dask (`dask.distributed`).

Workers of a cluster of our own listen on the loopback interface only. Somebody else's scheduler is
asked at its address; certificates for `tls://` come from Dask's own configuration.
"""

import contextlib
import logging
import signal
import threading
from concurrent.futures import CancelledError
from importlib.util import find_spec

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.engine import Engine, Lost

LOGGER = logging.getLogger(__name__)
LOCAL = "local"
PATIENCE = 30
KEEPING = {"MALLOC_MMAP_MAX_": 0, "MALLOC_TRIM_THRESHOLD_": 2**40, "MALLOC_ARENA_MAX": 1}
"""For workers' environments: memory that they are done with stays theirs. Arrays of 100 MB are made
and forgotten in every job, and to have the system clear their pages each time takes longer than to
compute them."""


class Dask(Engine):
    """Dask's workers.

    Parameters
    ----------
    address : str
        "local" for a cluster of this run's own, or "tcp://host:port" or "tls://host:port".
    workers : int
        Processes of a cluster of its own, of one thread each.
    patience : float
        Seconds to wait for a scheduler, and for its first worker.

    Raises
    ------
    StalenessError
        If Dask is not there, or nobody answers at that address.
    """

    def __init__(self, address=LOCAL, workers=1, patience=PATIENCE):
        try:
            # Only these schedules need it, and importing it takes a second.
            import dask  # noqa: PLC0415
            import distributed  # noqa: PLC0415
        except ImportError as error:
            raise StalenessError(
                "MapReduce runs on dask.distributed, which is not installed: "
                "pip install 'staleness[mapreduce]'"
            ) from error
        self._distributed = distributed
        self._address = address
        with contextlib.ExitStack() as stack:
            if address == LOCAL:
                with _children_ignore_interrupts(), dask.config.set(_environment()):
                    cluster = distributed.LocalCluster(
                        n_workers=workers,
                        threads_per_worker=1,
                        processes=True,
                        host="127.0.0.1",
                        dashboard_address="127.0.0.1:0",
                        memory_limit=0,  # partitions stay in memory
                        silence_logs=logging.CRITICAL,
                    )
                address = stack.enter_context(cluster).scheduler_address
            try:
                self._client = stack.enter_context(
                    distributed.Client(
                        address,
                        timeout=patience,
                        set_as_default=False,
                        # Past the scheduler; those of others may not be in reach.
                        direct_to_workers=self._address == LOCAL,
                    )
                )
                self._client.wait_for_workers(1, timeout=patience)
            except (OSError, ValueError, TypeError, RuntimeError, TimeoutError) as error:
                # Type: of an address that needs certificates, where there are none.
                raise StalenessError(
                    f"--engine {address}: no Dask scheduler with a worker answers ({error}): "
                    "start them with 'dask scheduler' and 'dask worker', or take --engine local"
                ) from error
            self._stack = stack.pop_all()
        if page := self._page():
            LOGGER.info("Dask shows what its workers do: %s", page)

    def _page(self):
        """Return the address of Dask's own page, None if there is none."""
        if self._address == LOCAL and find_spec("bokeh") is None:
            return None  # it cannot be drawn
        return self._client.dashboard_link

    def place(self, make, *arguments):
        """Return the handles of what workers keep; see `Engine`."""
        return self._client.map(make, *arguments, pure=False)

    def broadcast(self, value):
        """Return the handle of a value that every worker can have; see `Engine`.

        One worker gets it, and those that need it from one another. With `broadcast=True` the
        scheduler would see to that, but where a worker dies meanwhile it never ends trying.
        """
        try:
            # In a list: of a value that is one, or a dict, it would scatter what is in there.
            (handle,) = self._client.scatter([value], hash=False)
        except (OSError, TimeoutError, KeyError, CancelledError) as error:
            raise Lost(f"a worker died while theta was sent to it: {error}") from error
        return handle

    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        """Start a job; see `Engine`."""
        given = ([value] * len(partitions) for value in arguments)
        parts = self._client.map(function, partitions, *given, pure=False)
        if reducers > 1:
            shares = [parts[k::reducers] for k in range(min(reducers, len(parts)))]
            parts = [self._client.submit(reduce, share, pure=False) for share in shares]
        return self._client.submit(reduce, parts, pure=False)

    def first(self, jobs):
        """Wait for one of some jobs; see `Engine`."""
        # One that was cancelled has ended, too: its result says why.
        with self._client.as_current(), contextlib.suppress(CancelledError):
            self._distributed.wait(jobs, return_when="FIRST_COMPLETED")
        return next(k for k, job in enumerate(jobs) if job.done())

    def result(self, job):
        """Return a job's result; see `Engine`."""
        try:
            return job.result()
        except (CancelledError, self._distributed.KilledWorker) as error:
            raise Lost(str(error)) from error

    def release(self, *handles):
        """Forget values and stop jobs; see `Engine`."""
        for handle in handles:
            handle.cancel()

    def describe(self):
        """Return what it is; see `Engine`."""
        return {
            "name": "dask",
            "address": self._address,
            "version": self._distributed.__version__,
            "workers": len(self._client.scheduler_info(n_workers=-1)["workers"]),
        }

    def close(self):
        """Leave the cluster, or end it; see `Engine`."""
        self._stack.close()


def _environment():
    """Return what has Dask start workers that keep their memory, in terms of its configuration."""
    return {f"distributed.nanny.pre-spawn-environ.{name}": size for name, size in KEEPING.items()}


@contextlib.contextmanager
def _children_ignore_interrupts():
    """Let processes that are started in the block not hear Ctrl-C, which the driver acts upon.

    Only the main thread may set signal handlers; in others nothing changes.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
