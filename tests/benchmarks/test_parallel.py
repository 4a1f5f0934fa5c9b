"""Schedules on all cores beside one, and what the clock costs by itself."""

import os
import re

import numpy as np
import pytest

from benchmarks import parallel
from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError


def test_the_clock_alone_takes_some_time():
    configuration = Configuration(task="ner", schedule="single", clock="wall", epochs=2)
    assert 0 < parallel.seconds_alone(configuration, np.full(50, 7)) < np.inf


@pytest.mark.parametrize(
    ("task", "update", "unit", "metric", "base", "others"),
    [
        ("ner", None, "tokens", "F1", "single", {"asynchronous", "replicated"}),
        ("alignment", "incremental-em", "cells", "log-likelihood", "single", {"lock-free"}),
        ("tagging", "em", "tokens", "log-likelihood", "single-batch", {"parallel-batch"}),
    ],
)
def test_measures_what_the_update_goes_with(
    task, update, unit, metric, base, others, tmp_path, capsys
):
    arguments = ["--task", task, "--corpus", f"synthetic-{task}", "--examples", "60"]
    arguments += ["--data", str(tmp_path), "--epochs", "1", "--rounds", "2"]
    parallel.main(arguments + (["--update", update] if update else []))
    head, first, *rest, clock = capsys.readouterr().out.splitlines()
    assert f"synthetic-{task}, {update or 'sgd'}" in head
    assert re.match(rf"{base} +[\d,]+ {unit}/s, 1.00 \(1.00 to 1.00\) times {base}", first)
    names = {line.split()[0] for line in rest}
    assert others <= names
    assert all(f" {metric} " in line and "staleness" in line for line in [first, *rest])
    assert "replicated" not in names or update != "incremental-em"
    assert "ns a mini-batch" in clock


def test_others_use_every_core():
    options = parallel.parse(["--task", "tagging"])
    cores = os.cpu_count()
    found = {name: c.processors for name, c in parallel.by_schedule(options, cores).items()}
    assert next(iter(found)) == "single"
    assert found.pop("single") == 1
    assert set(found.values()) == {cores}


def test_an_update_of_another_task_is_refused():
    options = parallel.parse(["--task", "tagging", "--update", "mira"])
    with pytest.raises(StalenessError, match="'mira' is for ner, not tagging"):
        parallel.by_schedule(options, 2)
