"""MapReduce on Dask (`dask.distributed`).

Workers of a cluster of our own listen on the loopback interface only. Somebody else's scheduler is
asked at its address; certificates for `tls://` come from Dask's own configuration.
"""

import asyncio
import contextlib
import copy
import logging
import signal
import threading
import time
import warnings
from concurrent.futures import CancelledError, ThreadPoolExecutor
from importlib.util import find_spec

from staleness.algorithms.errors import StalenessError, said
from staleness.algorithms.mapreduce import agreement, reach
from staleness.algorithms.mapreduce.engine import Engine, Lost

LOGGER = logging.getLogger(__name__)
LOCAL = "local"
PATIENCE = 30
PULSE = 5  # seconds of waiting after which to look whether anybody is there
KEEPING = {"MALLOC_MMAP_MAX_": 0, "MALLOC_TRIM_THRESHOLD_": 2**40, "MALLOC_ARENA_MAX": 1}
"""For workers' environments: memory that they are done with stays theirs. Arrays of 100 MB are made
and forgotten in every job, and to have the system clear their pages each time takes longer than to
compute them."""
FAILURES = (OSError, ValueError, TypeError, RuntimeError, ImportError)  # of a cluster to be there


class Dask(Engine):
    """Dask's workers.

    Parameters
    ----------
    address : str
        "local" for a cluster of this run's own, or "tcp://host:port" or "tls://host:port".
    workers : int
        Processes of a cluster of its own, of one thread each.
    patience : float
        Seconds to wait for a scheduler, for a worker, and for an answer of either.

    Raises
    ------
    StalenessError
        If Dask is not there, nobody answers at that address, or they have another version of what
        computes.
    """

    def __init__(self, address=LOCAL, workers=1, patience=PATIENCE):
        if address != LOCAL:
            reach.parse(address)
        try:
            # Only these schedules need it, and importing it takes a second.
            import dask  # noqa: PLC0415
            import distributed  # noqa: PLC0415
        except ImportError as error:
            raise StalenessError(
                "MapReduce runs on dask.distributed, which is not installed: "
                "pip install 'staleness[mapreduce]'"
            ) from error
        except ValueError as error:
            raise StalenessError(f"Dask cannot read its configuration: {_line(error)}") from error
        self._dask = dask
        self._distributed = distributed
        self._address = address
        self._patience = patience
        self._agreed = set()  # workers
        self._deserted = None  # since when there has been no worker
        with contextlib.ExitStack() as stack:
            # What matters of it is said by errors, in one line.
            stack.enter_context(distributed.utils.silence_logging_cmgr(logging.CRITICAL))
            if address == LOCAL:
                address = self._cluster(stack, workers)
            else:
                self._check_encryption()
                reach.wait_for(address, patience)
            self._connect(stack, address)
            self._stack = stack.pop_all()
        if page := self._page():
            LOGGER.info("Dask shows what its workers do: %s", page)

    def _cluster(self, stack, workers):
        """Start a cluster of this run's own, and return its address."""
        reach.check_loopback()
        stack.enter_context(_own_configuration(self._dask.config))
        try:
            with _children_ignore_interrupts():
                cluster = self._distributed.LocalCluster(
                    n_workers=workers,
                    threads_per_worker=1,
                    processes=True,
                    host="127.0.0.1",
                    dashboard_address="127.0.0.1:0",
                    memory_limit=0,  # partitions stay in memory
                    silence_logs=logging.CRITICAL,
                )
        except FAILURES as error:
            raise StalenessError(
                f"--engine local: {workers} worker processes do not start ({_line(error)})"
            ) from error
        return stack.enter_context(cluster).scheduler_address

    def _check_encryption(self):
        """Raise an error where Dask's configuration does not fit the address' scheme."""
        try:
            security = self._distributed.Security()
            tls = security.get_connection_args("client")["ssl_context"] is not None
        except (OSError, ValueError) as error:
            own = security.tls_ca_file, security.tls_client_cert, security.tls_client_key
            raise StalenessError(
                f"--engine {self._address}: certificates of Dask's configuration cannot be read, "
                f"distributed.comm.tls: {', '.join(map(str, own))} ({_line(error)})"
            ) from error
        if self._address.startswith("tls:") and not tls:
            raise StalenessError(
                f"--engine {self._address}: Dask's configuration names no certificates under "
                "distributed.comm.tls: see docs/mapreduce.md"
            )
        if not self._address.startswith("tls:") and security.require_encryption:
            raise StalenessError(
                f"--engine {self._address}: Dask's configuration requires encryption, and this is "
                "an address without: take tls://"
            )

    def _connect(self, stack, address):
        """Become a client of a scheduler that has a worker, and agree with both."""
        try:
            with ThreadPoolExecutor(1) as pool:  # this one may have a loop
                pool.submit(asyncio.run, self._greet(address)).result()
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of versions: we look ourselves
                client = self._distributed.Client(
                    address,
                    timeout=self._patience,
                    set_as_default=False,
                    # Past the scheduler; those of others may not be in reach.
                    direct_to_workers=self._address == LOCAL,
                )
        except FAILURES as error:
            raise StalenessError(
                f"--engine {address}: no Dask scheduler answers ({_line(error)}): start 'dask "
                "scheduler' there, of the version that is here, or take --engine local"
            ) from error
        self._client = stack.enter_context(client)
        if not self._workers():
            LOGGER.warning(
                "waiting %g s at most for a worker of the scheduler at %s", self._patience, address
            )
        with contextlib.suppress(TimeoutError):
            self._client.wait_for_workers(1, timeout=self._patience)
        if not self._workers():
            raise StalenessError(
                f"--engine {address}: its scheduler has no workers: start 'dask worker {address}'"
            )
        self._look()

    async def _greet(self, address):
        """Raise an error unless it is a scheduler that is at an address, or Dask at least.

        A client would wait for ever.
        """
        settings = self._distributed.Security().get_connection_args("client")
        greeting = self._distributed.comm.connect(address, timeout=self._patience, **settings)
        comm = await asyncio.wait_for(greeting, self._patience)
        comm.abort()

    def _ask(self, function, *arguments, **settings):
        """Return what a coroutine function of the client's returns, within some time."""
        try:
            return self._client.sync(
                function, *arguments, callback_timeout=self._patience, **settings
            )
        except (OSError, CancelledError) as error:
            raise StalenessError(
                f"--engine {self._address}: the scheduler or a worker does not answer "
                f"({_line(error)}): look at their logs"
            ) from error

    def _workers(self):
        """Return the addresses of all workers, a set."""
        if self._client.status != "running":
            raise StalenessError(
                f"--engine {self._address}: the scheduler has gone: look at its log"
            )
        return set(self._ask(self._client.scheduler.identity, n_workers=-1)["workers"])

    def _look(self):
        """Raise an error where nobody is there any more, or somebody who is not as we are."""
        workers = self._workers()
        if workers:
            self._deserted = None
        elif self._deserted is None:
            self._deserted = time.monotonic()
            LOGGER.warning("no worker is left: waiting %g s at most for one", self._patience)
        elif time.monotonic() > self._deserted + self._patience:
            raise StalenessError(
                f"--engine {self._address}: no worker is left, and none has come within "
                f"{self._patience:g} s: look at their logs"
            )
        self._agreed &= workers
        if new := workers - self._agreed:
            self._agreed |= self._agree(new)

    def _agree(self, workers):
        """Return those of some workers that are as we are: all but those that have gone meanwhile.

        Raise an error where one of them, or the scheduler, is not.
        """
        versions = self._ask(self._client.get_versions)
        sources = self._ask(
            self._client.run, eval, agreement.SOURCES, workers=list(workers), on_error="return"
        )
        try:
            at_scheduler = self._ask(self._client.run_on_scheduler, eval, agreement.SOURCES)
        except ImportError as error:
            at_scheduler = error
        here = versions["client"]["packages"]
        found = {"the scheduler": (versions["scheduler"], at_scheduler)}
        # Who has gone meanwhile has told nothing, or has ended in a connection that is closed.
        told = {
            one
            for one, digest in sources.items()
            if one in versions["workers"] and not isinstance(digest, OSError)
        }
        found |= {f"worker {one}": (versions["workers"][one], sources[one]) for one in sorted(told)}
        complaint = agreement.complaint(
            {
                name: agreement.lacking((here, there["packages"]), digest)
                for name, (there, digest) in found.items()
            }
        )
        if complaint:
            raise StalenessError(f"--engine {self._address}: {complaint}")
        return told

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
            (handle,) = self._client.sync(
                self._client.scatter, [value], hash=False, callback_timeout=4 * self._patience
            )
        except (Exception, CancelledError) as error:
            # A worker has died, or one has come that is not as we are, and may have gone again.
            self._look()
            raise Lost(f"theta did not reach a worker: {_line(error)}") from error
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
        while True:
            # One that was cancelled has ended, too: its result says why.
            with self._client.as_current(), contextlib.suppress(CancelledError, TimeoutError):
                self._distributed.wait(jobs, timeout=PULSE, return_when="FIRST_COMPLETED")
            for place, job in enumerate(jobs):
                if job.done():
                    return place
            self._look()

    def result(self, job):
        """Return a job's result; see `Engine`."""
        self.first([job])
        patience = self._patience
        while True:
            try:
                return job.result(timeout=patience)
            except (CancelledError, ImportError, self._distributed.KilledWorker) as error:
                # Who could not import the project may have gone again.
                self._look()
                raise Lost(_line(error)) from error
            except TimeoutError:
                # Who had it may have died, and it is computed again.
                self._look()
                if job.status == "error":
                    raise  # the task's own
                patience *= 2
            except Exception:
                self._look()
                raise

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
            "workers": len(self._workers()),
        }

    def close(self):
        """Leave the cluster, or end it; see `Engine`."""
        self._stack.close()


def _line(error):
    """Return what an error says in one line, of the system's where it comes of one."""
    chain = [error]
    while (before := chain[-1].__cause__ or chain[-1].__context__) is not None:
        chain.append(before)
    error = next((one for one in reversed(chain) if isinstance(one, OSError)), error)
    return said(error)


@contextlib.contextmanager
def _own_configuration(config):
    """Let nothing that is configured for other clusters reach the one that is started in the block.

    Its workers keep their memory.
    """
    before, own = config.config.copy(), {}
    config.refresh(config=own, paths=[], env={})
    own = copy.deepcopy(own)  # not to change what Dask begins with
    keeping = {f"distributed.nanny.pre-spawn-environ.{name}": n for name, n in KEEPING.items()}
    config.set(keeping, config=own)
    config.config.clear()
    config.config.update(own)
    try:
        yield
    finally:
        config.config.clear()
        config.config.update(before)


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
