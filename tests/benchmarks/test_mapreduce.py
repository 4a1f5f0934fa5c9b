"""What MapReduce jobs move; how long they take is for benchmarks to say."""

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from benchmarks import mapreduce
from staleness.algorithms.mapreduce.engine import Engine


class Threads(Engine):
    """An engine of threads, without anything that can be lost."""

    def __init__(self):
        self._pool = ThreadPoolExecutor(1)

    def place(self, make, *arguments):
        return [make(*values) for values in zip(*arguments, strict=True)]

    def broadcast(self, value):
        return value

    def submit(self, function, reduce, partitions, *arguments, reducers=1):
        return self._pool.submit(lambda: reduce([function(p, *arguments) for p in partitions]))

    def first(self, jobs):
        return 0

    def result(self, job):
        return job.result()

    def release(self, *handles):
        pass

    def describe(self):
        return {"workers": 2}

    def close(self):
        self._pool.shutdown()


@pytest.fixture
def engine():
    with closing(Threads()) as engine:
        yield engine


def test_hardly_more_is_moved_than_counts_and_theta(engine):
    moved, least = mapreduce.bytes_moved(engine)
    assert least <= moved <= 1.2 * least
    assert moved > 2 * 4 * 1000


def test_an_empty_job_takes_some_time(engine):
    seconds = mapreduce.empty_jobs(engine, mappers=3, jobs=2)
    assert len(seconds) == 2
    assert min(seconds) > 0


def test_stepwise_em_races_batch_em(engine, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mapreduce, "PAIRS", 200)
    monkeypatch.setattr(mapreduce, "ITERATIONS", 2)
    corpus = mapreduce.at_random(tmp_path)
    mapreduce.race(engine, corpus, mapreduce.parse(["race", "--mini-batch", "40", "--seeds", "2"]))
    said = capsys.readouterr().out
    goals = [float(n.replace(",", "")) for n in re.findall(r"2 iterations .* s, (-[\d,]+)", said)]
    assert len(goals) == 2
    assert len(set(goals)) == 1
    points = [float(n.replace(",", "")) for n in re.findall(r"epoch .* s, (-[\d,]+)", said)]
    # Judging ends with the first that is good enough.
    assert sum(point >= goals[0] for point in points) == 2
    assert points[-1] >= goals[0]
    assert "ratio of times, median (least to most): " in said
    slow = mapreduce.parse(["race", "--mini-batch", "200", "--epochs", "1"])
    monkeypatch.setattr(mapreduce, "ITERATIONS", 5)
    mapreduce.race(engine, corpus, slow)
    assert "stepwise EM does not get there in 1 epochs" in capsys.readouterr().out


def test_peaks_of_memory_are_told(engine, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mapreduce, "PAIRS", 100)
    corpus = mapreduce.at_random(tmp_path)
    mapreduce.memory(engine, corpus, mapreduce.parse(["memory", "--pieces", "2"]))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("iteration 1, 1 of 2 pieces with ")
    assert re.search(r"peaks driver \d+\.\d\d GB", second)
    driver = mapreduce.peak("self")
    assert 10e6 < driver < 4e9
