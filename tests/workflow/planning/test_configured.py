"""What a config says beside its files."""

from pathlib import Path

import pytest
import yaml

from staleness.algorithms.errors import StalenessError
from staleness.workflow.planning import configured

CELLS = {"cells": [{"task": "ner", "corpus": "conll2003-en", "schedule": "single"}]}
FILE = {"seeds": [0], "figures": {"ideal": CELLS}}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, None),
        ({"results": "elsewhere"}, {"results": "elsewhere"}),
        ({"cores": 3}, {"cores": 3}),
        ({"seeds": [1]}, {"seeds": [1]}),
        ({"figures": {**FILE["figures"], "scaling": CELLS}}, None),  # in the second file
    ],
)
def test_what_was_given_beside_the_files(tmp_path, change, expected):
    paths = [str(tmp_path / name) for name in ("a.yaml", "b.yaml")]
    Path(paths[0]).write_text(yaml.safe_dump(FILE))
    second = {"figures": change["figures"]} if "figures" in change else {}
    Path(paths[1]).write_text(yaml.safe_dump(second))
    said = configured.added({**FILE, **change}, paths)
    assert yaml.safe_load(said) == expected
    assert said.startswith("\n# Beside the files") == bool(expected)


@pytest.mark.parametrize(
    ("config", "base"),
    [
        ({}, "config/config.yaml"),
        ({"seeds": [1]}, "config/config.yaml"),
        ({"figures": {}}, None),
        ({"base": "mine.yaml"}, "mine.yaml"),
        ({"base": "mine.yaml", "figures": {}}, "mine.yaml"),
        ({"base": 3}, None),  # which the schema refuses
    ],
)
def test_what_a_config_is_laid_over(tmp_path, monkeypatch, config, base):
    (tmp_path / "config").mkdir()
    for name in ("config/config.yaml", "mine.yaml"):
        (tmp_path / name).write_text("seeds: [0]")
    monkeypatch.chdir(tmp_path)
    assert configured.base_of(config, tmp_path) == base


def test_a_base_that_is_no_file_is_named(tmp_path):
    said = r"config: base is gone\.yaml, and .*/gone\.yaml is no file: name one that is"
    with pytest.raises(StalenessError, match=said):
        configured.base_of({"base": "gone.yaml"}, tmp_path)


def test_dicts_are_put_together_and_all_else_is_replaced(tmp_path):
    below = {"seeds": [0, 1], "presets": {"a": {"epochs": 1, "cost": "paper"}}, "results": "there"}
    above = {"base": "below.yaml", "seeds": [2], "presets": {"a": {"epochs": 2}, "b": {}}}
    for name, content in (("below", below), ("above", above)):
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(content))
    assert configured.layered(tmp_path / "above.yaml", tmp_path) == {
        "base": "below.yaml",
        "seeds": [2],
        "presets": {"a": {"epochs": 2, "cost": "paper"}, "b": {}},
        "results": "there",
    }


def test_files_are_laid_over_one_another_in_that_order():
    assert configured.lowest_first(["a", "b", "base"], "base") == ["base", "a", "b"]
    assert configured.lowest_first(["a", "b"], None) == ["a", "b"]
