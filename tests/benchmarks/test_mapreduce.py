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


@pytest.mark.slow
def test_overhead_is_that_of_dask(capsys):
    mapreduce.main(["--jobs", "2"])
    engine, *jobs, moved = capsys.readouterr().out.splitlines()
    assert "dask" in engine
    assert [line.partition(":")[0] for line in jobs] == [
        f"empty job, {mappers} + 1 tasks" for mappers in (24, 6)
    ]
    assert 1 <= float(re.search(r"([\d.]+) times", moved)[1]) <= 1.2


def test_an_empty_job_takes_some_time(engine):
    seconds = mapreduce.empty_jobs(engine, mappers=3, jobs=2)
    assert len(seconds) == 2
    assert min(seconds) > 0


def test_stepwise_em_races_batch_em(engine, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mapreduce, "PAIRS", 200)
    monkeypatch.setattr(mapreduce, "ITERATIONS", 3)
    corpus = mapreduce.at_random(tmp_path)
    options = ["race", "--mini-batch", "40", "--seeds", "2", "--epochs", "4"]
    options += ["--batch", "5/2/1", "--stepwise", "1/1/3"]
    mapreduce.race(engine, corpus, mapreduce.parse(options))
    said = capsys.readouterr().out
    points = re.findall(r"seed (\d), (\w+) EM, epoch (\d): [\d.]+ s, (-[\d,]+)", said)
    runs = {(seed, rule): [] for seed in "01" for rule in ("batch", "stepwise")}
    for seed, rule, epoch, likelihood in points:
        runs[seed, rule].append(float(likelihood.replace(",", "")))
        assert int(epoch) == len(runs[seed, rule])
    assert {len(run) for (_, rule), run in runs.items() if rule == "batch"} == {3}
    assert {len(run) for (_, rule), run in runs.items() if rule == "stepwise"} == {4}
    assert runs["0", "batch"] == runs["1", "batch"] == sorted(runs["0", "batch"])
    assert runs["0", "stepwise"] != runs["1", "stepwise"]
    _, table = said.split("times that of stepwise EM:\n")
    assert [line[:4] for line in table.splitlines()] == [f"  {k}:" for k in range(1, 4)]


def test_times_are_compared_where_likelihoods_are_equal():
    batch = [(10, -8.0), (20, -4.0), (30, -2.0), (40, -1.0)]
    stepwise = [(4, -7.0), (6, -5.0), (8, -6.0), (10, -5.0), (15, -2.0), (20, -1.5)]
    at_first, between, at_fifth, never = mapreduce.ratios(batch, stepwise)
    assert at_first == 10 / 4
    assert between == pytest.approx(20 / (6 + (15 - 6) / 3))
    assert at_fifth == 30 / 15
    assert never == 0


def test_peaks_of_memory_are_told(engine, monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(mapreduce, "PAIRS", 100)
    corpus = mapreduce.at_random(tmp_path)
    mapreduce.memory(engine, corpus, mapreduce.parse(["memory", "--pieces", "2"]))
    first, second = capsys.readouterr().out.splitlines()
    assert first.startswith("iteration 1, 1 of 2 pieces with ")
    assert re.search(r"peaks driver \d+\.\d\d GB", second)
    driver = mapreduce.peak("self")
    assert 10e6 < driver < 4e9
