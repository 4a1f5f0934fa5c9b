"""Dask: real schedulers and workers, in processes of their own on the loopback interface."""

import copy
import json
import logging
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from types import SimpleNamespace

import distributed
import numpy as np
import pytest

from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import agreement
from staleness.algorithms.mapreduce import dask as module
from staleness.algorithms.mapreduce.deal import Share
from staleness.algorithms.result import Interrupted
from staleness.algorithms.run import run

from ..synthetic import CORES

pytestmark = pytest.mark.slow

PATIENCE = 60
SETTINGS = {
    "tagging": {"update": "em", "hyper_parameters": {"states": 5}},
    "alignment": {"update": "em"},
}


def configuration_of(task, schedule, **changes):
    settings = {"evaluations": 1, "epochs": 5, "clock": "wall", "oversubscribe": True}
    return Configuration(task=task, schedule=schedule, **settings | SETTINGS[task] | changes)


class Cluster:
    """A scheduler and workers; all end with the block."""

    def __init__(self, folder, protocol, **settings):
        self._folder = folder
        self._protocol = protocol
        self._environment = os.environ | settings
        self._file = folder / "scheduler.json"
        self._processes = []
        self.workers = []

    def _start(self, kind, *options, before=""):
        code = f"{before}\nfrom distributed.cli.dask_{kind} import main\nmain()"
        place = ["--host", "127.0.0.1", "--scheduler-file", str(self._file), "--no-dashboard"]
        with open(self._folder / f"{len(self._processes)}.log", "wb") as log:
            process = subprocess.Popen(
                [sys.executable, "-c", code, *place, *options],
                stdout=log,
                stderr=log,
                env=self._environment,
            )
        self._processes.append(process)
        return process

    def start(self, before=""):
        self._start("scheduler", "--port", "0", "--protocol", self._protocol, before=before)
        until = time.monotonic() + PATIENCE
        # It may be there and not be written yet.
        while not (self._file.exists() and self._file.read_text().rstrip().endswith("}")):
            assert time.monotonic() < until, self.logs()
            time.sleep(0.02)
        return json.loads(self._file.read_text())["address"]

    def add_worker(self, before=""):
        options = "--nthreads", "1", "--no-nanny", "--protocol", self._protocol
        self.workers.append(self._start("worker", *options, before=before))

    def wait_for_last(self):
        """Wait until the worker that was started last is one."""
        log = self._folder / f"{len(self._processes) - 1}.log"
        until = time.monotonic() + PATIENCE
        while "Registered to" not in log.read_text():
            assert time.monotonic() < until, self.logs()
            time.sleep(0.05)

    def kill(self, number):
        self.workers[number].send_signal(signal.SIGKILL)
        self.workers[number].wait()

    def kill_all(self):
        for number in range(len(self.workers)):
            self.kill(number)

    def kill_scheduler(self):
        self._processes[0].kill()
        self._processes[0].wait()

    def stop(self):
        for process in reversed(self._processes):
            process.kill()
            process.wait()

    def logs(self):
        return "\n".join(path.read_text() for path in sorted(self._folder.glob("*.log")))


@contextmanager
def cluster_of(folder, workers, protocol="tcp", scheduler="", **settings):
    cluster = Cluster(folder, protocol, **settings)
    try:
        address = cluster.start(scheduler)
        for _ in range(workers):
            cluster.add_worker()
        yield cluster, address
    finally:
        cluster.stop()


CODE = """
import resource
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.dask import Dask
if __name__ == "__main__":
    if {files}:
        resource.setrlimit(resource.RLIMIT_NOFILE, ({files}, {files}))
    try:
        engine = Dask({address!r}, patience={patience})
        print("works")
        engine.close()
    except StalenessError as error:
        print(error)
"""


def said(address, patience=1, files=None, **environment):
    """Return what a new process says of an engine, which must be one line, and that it works."""
    code = CODE.format(address=address, patience=patience, files=files)
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=True,
        env=os.environ | environment,
    )
    (line,) = done.stdout.splitlines()
    assert "Traceback" not in done.stderr
    return line


