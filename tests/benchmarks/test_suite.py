"""asv passes over a benchmark that fails: here each is imported and run once."""

import inspect
import itertools
import pkgutil
from importlib import import_module

import pytest

import benchmarks.suite


def found():
    """Yield every benchmark of the suite: class, method and parameters."""
    for info in pkgutil.iter_modules(benchmarks.suite.__path__, "benchmarks.suite."):
        module = import_module(info.name)
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ != module.__name__:
                continue
            values = getattr(kind, "params", ())
            # asv takes one flat list for a single parameter.
            axes = values if values and isinstance(values[0], (list, tuple)) else [values]
            for name, method in inspect.getmembers(kind, inspect.isfunction):
                if name.startswith(("time_", "track_", "peakmem_")):
                    for chosen in itertools.product(*axes) if values else [()]:
                        yield pytest.param(kind, method, chosen, id=f"{name}{list(chosen)}")


BENCHMARKS = list(found())


def test_the_suite_has_benchmarks():
    assert BENCHMARKS


@pytest.mark.slow
@pytest.mark.parametrize(("kind", "method", "chosen"), BENCHMARKS)
def test_runs_twice_on_the_same_data(kind, method, chosen):
    benchmark = kind()
    benchmark.setup(*chosen)
    method(benchmark, *chosen)
    method(benchmark, *chosen)
