"""The SLURM of one node that `python -m tests.slurm` tries the workflow on."""

import re
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest
import yaml

from .algorithms.synthetic import save_corpus
from .slurm import __main__ as command
from .slurm import workers
from .slurm.cluster import cluster, missing

installed = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())} (slurm-wlm, munge)"
)


@pytest.mark.slow
@installed
def test_it_runs_a_job_and_ends():
    with tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder:
        with cluster(folder) as environment:
            done = subprocess.run(
                ["srun", "hostname"],
                check=False,
                capture_output=True,
                text=True,
                timeout=60,
                env=environment,
            )
            assert (done.stdout.strip(), done.stderr) == (socket.gethostname(), "")
            (port,) = re.findall(r"SlurmctldPort=(\d+)", (Path(folder) / "slurm.conf").read_text())
            socket.create_connection(("127.0.0.1", port)).close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port))


@pytest.mark.slow
@installed
@pytest.mark.parametrize(("asked", "status"), [("true", 0), ("false", 1)])
def test_the_command_ends_as_what_it_runs(asked, status):
    assert command.main([asked]) == status


def test_it_is_skipped_where_slurm_is_not_installed(monkeypatch, capsys):
    monkeypatch.setattr(command, "missing", lambda: ["munged", "slurmd"])
    assert command.main([]) == 0
    assert capsys.readouterr().out.startswith("slurm: skipped: no munged, slurmd here")


@pytest.mark.parametrize(
    ("task", "expected"),
    [
        ("ner", "a corpus for ner, not for alignment"),
        ("alignment", "dask-jobqueue is not installed"),
    ],
)
def test_workers_that_cannot_be_tried_are_a_line(tmp_path, monkeypatch, capsys, task, expected):
    monkeypatch.setattr(workers.importlib.util, "find_spec", lambda name: None)
    assert workers.main([str(save_corpus(tmp_path / "corpus", task))]) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert expected in line


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [([], "expected one argument"), (["/not/there"], "/not/there: not an encoded corpus")],
)
def test_workers_need_a_corpus(capsys, arguments, expected):
    assert workers.main(arguments) == 1
    (line,) = capsys.readouterr().out.splitlines()
    assert line.startswith(f"workers: {expected}")


def test_the_profile_asks_what_needs_no_accounting():
    profile = yaml.safe_load(Path("profiles/slurm/config.yaml").read_text())
    assert profile["slurm-status-command"] == "squeue"