class Killing:
    """A progress that kills a worker while the next jobs are under way, and starts another."""

    def __init__(self, cluster, number, after):
        self._after = after
        self.done = threading.Thread(target=self._kill, args=(cluster, number))

    def _kill(self, cluster, number):
        cluster.kill(number)
        cluster.add_worker()

    def __call__(self, done, total, metrics):
        if done >= self._after * total and self.done.ident is None:
            self.done.start()


def test_batch_em_survives_a_worker_and_asynchronous_em_counts_once(corpora, tmp_path):
    corpus = corpora["tagging"]
    expected = run(configuration_of("tagging", "single-batch", epochs=8), corpus)
    with cluster_of(tmp_path, workers=2) as (cluster, address):
        killing = Killing(cluster, 0, after=0.3)
        configuration = configuration_of(
            "tagging",
            "mapreduce-batch",
            epochs=8,
            engine=address,
            schedule_parameters={"mappers": 6},
        )
        found = run(configuration, corpus, progress=killing)
        killing.done.join()
        np.testing.assert_allclose(
            found.curve["log_likelihood"], expected.curve["log_likelihood"], rtol=1e-6
        )
        killing = Killing(cluster, 1, after=0.3)
        configuration = configuration_of(
            "alignment",
            "mapreduce-asynchronous",
            update="stepwise-em",
            mini_batch_size=5,
            epochs=3,
            engine=address,
            schedule_parameters={"mappers": 2},
        )
        found = run(configuration, corpora["alignment"], progress=killing)
        killing.done.join()
    assert len(cluster.workers) == 4
    trace = found.trace
    assert sorted(trace["update_number"]) == list(range(1, len(trace) + 1))
    assert trace["examples"].sum() == found.curve["examples"][-1] == 3 * 60
    # The cells of the corpus, in every epoch.
    assert len(set(trace["work"].reshape(3, -1).sum(axis=1))) == 1
    assert trace["staleness"].max() >= 3
    assert found.engine["address"] == address
    assert found.curve["log_likelihood"][-1] > found.curve["log_likelihood"][0]


@pytest.mark.parametrize("task", SETTINGS)
def test_a_local_cluster_learns_what_one_processor_does(corpora, task):
    expected = run(configuration_of(task, "single-batch"), corpora[task])
    found = run(
        configuration_of(
            task, "mapreduce-batch", processors=2, schedule_parameters={"mappers": 3, "reducers": 2}
        ),
        corpora[task],
    )
    np.testing.assert_allclose(
        found.curve["log_likelihood"], expected.curve["log_likelihood"], rtol=1e-6
    )
    assert found.engine["workers"] == 2
    trace = found.trace
    for name in ("broadcast", "map", "reduce", "update", "bytes_moved"):
        assert (trace[name] > 0).all(), name
    parts = sum(trace[name] for name in ("broadcast", "queue", "map", "reduce", "update"))
    np.testing.assert_allclose(parts, trace["end"] - trace["start"], rtol=1e-3, atol=2e-3)
    assert (np.diff(trace["start"]) > 0).all()
    assert found.seconds == trace["end"].max()


