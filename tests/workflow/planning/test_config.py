"""Configs that are not what the schema allows: one line, with the place, the word and a remedy."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from staleness.algorithms.errors import StalenessError
from staleness.workflow.planning.config import check
from staleness.workflow.planning.configured import layered

REPOSITORY = Path(__file__).parents[3]
SCHEMA = REPOSITORY / "config" / "schema.yaml"
CELL = "figures.ner-convergence.cells[0]"
TEXT = """\
seeds: [0, 1]
figures:
  ner-convergence:
    common: &common
      task: ner
      corpus: conll2003-en
    cells:
      - {{ <<: *common, {cell} }}
{more}
"""


def refused(path, cell="schedule: single", more=""):
    """Return what is said of a config, less the name of its file."""
    path.write_text(TEXT.format(cell=cell, more=more))
    with pytest.raises(StalenessError) as caught:
        check(layered(path, REPOSITORY), SCHEMA, [path])
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(f"{path}, ")
    return message.removeprefix(f"{path}, ")


@pytest.mark.parametrize("path", sorted(SCHEMA.parent.glob("*.yaml")), ids=lambda path: path.name)
def test_configs_of_the_suite_are_allowed(path):
    if path != SCHEMA:
        check(layered(path, REPOSITORY), SCHEMA, [path])


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("schedule: no", "schedule is no, which YAML reads as false, expected a name .*: put it"),
        ("update: off", "update is off, which YAML reads as false, expected a name .*: put it in"),
        (
            "hyper_parameters: { step_size: 1e-3 }",
            "hyper_parameters.step_size is 1e-3, which YAML reads as text, expected a number, "
            "or a list of such: write 0.001$",
        ),
        ("hyper_parameters: { l2: 1e-7 }", r"l2 is 1e-7, .*: write 1\.0e-07$"),
        ("hyper_parameters: { l2: '0.5' }", 'l2 is "0.5", a text, .*: leave out the quotes$'),
        ("hyper_parameters: { l2: much }", 'l2 is "much", expected a number, or a list of such$'),
        (
            "hyper_parameters: { l2: yes }",
            "l2 is yes, which YAML reads as true, expected a number, or a list of such$",
        ),
        ("hyper_parameters: { l2: }", "l2 is empty, expected a number, or a list of such$"),
        ("epochs: 4.0", "epochs is 4.0, expected a whole number of at least 1, or a list of such$"),
        ("epochs: [1, 0]", r"epochs\[1\] is 0, expected a whole number of at least 1$"),
        ("corpus: 2010", "corpus is 2010, which YAML reads as a number, .*: put it in quotes$"),
        ("corpus: 2010-01-02", "corpus is 2010-01-02, which YAML reads as a date, .*: put it in"),
        (
            "delay_mean: 5",
            "delay_mean is 5, expected seconds as in 5s, mini-batches as in 8x, or n",
        ),
        ("delay_probability: 2", "is 2, expected a number of at least 0 and at most 1$"),
        ("clock: cuckoo", 'clock is "cuckoo", expected simulated or wall$'),
        ("processors: cores, clock: simulated", "expected wall, where 'processors: cores' stands$"),
        ("schedule: []", "schedule is empty, expected a name"),
        ("processor: 4", " has an unknown key 'processor': choose from use, task, corpus, upda"),
    ],
)
def test_a_word_that_yaml_reads_otherwise(tmp_path, cell, said):
    message = refused(tmp_path / "mine.yaml", cell)
    assert message.startswith(f"line 8: {CELL}")
    assert re.search(said, message), message


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("seed: [1]", "line 1: the config has an unknown key 'seed': choose from base, results, r"),
        ("results: no", "line 9: results is no, which YAML reads as false, expected a path: put"),
        ("validation: { task: ner }", "line 9: validation has no 'corpus': add it"),
        ("claims: { No: { cells: [] } }", "line 9: claims has a key that YAML reads as false, not"),
        ("claims: { A: { cells: [] } }", "line 9: claims has a key 'A', expected a name of small"),
        ("corpora: { m: { train: a } }", "expected 'format', or 'corpus'"),
        ("corpora: { 'm/x': { corpus: a } }", "corpora has an unknown key 'm/x': letters, digits"),
    ],
)
def test_keys(tmp_path, more, said):
    assert said in refused(tmp_path / "mine.yaml", more=more)


def test_the_file_is_the_one_that_has_the_word(tmp_path):
    """Of several the last that has it counts; what stands in none comes from the command line."""
    path = tmp_path / "mine.yaml"
    refused(path, "schedule: no")
    other = tmp_path / "other.yaml"
    other.write_text("figures: { ideal: { cells: [] } }\n")
    config = yaml.safe_load(path.read_text())
    with pytest.raises(StalenessError, match=r"mine\.yaml, line 8: .* is no, which"):
        check(config, SCHEMA, [path, other])
    config["seeds"] = "3"
    with pytest.raises(StalenessError, match=r'^config: seeds is "3", expected a list, each a'):
        check({**config, "figures": {"ideal": {"cells": [{}]}}}, SCHEMA, [path, other])


def test_of_several_that_have_the_word_the_last_counts(tmp_path):
    """Of files, and of keys within a file."""
    first, last = tmp_path / "first.yaml", tmp_path / "last.yaml"
    first.write_text("seeds: 3\n")
    last.write_text("seeds: 4\nseeds: 3\n")
    config = yaml.safe_load(TEXT.format(cell="schedule: single", more="")) | {"seeds": 3}
    with pytest.raises(StalenessError, match=r"last\.yaml, line 2: seeds is 3, expected"):
        check(config, SCHEMA, [first, last])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("cell", "targets", "said"),
    [
        (
            "schedule: no",
            (),
            f"mine.yaml, line 8: {CELL}.schedule is no, which YAML reads as false",
        ),
        (
            "schedule: late",
            (),
            "config: figure ner-convergence, {'task': 'ner', 'schedule': 'late'}",
        ),
        (
            "schedule: single",
            ("validation",),
            "config: nothing to validate: add an entry 'validati",
        ),
    ],
)
def test_the_workflow_ends_with_that_line(tmp_path, cell, targets, said):
    path = tmp_path / "mine.yaml"
    path.write_text(TEXT.format(cell=cell, more=""))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "snakemake", *targets, "--cores", "1", "--dry-run"),
            *("--snakefile", str(REPOSITORY / "Snakefile"), "--configfile", str(path)),
        ],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    (line,) = [line for line in done.stderr.splitlines() if "profile" not in line]
    assert said in line


def explained(schema):
    """Yield the keys of a schema that it says something of, and check that it is all of them."""
    for key, inner in schema.get("properties", {}).items():
        said = inner.get("description") or inner.get("$ref") == "#/$defs/delays"
        assert said, f"schema.yaml says nothing of {key}"
        yield key
    for word, inner in schema.items():
        if isinstance(inner, dict) and word not in {"if", "then"}:
            yield from explained(inner)


def test_every_key_is_explained_to_people_and_in_the_schema():
    text = (SCHEMA.parent / "README.md").read_text()
    named = set(re.findall(r"`([a-z_]+)`", text))
    keys = set(explained(yaml.safe_load(SCHEMA.read_text())))
    assert keys <= named
