"""The workflow from a corpus to the report, run as a user would."""

import base64
import json
import os
import re
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]

pytestmark = pytest.mark.slow


@pytest.fixture
def folder(tmp_path, own_corpus):
    """Return a folder with a config of toy size for a corpus of one's own."""
    common = {"task": "ner", "corpus": "mine", "epochs": 2, "clock": "simulated", "cost": "paper"}
    config = {
        "seeds": [0, 1],
        "corpora": {"mine": {"format": "conll", **{k: str(p) for k, p in own_corpus.items()}}},
        "figures": {
            "ner-convergence": {
                "common": common,
                "cells": [
                    {"schedule": "single"},
                    {"schedule": ["synchronous", "asynchronous"], "processors": 4},
                ],
            }
        },
    }
    config["claims"] = {"schedules": dict(config["figures"]["ner-convergence"])}
    write(tmp_path, config)
    return tmp_path


def write(folder, config):
    (folder / "config.yaml").write_text(yaml.safe_dump(config))


def read(folder):
    return yaml.safe_load((folder / "config.yaml").read_text())


def command(folder, *more):
    return [
        *(sys.executable, "-m", "snakemake", "--cores", "2"),
        *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(folder)),
        *("--configfile", str(folder / "config.yaml"), *more),
    ]


def snakemake(folder, *more):
    done = subprocess.run(
        command(folder, *more),
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return done.returncode, done.stdout


def contents(folder):
    """Return what must be the same every time: the curves and traces."""
    return {
        path.relative_to(folder): path.read_bytes()
        for path in sorted((folder / "results" / "runs").rglob("*.parquet"))
    }


def test_from_corpus_to_report_and_again(folder):
    status, said = snakemake(folder)
    assert status == 0, said
    assert "profiles/default" in said  # found without being named
    assert (folder / "results" / "report.pdf").read_bytes().startswith(b"%PDF")
    (claim,) = json.loads((folder / "results" / "claims.json").read_text())["claims"]
    assert (claim["name"], len(claim["parts"]), len(claim["curves"])) == ("schedules", 2, 6)
    first = contents(folder)
    assert len(first) == 12  # 3 cells, 2 seeds, curve and trace
    assert "[6/6 runs" in said
    assert "synchronous P4 m4 e2x4 simulated-paper, seed 1: " in said

    status, said = snakemake(folder, "--report", "report.html")
    assert status == 0, said
    page = (folder / "report.html").read_text()
    assert page.count("Named-entity recognition: convergence") == 2  # its label and its caption
    assert "mini-batch takes 0.62 s" in page
    for name in ("config.yaml", "results/figures/ner-convergence.svg"):
        assert base64.b64encode((folder / name).read_bytes()).decode() in page
    assert 'src="http' not in page  # nothing is loaded from the web

    status, said = snakemake(folder, "--dry-run")
    assert status == 0
    assert "Nothing to be done" in said

    # One more seed: its runs, the figure and the report, and nothing else.
    config = read(folder)
    config["seeds"].append(2)
    write(folder, config)
    status, said = snakemake(folder, "--dry-run", "--quiet", "reason")
    assert status == 0
    jobs = dict(line.split()[:2] for line in said.splitlines() if len(line.split()) == 2)
    assert {"run": "3", "figure": "1", "claims": "1", "report": "1"}.items() <= jobs.items(), said
    assert "encode" not in jobs
    assert "kernels" not in jobs


def test_a_figure_is_a_target_by_its_name(folder):
    status, said = snakemake(folder, "--dry-run", "--", "ner-convergence")
    assert status == 0, said
    jobs = dict(re.findall(r"^([a-z-]+) +(\d+)$", said, re.MULTILINE))
    assert jobs["figure"] == "1"
    assert not {"claims", "report", "all"} & set(jobs)


def test_a_broken_corpus_stops_it_with_the_cause(folder, own_corpus):
    own_corpus["train"].write_text("EU B-ORG\nrejects\n")
    status, said = snakemake(folder)
    assert status != 0
    assert "train.txt:2: " in said
    assert not (folder / "results" / "encoded" / "mine").exists() or not list(
        (folder / "results" / "encoded" / "mine").iterdir()
    )


def writable(pipe, process):
    """Return the descriptor of a pipe once a process reads it."""
    while process.poll() is None:
        with suppress(OSError):
            return os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        time.sleep(0.05)
    raise AssertionError(process.communicate()[0])


def test_ctrl_c_while_the_snakefile_is_read_is_no_traceback(folder):
    """What says who has locked the folder is a pipe here, so that reading it takes long enough."""
    pipe = folder / ".snakemake" / "here" / "other.json"
    pipe.parent.mkdir(parents=True)
    os.mkfifo(pipe)
    lock = folder / ".snakemake" / "locks" / "0.input.lock"
    lock.parent.mkdir()
    lock.touch()
    with subprocess.Popen(
        command(folder, "--dry-run"), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        is_read = writable(pipe, process)
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=60)
    os.close(is_read)
    assert process.returncode == -signal.SIGINT
    assert "Traceback" not in said


def test_a_misspelt_key_is_refused(folder):
    write(folder, {**read(folder), "sedes": [1]})
    status, said = snakemake(folder, "--dry-run")
    assert status != 0
    assert "sedes" in said