@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate")
def test_with_tls_nobody_else_is_let_in(corpora, tmp_path):
    import dask

    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test"]  # noqa: RUF005
        + ["-days", "1", "-keyout", str(key), "-out", str(certificate)],
        check=True,
        capture_output=True,
    )
    tls = {"distributed.comm.tls.ca-file": str(certificate)}
    for who in ("scheduler", "worker", "client"):
        tls[f"distributed.comm.tls.{who}.cert"] = str(certificate)
        tls[f"distributed.comm.tls.{who}.key"] = str(key)
    tls["distributed.comm.require-encryption"] = "True"
    environment = {
        f"DASK_{name.replace('.', '__').replace('-', '_').upper()}": value
        for name, value in tls.items()
    }
    with cluster_of(tmp_path, 1, "tls", **environment) as (_, address):
        assert address.startswith("tls://127.0.0.1:")
        assert "names no certificates under distributed.comm.tls" in said(address)
        bare = address.replace("tls:", "tcp:")
        assert "no Dask scheduler answers" in said(bare)
        assert "requires encryption, and this is an address without" in said(bare, **environment)
        broken = {"DASK_DISTRIBUTED__COMM__TLS__CA_FILE": "/not/there.pem"}
        assert "cannot be read, distributed.comm.tls: /not/there.pem, " in said(
            address, **environment | broken
        )
        with dask.config.set(tls | {"distributed.comm.require-encryption": True}):
            found = run(
                configuration_of(
                    "tagging", "mapreduce-batch", schedule_parameters={"mappers": 2}, engine=address
                ),
                corpora["tagging"],
            )
    assert found.engine["address"] == address
    assert found.curve["updates"][-1] == 5


def test_nobody_answers():
    found = said("tcp://127.0.0.1:1")
    assert found.startswith("--engine tcp://127.0.0.1:1: nobody listens there")
    # Somebody, but no scheduler.
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        assert said(address).startswith(f"--engine {address}: no Dask scheduler answers (")


def test_a_scheduler_without_workers_is_told(tmp_path):
    with cluster_of(tmp_path, 0) as (_, address):
        assert said(address) == (
            f"--engine {address}: its scheduler has no workers: start 'dask worker {address}'"
        )


@pytest.mark.parametrize(
    "settings",
    [
        {"DASK_DISTRIBUTED__COMM__REQUIRE_ENCRYPTION": "True"},
        {"DASK_TEMPORARY_DIRECTORY": "/proc/not/there"},
        {"DASK_CONFIG": "{folder}"},
    ],
)
def test_what_is_configured_for_other_clusters_does_not_reach_our_own(tmp_path, settings):
    tls = {"ca-file": "ca.pem", "scheduler": {"cert": "own.pem", "key": "own-key.pem"}}
    comm = {"require-encryption": True, "tls": tls}
    (tmp_path / "security.yaml").write_text(json.dumps({"distributed": {"comm": comm}}))
    settings = {name: value.format(folder=tmp_path) for name, value in settings.items()}
    assert said("local", 30, **settings) == "works"


def test_a_configuration_is_what_it_was():
    import dask
    import distributed  # which configures itself

    assert distributed.config
    with dask.config.set({"distributed.comm.timeouts.connect": "77s"}):
        before = copy.deepcopy(dask.config.config)
        with closing(module.Dask()):
            assert dask.config.get("distributed.comm.timeouts.connect") != "77s"
        assert dask.config.config == before


def test_a_configuration_that_cannot_be_read_is_told(tmp_path):
    (tmp_path / "broken.yaml").write_text("a: [")
    found = said("local", DASK_CONFIG=str(tmp_path))
    assert found.startswith("Dask cannot read its configuration: ")
    assert "broken.yaml" in found


def test_what_a_cluster_of_our_own_lacks_is_told():
    found = said("local", files=24)
    assert found == (
        "--engine local: 1 worker processes do not start ([Errno 24] Too many open files)"
    )


LACKING = "import sys; sys.modules['staleness'] = None"
OTHERS = "from staleness.algorithms import build; build.source_digest = lambda: 'another'"
OLD = "from distributed import versions; versions._version_cached = lambda name: '1.0'"


