"""The SLURM of one node that `python -m tests.slurm` tries the workflow on."""

import re
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from .slurm import __main__ as command
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
