"""What a run takes of memory, told before."""

import resource
import subprocess
import sys
from dataclasses import replace

import pytest

from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.workflow.machine import memory

BASE = Configuration(task="ner", schedule="asynchronous", processors=100, evaluations=0, epochs=10)


@pytest.mark.parametrize(
    ("changes", "split", "said"),
    [
        ({"mini_batch_size": 10**9}, False, "the order of the examples"),
        ({"mini_batch_size": 1}, False, "the trace"),
        ({"mini_batch_size": 10**3}, True, "the trace"),
        ({"mini_batch_size": 10**6, "evaluations": 10**6}, False, "the curve"),
        ({"mini_batch_size": 100, "delay_mean": "2x"}, False, "the pauses"),
    ],
)
def test_what_cannot_fit_is_said_before(monkeypatch, changes, split, said):
    configuration = replace(BASE, **changes)
    monkeypatch.setattr(memory, "available", lambda: 2**40)
    memory.check(configuration, 10**6, split)
    monkeypatch.setattr(memory, "available", lambda: 2**20)
    with pytest.raises(StalenessError, match=f"of memory, most of it for {said}, and 0.0 GiB are"):
        memory.check(configuration, 10**7, split)
    monkeypatch.setattr(memory, "available", lambda: None)
    memory.check(configuration, 10**7, split)


def test_a_trace_numbers_so_many_mini_batches():
    configuration = replace(BASE, epochs=2**31 - 1)
    with pytest.raises(StalenessError, match="are 16,106,127,353 mini-batches, expected at most"):
        memory.check(configuration, 30, split=False)


def test_the_limit_of_the_shell_counts():
    assert memory.available() > 0
    program = "from staleness.workflow.machine import memory; print(memory.available())"
    limit = 4 << 30
    done = subprocess.run(
        [sys.executable, "-c", program],
        stdout=subprocess.PIPE,
        check=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit)),
    )
    assert 0 < int(done.stdout) < limit


def test_every_epoch_has_its_points(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 10_000_000)
    settings = {"epochs": 1000, "evaluations": 1000}
    with pytest.raises(StalenessError, match="most of it for the curve"):
        memory.check(Configuration("ner", "single", **settings), 1, split=False)
