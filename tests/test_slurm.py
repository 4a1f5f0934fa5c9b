"""The SLURM of one node that `python -m tests.slurm` tries the workflow on."""

import re
import socket
import subprocess
import tempfile
from pathlib import Path

import pytest

from .slurm.cluster import cluster, missing

pytestmark = pytest.mark.skipif(
    bool(missing()), reason=f"not installed: {', '.join(missing())} (slurm-wlm, munge)"
)


@pytest.mark.slow
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
