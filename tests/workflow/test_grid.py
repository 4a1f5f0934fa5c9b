"""From the config to cells."""

import copy
from pathlib import Path

import jsonschema
import pytest
import yaml

from staleness.algorithms.errors import StalenessError
from staleness.workflow.grid import Grid

CONFIG = Path(__file__).parents[2] / "config"
SCHEMA = yaml.safe_load((CONFIG / "schema.yaml").read_text())
COMMON = {"task": "ner", "corpus": "conll2003-en", "epochs": 1}


def config(*cells, **changes):
    figure = {"common": COMMON, "cells": list(cells)}
    return {"seeds": [0, 1], "figures": {"ner-convergence": figure}, **changes}


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.name)
def test_every_config_is_valid(path):
    if path.name == "schema.yaml":
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        return
    content = yaml.safe_load(path.read_text())
    jsonschema.validate(content, SCHEMA)
    assert Grid(content).run_folders()


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(seed=[1]),
        lambda c: c.update(seeds=[]),
        lambda c: c.update(seeds=[0, 0]),
        lambda c: c.update(seeds=[0.5]),
        lambda c: c["figures"]["ner-convergence"].update(cell=[]),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(seed=1),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(processor=4),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(processors=0),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(corpus="../x"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(corpus="a; rm -r b"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(delay_mean="fast"),
        lambda c: c.update(corpora={"mine": {"format": "conll", "train": "a"}}),
        lambda c: c.update(results="a\nb"),
    ],
)
def test_the_schema_refuses_what_it_does_not_know(change):
    good = config({"schedule": "single"})
    jsonschema.validate(good, SCHEMA)
    bad = copy.deepcopy(good)
    change(bad)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, SCHEMA)


def test_lists_are_one_cell_an_element():
    grid = Grid(
        config(
            {"schedule": "single"},
            {"schedule": ["synchronous", "asynchronous"], "processors": [2, 4], "cost": "paper"},
        )
    )
    assert grid.figures["ner-convergence"] == [
        "ner/conll2003-en.sgd.single.P1.m4.e1x4.simulated-measured",
        "ner/conll2003-en.sgd.synchronous.P2.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.synchronous.P4.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.asynchronous.P2.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.asynchronous.P4.m4.e1x4.simulated-paper",
    ]
    assert len(grid.run_folders()) == len(set(grid.run_folders())) == 10


def test_a_cell_named_twice_is_run_once():
    grid = Grid(config({"schedule": "single"}, {"schedule": ["single"], "processors": 1}))
    assert len(grid.run_folders("ner-convergence")) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"mini_batch_size": 8},
        {"epochs": 2},
        {"evaluations": 9},
        {"clock": "wall"},
        {"cost": "paper"},
        {"calibration": "mine.json"},
        {"delay_mean": "8x"},
        {"delay_mean": "8x", "delay_probability": 0.5},
        {"hyper_parameters": {"step_size": 0.5}},
    ],
)
def test_whatever_changes_a_run_changes_its_folder(change):
    grid = Grid(config({"schedule": "single"}, {"schedule": "single", **change}))
    assert len(grid.figures["ner-convergence"]) == 2


def test_arguments_are_those_of_the_command_line():
    """What the workflow asks for is what the command line understands it to be."""
    from staleness.workflow.cli import parser
    from staleness.workflow.commands.run import configuration_from

    cell = {
        "schedule": "asynchronous",
        "processors": 4,
        "mini_batch_size": 16,
        "delay_mean": "8x",
        "delay_probability": 0.5,
        "cost": "paper",
        "hyper_parameters": {"step_size": 0.5},
    }
    grid = Grid(config(cell))
    (key,) = grid.figures["ner-convergence"]
    arguments = grid.run_arguments(*key.split("/"))
    understood = configuration_from(parser().parse_args(["run", *arguments, "--seed", "0"]))
    assert understood == grid._cells[key][0]


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"figures": {"pie": {"cells": [{}]}}}, "unknown figure 'pie'"),
        ({"cells": {"schedule": "single", "processors": 2}}, "has 1 processor, not 2"),
        ({"cells": {"schedule": "round-robin"}}, "unknown schedule 'round-robin'"),
        ({"cells": {"schedule": "single", "corpus": "nowhere"}}, "nowhere"),
        ({"cells": {}}, "needs task, corpus and schedule"),
        ({"cells": {"schedule": "single", "hyper_parameters": {"alpha": 1}}}, "'alpha'"),
        ({"corpora": {"conll2003-en": {}}}, "registered corpus"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(changes, said):
    cell = changes.pop("cells", {"schedule": "single"})
    with pytest.raises(StalenessError, match=said):
        Grid(config(cell, **changes))


def test_a_corpus_of_ones_own():
    own = {"format": "conll", "train": "my train.txt", "dev": "dev.txt"}
    grid = Grid(config({"schedule": "single", "corpus": "mine"}, corpora={"mine": own}))
    assert grid.corpus_files("mine") == ["my train.txt", "dev.txt"]
    assert grid.corpus_arguments("mine")[-4:] == ["--train", "my train.txt", "--dev", "dev.txt"]
    (key,) = grid.figures["ner-convergence"]
    assert grid.encoded(*key.split("/")) == "results/encoded/mine/corpus.json"
