"""The smoke workflow, made smaller, and what it has to leave every time."""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path, PurePosixPath

import yaml

from staleness.workflow.corpora import registry
from staleness.workflow.planning.configured import layered
from staleness.workflow.planning.presets import expand

REPOSITORY = Path(__file__).parents[2]
CORPUS = "conll2003-en"
FEW = {"corpus": CORPUS, "examples": 100}
# Every stage, every task and MapReduce are among them.
FIGURES = ("ner-convergence", "tagging-convergence", "mapreduce")
CLAIMS = ("schedules", "mapreduce")
KEPT = ("runs/**/*.parquet", "figures/*.*", "claims.json", "encoded/**/*.*", "corpora/**/*.txt")


def smoke(mirror):
    """Return the smoke config without what is timed, one seed, with less of its corpus.

    Parameters
    ----------
    mirror : path-like
        Where the corpus is, as `mirror_of` leaves it.
    """
    whole = layered(REPOSITORY / "config" / "smoke.yaml", REPOSITORY)
    return {
        "seeds": [0],
        "mirror": str(mirror),
        "corpora": {"few": FEW},
        **{
            kind: {name: {"cells": list(_simulated(whole, kind, name))} for name in names}
            for kind, names in (("figures", FIGURES), ("claims", CLAIMS))
        },
    }


def _simulated(config, kind, name):
    """Yield the cells of an experiment but those on the wall clock: these differ every time."""
    for cell in config[kind][name]["cells"]:
        for settings in expand(cell, config["presets"]):
            if settings["clock"] == "simulated":
                yield settings | ({"corpus": "few"} if settings["corpus"] == CORPUS else {})


def mirror_of(folder):
    """Fetch the corpus once, and lay it out as a mirror in a folder."""
    fetch = ["fetch", CORPUS, "--data", str(folder)]
    subprocess.run([sys.executable, "-m", "staleness.workflow", *fetch], check=True)
    mirror = folder / "mirror" / CORPUS
    mirror.mkdir(parents=True)
    for split, member in registry.entry(CORPUS).members.items():
        text = folder / "corpora" / CORPUS / f"{split}.txt"
        shutil.copy(text, mirror / PurePosixPath(member.path).name)
    return mirror.parent


def command(folder, config, *more):
    """Write a config into a folder and return the command that runs the workflow there."""
    path = folder / "config.yaml"
    path.write_text(yaml.safe_dump(config))
    return [
        *(sys.executable, "-m", "snakemake", *more, "--cores", "2", "--configfile", str(path)),
        *("--snakefile", str(REPOSITORY / "Snakefile"), "--directory", str(folder)),
    ]


def run(arguments, **more):
    """Return the exit status of a command and all that it said."""
    done = subprocess.run(
        arguments, check=False, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **more
    )
    return done.returncode, done.stdout


def finish(folder, config):
    """Run the workflow undisturbed in a folder; return the folder, the config and the seconds."""
    folder.mkdir(exist_ok=True)
    began = time.monotonic()
    status, said = run(command(folder, config))
    if status:
        raise RuntimeError(said)
    return folder, config, time.monotonic() - began


def contents(folder):
    """Return what must be the same every time, by file: all but times and the machine's state."""
    results = folder / "results"
    found = {
        path.relative_to(results): path.read_bytes() for kind in KEPT for path in results.glob(kind)
    }
    for path in results.glob("runs/**/run.json"):
        about = json.loads(path.read_text())
        found[path.relative_to(results)] = about["theta_sha256"], about["curve_sha256"]
    return found
