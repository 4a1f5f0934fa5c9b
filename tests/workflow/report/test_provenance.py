"""Where numbers come from, by what runs say of machines and effort."""

from types import SimpleNamespace

import numpy as np

from staleness.workflow.report.provenance import corpora, effort, machines


def cell(*abouts):
    return SimpleNamespace(abouts=abouts, configuration={"clock": "wall"})


def about(memory, version, load=0.5):
    versions = {"sources": "d" * 64, "numpy": version}
    machine = {"processor": "abacus", "load": load}
    return {
        **{"cpu_seconds": 0.25, "peak_memory_bytes": memory},
        **{"machine": machine, "versions": versions},
    }


def test_the_memory_is_the_most_that_any_run_needed():
    assert effort([cell(about(1e6, "2"), about(3e6, "2"))])["memory"] == "3.00 MB"


def test_other_versions_are_another_machine():
    assert len(machines([cell(about(1e6, "1"), about(1e6, "2"))])) == 2
    assert len(machines([cell(about(1e6, "2"), about(3e6, "2"))])) == 1


def test_runs_whose_load_is_not_known_are_runs_too():
    (facts,) = machines([cell(about(1e6, "2", 0.25), about(1e6, "2", None), about(1e6, "2", 2.0))])
    told = {fact["name"]: fact["value"] for fact in facts}
    assert (told["runs"], told["load"]) == ("3", "0.25 to 2.00")
    (facts,) = machines([cell(about(1e6, "2", None))])
    assert [fact["name"] for fact in facts] == ["processor", "versions", "runs"]


def test_options_that_are_off_are_not_told():
    options = {"examples": None, "lower_case": False, "skip_bad_pairs": True, "max_length": 40}
    corpus = {"corpus": "own", "digest": "c" * 64, "sources": None, "options": options}
    curve = {"examples": np.array([0, 20]), "epoch": np.array([0.0, 2.0])}
    run = SimpleNamespace(
        about={"corpus": corpus, "cells": 600},
        configuration={"task": "alignment", "epochs": 2},
        curves=[curve],
    )
    (found,) = corpora([run])
    told = {fact["name"]: fact["value"] for fact in found["facts"]}
    assert told["encoded with"] == "skip_bad_pairs True, max_length 40"
    assert told["training set"] == "10 examples, 300 cells"
    corpus["options"] = {"examples": None, "lower_case": False}
    (found,) = corpora([run])
    assert "encoded with" not in {fact["name"] for fact in found["facts"]}