@pytest.mark.parametrize(
    ("scheduler", "worker", "message"),
    [
        (
            "",
            LACKING,
            r"worker tcp://127\.0\.0\.1:\d+ has no project that can be imported \(No mod",
        ),
        ("", OTHERS, r"worker tcp://127\.0\.0\.1:\d+ has other sources of the project"),
        (
            "",
            OLD,
            r"worker tcp://\S+ has other versions: dask 1\.0, here 2\S+, distributed 1\.0, here",
        ),
        (LACKING, "", r"the scheduler has no project that can be imported"),
    ],
)
def test_machines_that_are_not_as_this_one_are_named(tmp_path, scheduler, worker, message):
    with cluster_of(tmp_path, 0, scheduler=scheduler) as (cluster, address):
        cluster.add_worker(worker)
        assert re.match(rf"--engine {address}: {message}", said(address, PATIENCE))


@pytest.mark.parametrize(
    ("before", "message"),
    # One without the project may have ended itself before it is asked.
    [(LACKING, "no project|no worker is left"), (OTHERS, "other sources")],
)
def test_a_worker_that_comes_later_must_be_as_this_machine(
    corpora, tmp_path, monkeypatch, before, message
):
    def join(done, total, metrics):
        if len(cluster.workers) == 1:
            cluster.add_worker(before)
            cluster.wait_for_last()
            cluster.kill(0)  # what it had is computed again

    with cluster_of(tmp_path, 1) as (cluster, address):
        module.Dask(address, patience=PATIENCE).close()  # it is there
        monkeypatch.setattr(module, "PULSE", 0.5)
        monkeypatch.setattr(module.Dask.__init__, "__defaults__", ("local", 1, 5))
        configuration = configuration_of(
            "tagging", "mapreduce-batch", schedule_parameters={"mappers": 2}, engine=address
        )
        with pytest.raises(StalenessError, match=message):
            run(configuration, corpora["tagging"], progress=join)


def test_a_worker_that_dies_while_it_is_asked_is_not_judged():
    """It is asked again if it is still there: it may be that the connection alone was closed."""
    about = {"packages": dict.fromkeys(agreement.PACKAGES, "1")}
    versions = {"client": about, "scheduler": about, "workers": {"here": about, "closed": about}}
    ours = agreement.source_digest()
    asked = []

    class Client:
        status = "running"
        scheduler = SimpleNamespace(
            identity=lambda **_: {"workers": {"here": 0, "closed": 0, "gone": 0}}
        )

        def get_versions(self):
            return versions

        def run(self, function, sources, workers, on_error):
            asked.append(sorted(workers))
            return {"here": ours, "closed": OSError("stream is closed"), "gone": ours}

        def run_on_scheduler(self, function, sources):
            return ours

    engine = object.__new__(module.Dask)
    engine._client, engine._agreed = Client(), set()
    engine._ask = lambda function, *arguments, **settings: function(*arguments, **settings)
    engine._look()
    engine._look()
    assert asked == [["closed", "gone", "here"], ["closed", "gone"]]


def vanish(cluster, what):
    cluster.kill_scheduler() if what == "scheduler" else cluster.kill_all()


@pytest.mark.parametrize("what", ["workers", "scheduler"])
@pytest.mark.parametrize("when", ["place", "broadcast", "result", "finish"])
def test_a_run_without_anybody_ends_in_a_line(corpora, tmp_path, monkeypatch, what, when):
    monkeypatch.setattr(module, "PULSE", 0.5)
    monkeypatch.setattr(module.Dask.__init__, "__defaults__", ("local", 1, 2))
    with cluster_of(tmp_path, 2) as (cluster, address):
        module.Dask(address, patience=PATIENCE).close()  # both are there

        def gone(done, total, metrics):
            if done == total:
                vanish(cluster, what)

        if when != "finish":
            usual = getattr(module.Dask, when)

            def then(engine, *arguments, **settings):
                vanish(cluster, what)
                return usual(engine, *arguments, **settings)

            monkeypatch.setattr(module.Dask, when, then)
        configuration = configuration_of(
            "tagging", "mapreduce-batch", schedule_parameters={"mappers": 2}, engine=address
        )
        with pytest.raises(StalenessError) as ended:
            run(configuration, corpora["tagging"], progress=gone)
    assert f"--engine {address}: " in str(ended.value)
    assert re.search("no worker is left|scheduler has gone|does not answer", str(ended.value))


