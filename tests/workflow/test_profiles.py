"""The profiles that the workflow comes with."""

import importlib.util
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from snakemake.cli import get_argument_parser

REPOSITORY = Path(__file__).parents[2]
PROFILES = sorted(path.parent.name for path in REPOSITORY.glob("profiles/*/config.yaml"))
PLUGIN = "snakemake_executor_plugin_slurm"
TIMED = "mine.sgd.asynchronous.P3.m4.e1x4.wall"
SIMULATED = "mine.sgd.single.P1.m4.e1x4.simulated-paper"

with_plugin = pytest.mark.skipif(
    importlib.util.find_spec(PLUGIN) is None, reason=f"no {PLUGIN}: make slurm"
)


def profile(name):
    return yaml.safe_load((REPOSITORY / "profiles" / name / "config.yaml").read_text())


@pytest.mark.parametrize("name", PROFILES)
def test_snakemake_knows_every_key(name):
    options = {o for action in get_argument_parser()._actions for o in action.option_strings}
    # Those of the plugin are known only where it is.
    keys = {f"--{key}" for key in profile(name) if not key.startswith("slurm-")}
    assert keys
    assert keys <= options


def test_resources_are_for_rules_that_there_are():
    text = "".join(path.read_text() for path in REPOSITORY.glob("workflow/rules/*.smk"))
    rules = set(re.findall(r"^rule (\w+):", text, re.MULTILINE))
    assert set(profile("slurm")["set-resources"]) <= rules


@pytest.fixture
def dry_run(tmp_path, own_corpus):
    """Return a function that does a dry run by a profile, and what is asked for each cell's run."""
    common = {"task": "ner", "corpus": "mine", "epochs": 1}
    config = {
        "seeds": [0],
        "corpora": {"mine": {"format": "conll", **{k: str(p) for k, p in own_corpus.items()}}},
        "figures": {
            "ner-convergence": {
                "common": common,
                "cells": [
                    {"schedule": "single", "cost": "paper"},
                    {"schedule": "asynchronous", "clock": "wall", "processors": "cores"},
                ],
            }
        },
    }
    (tmp_path / "config.yaml").write_text(yaml.safe_dump(config))

    def run(folder):
        done = subprocess.run(
            [
                *(sys.executable, "-m", "snakemake", "--profile", str(folder), "--dry-run"),
                *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(tmp_path)),
                *("--configfile", str(tmp_path / "config.yaml"), "--config", "cores=3"),
            ],
            check=False,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        jobs = re.findall(r"^rule run:\n((?: +\S.*\n)+)", done.stdout, re.MULTILINE)
        found = {}
        for job in jobs:
            facts = dict(re.findall(r"^ +(\w+): (.*)$", job, re.MULTILINE))
            resources = dict(re.findall(r"(\w+)=([^,\s]*)", facts["resources"]))
            cell, _ = re.search("cell=([^,]+)-([0-9a-f]+)", facts["wildcards"]).groups()
            found[cell] = int(facts.get("threads", 1)), resources
        return found

    return run


def check(found, cores):
    """Check that what is timed has a node to itself, and that what is not is small."""
    assert set(found) == {TIMED, SIMULATED}
    threads, resources = found[SIMULATED]
    assert (threads, resources["slurm_extra"]) == (1, "")
    timed, alone = found[TIMED]
    assert (timed, alone["slurm_extra"]) == (cores, "--exclusive")
    assert 0 < int(resources["mem_mb"]) < int(alone["mem_mb"])
    assert int(resources["runtime"]) == int(alone["runtime"]) > 0


@pytest.mark.slow
def test_what_is_timed_has_a_node_to_itself(dry_run, tmp_path):
    mine = profile("slurm")
    kept = {key: mine[key] for key in mine if key != "executor" and not key.startswith("slurm-")}
    (tmp_path / "profile").mkdir()
    (tmp_path / "profile" / "config.yaml").write_text(yaml.safe_dump(kept))
    check(dry_run(tmp_path / "profile"), mine["cores"])


@pytest.mark.slow
@with_plugin
def test_the_same_with_the_plugin(dry_run):
    check(dry_run(REPOSITORY / "profiles" / "slurm"), profile("slurm")["cores"])
