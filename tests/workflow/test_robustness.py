"""What becomes of results when things go wrong: killed, changed, a full disk, no corpus."""

import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from .conftest import sentences

REPOSITORY = Path(__file__).parents[2]
KILLS = 10

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


def command(folder, config, *more):
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


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """Return a folder where the workflow has ended undisturbed, its config, and its seconds."""
    folder = tmp_path_factory.mktemp("finished")
    config = configuration(folder)
    began = time.monotonic()
    status, said = run(command(folder, config))
    assert status == 0, said
    return folder, config, time.monotonic() - began


def contents(folder):
    """Return what must be the same every time, by file: all but times and the machine's state."""
    results = folder / "results"
    found = {
        path.relative_to(results): path.read_bytes()
        for kind in ("runs/**/*.parquet", "figures/*.*", "claims.json", "encoded/**/*.*")
        for path in results.glob(kind)
    }
    for path in results.glob("runs/**/run.json"):
        about = json.loads(path.read_text())
        found[path.relative_to(results)] = about["theta_sha256"], about["curve_sha256"]
    return found


# ---- killed -------------------------------------------------------------------------------------


def killed_after(seconds, arguments):
    """Start a command in a session of its own and kill all of it, unless it has ended by then."""
    with subprocess.Popen(
        arguments,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
    return process.returncode


def test_killed_at_any_moment_it_ends_the_same(finished, tmp_path):
    undisturbed, config, seconds = finished
    again = command(tmp_path, config)
    began = time.monotonic()
    run([*again, "--dry-run"])
    start = time.monotonic() - began

    # A little further each time: the moments lie all over the work, not only at its beginning.
    moments, kills = random.Random(7), 0
    while kills < KILLS:
        status = killed_after(start + moments.uniform(0, (seconds - start) / 4), again)
        assert status in {0, -signal.SIGKILL}, "the same command must get through"
        if status:
            kills += 1
        else:
            shutil.rmtree(tmp_path / "results")
    status, said = run(again)
    assert status == 0, said
    expected = contents(undisturbed)
    assert len(expected) > 20
    assert contents(tmp_path) == expected
    assert list((tmp_path / "results").rglob(".*")) == []


LOCK = """
import sys
from staleness.workflow.locks import forget_stale
print(forget_stale(sys.argv[1]), flush=True)
sys.stdin.read()
"""


def test_a_lock_goes_with_the_last_that_may_have_made_it(tmp_path):
    lock = tmp_path / "locks" / "0.output.lock"
    lock.parent.mkdir()
    lock.write_text("results/report.pdf\n")
    arguments = [sys.executable, "-c", LOCK, str(tmp_path)]
    piped = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(arguments, **piped) as first:
        assert first.stdout.readline() == b"True\n"
        assert not lock.exists()
        lock.write_text("results/report.pdf\n")
        with subprocess.Popen(arguments, **piped) as second:
            assert second.stdout.readline() == b"False\n"
            first.kill()
            assert run(arguments, stdin=subprocess.DEVNULL) == (0, "False\n")
            assert lock.exists()
            second.kill()
    assert run(arguments, stdin=subprocess.DEVNULL) == (0, "True\n")
    assert not lock.exists()


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

# With a name space of its own even an ordinary user may mount; what is in it is listed before it
# goes. Where that is not allowed, no file may become larger than 1 kB: other words, the same place.
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
NAMESPACE = ["unshare", "--map-root-user", "--mount"]


@pytest.fixture(scope="module")
def short_of_room():
    """Return the command that lets another write next to nothing, and what that then says."""
    try:
        allowed = subprocess.run(
            [*NAMESPACE, "mount", "-t", "tmpfs", "none", "/mnt"], check=False, capture_output=True
        )
        if allowed.returncode == 0:
            return [*NAMESPACE, "sh", "-c", ON_FULL_DISK, "sh"], "No space left on device"
    except FileNotFoundError:
        pass
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
