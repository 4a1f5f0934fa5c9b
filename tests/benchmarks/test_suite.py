"""asv passes over a benchmark that fails: here each is imported and run twice, on tiny data."""

import inspect
import itertools
import math
import pkgutil
from importlib import import_module

import numpy as np
import pytest

import benchmarks.suite
from benchmarks.suite import data
from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES
from staleness.workflow.corpora.encoders import encoder

from ..algorithms.synthetic import save_corpus

KINDS = ("time_", "track_", "peakmem_")
# Of these there is one mini-batch of one size, and not every benchmark makes sense.
BATCH = {name for kinds in (SCHEDULES, UPDATES) for name, kind in kinds.items() if kind.batch}


def found():
    """Yield every benchmark of the suite: class, method and parameters."""
    for info in pkgutil.iter_modules(benchmarks.suite.__path__, "benchmarks.suite."):
        module = import_module(info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ != module.__name__:
                continue
            for name, method in inspect.getmembers(kind, inspect.isfunction):
                if name.startswith(KINDS):
                    for chosen in itertools.product(*getattr(kind, "params", ())):
                        label = f"{kind.__name__}.{name}{list(chosen)}"
                        yield pytest.param(kind, method, chosen, id=label)


BENCHMARKS = list(found())
LABELS = [parameter.id for parameter in BENCHMARKS]


@pytest.fixture(scope="module")
def encoded_corpora(tmp_path_factory):
    """Return a folder with a small corpus in the place of each task's real one."""
    folder = tmp_path_factory.mktemp("encoded")
    for task in TASKS:
        save_corpus(folder / encoder(task).corpus, task)
    return folder


@pytest.fixture(autouse=True)
def tiny(monkeypatch, encoded_corpora):
    monkeypatch.setattr(data, "EXAMPLES", 24)
    monkeypatch.setattr(data, "REAL", encoded_corpora)
    data.real.cache_clear()


@pytest.mark.slow
@pytest.mark.parametrize("task", TASKS)
def test_many_processors_do_not_diverge(task, monkeypatch):
    from benchmarks.suite.schedules import SimulatedClock

    monkeypatch.undo()
    benchmark = SimulatedClock()
    benchmark.setup(task, 64)
    assert data.EXAMPLES > 1000
    assert benchmark.track_cost(task, 64) > 0


@pytest.mark.parametrize("kind", KINDS)
def test_every_update_and_schedule_has_every_kind_of_benchmark(kind):
    of_this_kind = [label for label in LABELS if f".{kind}" in label]
    for update in UPDATES.values():
        for task in update.tasks:
            assert any(f"'{task} {update.name}'" in label for label in of_this_kind)
    for task, schedule in itertools.product(TASKS, SCHEDULES):
        assert any(f"['{task}', '{schedule}']" in label for label in of_this_kind)


@pytest.mark.parametrize(("kind", "method", "chosen"), BENCHMARKS)
def test_runs_twice(kind, method, chosen):
    for _ in range(2):
        benchmark = kind()
        try:
            benchmark.setup(*chosen)
        except NotImplementedError:
            if any(BATCH & set(str(part).split()) for part in chosen):
                return
            raise
        value = method(benchmark, *chosen)
        if method.__name__.startswith("track_"):
            assert math.isfinite(value)
            assert method.unit
        if hasattr(benchmark, "teardown"):
            benchmark.teardown(*chosen)


def test_a_corpus_that_is_not_there_is_left_out(tmp_path, monkeypatch):
    monkeypatch.setattr(data, "REAL", tmp_path)
    with pytest.raises(NotImplementedError, match="not an encoded corpus"):
        data.real("ner")


def test_setup_undoes_what_a_benchmark_changed():
    """Or the second sample would time another state than the first."""
    from benchmarks.suite.updates import RULES, Learning

    for rule in RULES:
        benchmark = Learning()
        benchmark.setup(rule, 4)
        before = np.array(benchmark.learner.theta)
        benchmark.time_epoch(rule, 4)
        assert not np.array_equal(benchmark.learner.theta, before)
        benchmark.teardown(rule, 4)
        benchmark.setup(rule, 4)
        assert np.array_equal(benchmark.learner.theta, before)
        benchmark.teardown(rule, 4)


@pytest.mark.parametrize("task", TASKS)
def test_data_are_the_same_every_time(task):
    first = data.corpus(task)
    data._made.cache_clear()
    again = data.corpus(task)
    assert first.about == again.about
    assert all(np.array_equal(values, again[name]) for name, values in first.arrays.items())


def test_words_are_zipf_distributed():
    counts = np.bincount(data.zipf(np.random.default_rng(0), 100_000))
    assert counts[0] > 1.2 * counts[1] > 1.2 * counts[4] > 10 * counts[100]
