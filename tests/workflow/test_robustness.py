"""What becomes of results when things go wrong: killed, changed, a full disk, no corpus."""

import json
import os
import re
import sys

import pytest

from ..campaign.disk import NAMESPACE, may_mount
from ..campaign.kills import Kills
from ..campaign.trial import WELL, carry_out
from ..campaign.workflow import command, contents, finish, run
from .conftest import sentences

CHAINS = 1

pytestmark = pytest.mark.slow


def configuration(folder):
    """Return a config of toy size, its corpus in a folder."""
    paths = {split: folder / f"{split}.txt" for split in ("train", "dev")}
    for seed, path in enumerate(paths.values()):
        path.write_text(sentences(seed, 60), encoding="utf-8")
    ner = {"task": "ner", "corpus": "mine", "epochs": 2, "clock": "simulated", "cost": "paper"}
    single = {**ner, "schedule": "single"}
    four = {**ner, "processors": 4}
    return {
        "seeds": [0],
        "corpora": {"mine": {"format": "conll", **{k: str(p) for k, p in paths.items()}}},
        "figures": {
            "ner-convergence": {"cells": [single, {**four, "schedule": "asynchronous"}]},
        },
        "claims": {
            "schedules": {"cells": [single, {**four, "schedule": ["synchronous", "asynchronous"]}]},
        },
    }


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder where the workflow has ended undisturbed, its config, and its seconds."""
    folder = tmp_path_factory.mktemp("finished")
    return finish(folder, configuration(folder))


# ---- killed -------------------------------------------------------------------------------------


def test_killed_at_any_moment_it_ends_the_same(finished):
    """More often, and the smoke workflow: `python -m tests.campaign kills`."""
    assert len(contents(finished[0])) > 20
    said = []
    ends = carry_out(Kills(finished), range(CHAINS), seed=0, tell=said.append)
    assert ends == {WELL: CHAINS}, "\n".join(said)


# ---- changed ------------------------------------------------------------------------------------


def jobs(folder, config, *more):
    """Return how many jobs of each rule a dry run lists."""
    status, said = run(command(folder, config, *more, "--dry-run"))
    assert status == 0, said
    if "Nothing to be done" in said:
        return {}
    table = said.partition("Job stats:\n")[2].partition("\n\n")[0].splitlines()[2:]
    return {
        rule: int(count) for rule, count in map(str.split, table) if rule not in {"all", "total"}
    }


def changed(config, path, value):
    """Return a config with the value at a path of keys changed."""
    copy = json.loads(json.dumps(config))
    *way, last = path
    place = copy
    for key in way:
        place = place[key]
    place[last] = value
    return copy


PRINTED = {"configuration": 1, "report": 1}  # the report has the configuration in it
SHOWN = {"figure": 1, **PRINTED}
JUDGED = {"claims": 1, **PRINTED}
FIGURE = ("figures", "ner-convergence", "cells")
CLAIM = ("claims", "schedules", "cells")


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        pytest.param((*FIGURE, 1, "mini_batch_size"), 8, {"run": 1, **SHOWN}, id="figure"),
        pytest.param((*CLAIM, 0, "epochs"), 3, {"run": 1, **JUDGED}, id="claim"),
        pytest.param(
            ("corpora", "mine", "min_count"),
            2,
            {"encode": 1, "run": 3, **SHOWN, **JUDGED},
            id="corpus",
        ),
        pytest.param(("reference",), "results/other.json", PRINTED, id="reference"),
    ],
)
def test_a_change_runs_what_depends_on_it_and_nothing_else(finished, path, value, expected):
    folder, config, _ = finished
    assert jobs(folder, changed(config, path, value)) == expected


def test_a_finished_workflow_has_nothing_to_do_and_is_its_own_reference(finished):
    folder, config, _ = finished
    for target in ("reference", "verify"):
        status, said = run(command(folder, config, target))
        assert status == 0, said
    assert "3 of 3 identical" in said
    assert jobs(folder, config) == {}


# ---- a full disk --------------------------------------------------------------------------------

ON_FULL_DISK = """
mount -t tmpfs -o size=4k none "$1" || exit 99
cd "$1"; shift
status=0; "$@" || status=$?
find . ! -name . -type f
exit $status
"""
WITHOUT_ROOM = """
cd "$1"; shift
ulimit -f 2
status=0; "$@" || status=$?
find . ! -name . -type f
exit $status
"""


@pytest.fixture(scope="module")
def short_of_room():
    """Return the command that lets another write next to nothing, and what that then says."""
    if may_mount():
        return [*NAMESPACE, "sh", "-c", ON_FULL_DISK, "sh"], "No space left on device"
    return ["sh", "-c", WITHOUT_ROOM, "sh"], "File too large"


def writers(finished):
    """Return the commands that write, by name, as on the finished workflow."""
    folder, config, _ = finished
    results = folder / "results"
    runs = sorted(map(str, results.glob("runs/*/*/seed-0")))
    corpus = config["corpora"]["mine"]
    figure = str(results / "figures" / "ner-convergence.json")
    return {
        "run": [
            *("run", "ner", "--schedule", "single", "--encoded", str(results / "encoded" / "mine")),
            *("--out", "out"),
        ],
        "encode": [
            *("encode", "--format", "conll", "--name", "mine", "--out", "out"),
            *("--train", corpus["train"], "--dev", corpus["dev"]),
        ],
        "figure": ["figure", "ner-convergence", "--out", "out", *runs],
        "report": ["report", "--out", "report.pdf", "--figures", figure, "--", *runs],
    }


@pytest.mark.parametrize("name", ["run", "encode", "figure", "report"])
def test_a_full_disk_is_named_and_nothing_half_written(finished, short_of_room, tmp_path, name):
    wrapper, cause = short_of_room
    staleness = [sys.executable, "-m", "staleness.workflow", *writers(finished)[name]]
    status, said = run([*wrapper, str(tmp_path), *staleness])
    assert status == 1, said
    assert said.count("\n") == 1, said
    assert said.startswith(f"staleness {name}: "), said
    assert cause in said
    assert re.search(": '.+'$", said), "it says which file"


# ---- no corpus ----------------------------------------------------------------------------------


def test_a_corpus_that_cannot_be_had_stops_it_with_the_cause(tmp_path):
    config = configuration(tmp_path)
    (tmp_path / "mirror").mkdir()
    config["mirror"] = str(tmp_path / "mirror")
    del config["claims"]
    for cell in config["figures"]["ner-convergence"]["cells"]:
        cell["corpus"] = "conll2003-en"
    nowhere = "http://127.0.0.1:9"
    offline = {**os.environ, "PIP_INDEX_URL": nowhere, "PIP_RETRIES": "1", "PIP_FIND_LINKS": ""}
    status, said = run(command(tmp_path, config), env=offline)
    assert status == 1
    assert "staleness fetch: cannot get conll2003-en: mirror" in said
    assert "the package index cannot be reached" in said
    assert "give --mirror MIRROR" in said
    results = tmp_path / "results"
    made = {str(path.relative_to(results)) for path in results.rglob("*") if path.is_file()}
    others = {name for name in made if not name.startswith("logs/")}
    assert others <= {"build.json", "configuration.txt"}