def returned(place, value):
    return value


def test_what_is_broadcast_arrives_whole():
    values = [Share(1, 2, 3), [4, 5], {"six": 7}, b"8", None]
    with closing(module.Dask()) as engine:
        placed = engine.place(int, [0])
        for value in values:
            handle = engine.broadcast(value)
            job = engine.submit(returned, list, placed, handle)
            assert engine.result(job) == [value]
            assert type(engine.result(job)[0]) is type(value)
            engine.release(job, handle)


def test_an_interrupt_says_how_far_it_had_come(corpora):
    def interrupt(done, total, metrics):
        assert (done, total, metrics) == (60, 300, {})
        signal.raise_signal(signal.SIGINT)

    with pytest.raises(Interrupted, match=r"after 1 updates, epoch 1\.00 of 5"):
        run(
            configuration_of("tagging", "mapreduce-batch", schedule_parameters={"mappers": 2}),
            corpora["tagging"],
            interrupt,
        )


def test_more_workers_than_cores_are_refused(corpora):
    with pytest.raises(StalenessError, match="take fewer, or allow it with --oversubscribe"):
        run(
            configuration_of(
                "tagging", "mapreduce-batch", processors=CORES + 1, oversubscribe=False
            ),
            corpora["tagging"],
        )


@pytest.mark.parametrize(
    ("hyper_parameters", "update", "message"),
    [
        ({"smoothing": -1.0}, "em", "update 'em': smoothing must be at least 0, not -1"),
        ({"alpha": 0.5}, "stepwise-em", "update 'stepwise-em': alpha must be above 0.5"),
    ],
)
def test_a_rule_that_makes_no_sense_starts_nothing(corpora, hyper_parameters, update, message):
    configuration = configuration_of(
        "alignment", "mapreduce-batch", hyper_parameters=hyper_parameters, update=update
    )
    with pytest.raises(StalenessError, match=message):
        run(configuration, corpora["alignment"])


def test_a_mapper_error_is_told(corpora):
    with pytest.raises(StalenessError, match="states must be 1 to 1024, not 0"):
        run(
            configuration_of(
                "tagging",
                "mapreduce-batch",
                schedule_parameters={"mappers": 2},
                hyper_parameters={"states": 0},
            ),
            corpora["tagging"],
        )


def pages(caplog):
    """Return what is said of Dask's own page."""
    said = [one.getMessage() for one in caplog.records if one.name == module.LOGGER.name]
    return [line for line in said if line.startswith("Dask shows")]


@pytest.mark.parametrize("drawn", [False, True])
def test_the_address_of_dasks_page_is_logged_if_it_can_be_drawn(drawn, monkeypatch, caplog):
    monkeypatch.setattr(module, "find_spec", lambda name: object() if drawn else None)
    with caplog.at_level(logging.INFO, module.LOGGER.name), closing(module.Dask()):
        said = pages(caplog)
    assert len(said) == drawn
    assert all(re.search(r": http://127\.0\.0\.1:\d+/status$", line) for line in said)


def test_the_address_of_the_page_of_a_scheduler_elsewhere(tmp_path, caplog):
    with cluster_of(tmp_path, 1) as (_, address), caplog.at_level(logging.INFO):
        module.Dask(address).close()
    (said,) = pages(caplog)
    assert re.search(r": http://127\.0\.0\.1:\d+/status$", said)


def test_a_task_that_runs_out_of_time_is_no_reason_to_wait():
    """As reading a corpus from a network's file system does."""

    class Job:
        status = "error"

        def result(self, timeout):
            raise TimeoutError("the corpus")

    engine = object.__new__(module.Dask)
    engine._patience, engine.first, engine._look = 1, lambda jobs: 0, lambda: None
    engine._distributed = distributed
    with pytest.raises(TimeoutError, match="the corpus"):
        engine.result(Job())
