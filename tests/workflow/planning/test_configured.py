"""What a config says beside its files."""

from pathlib import Path

import pytest
import yaml

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
