"""MapReduce on workers that SLURM starts.

`python -m tests.slurm python -m tests.slurm.workers DIR`, with DIR an encoded corpus for alignment.
dask-jobqueue is no dependency of the project: install it first. Between the processes is TLS, as
docs/mapreduce.md has it. Ends with 1 unless batch EM ends there where it ends on one processor.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

WORKERS = 2
RELATIVE = 1e-6


def main(encoded):
    """Print what both leave; return the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        # Before Dask is imported, which reads it: as ~/.config/dask would be.
        os.environ["DASK_CONFIG"] = str(security(Path(folder)))
        from dask_jobqueue import SLURMCluster

        with SLURMCluster(
            cores=1,
            processes=1,
            memory="4GB",
            walltime="00:30:00",
            protocol="tls://",
            interface="lo",
            log_directory=folder,
        ) as cluster:
            cluster.scale(WORKERS)
            cluster.wait_for_workers(WORKERS, timeout=60)
            here = learn(encoded, "single-batch")
            there = learn(encoded, "mapreduce-batch", "--engine", cluster.scheduler_address)
    print(f"single-batch: {here['metrics']}")
    print(f"mapreduce-batch: {there['metrics']}, {there['engine']}")
    expected, found = (run["metrics"]["log_likelihood"] for run in (here, there))
    return int(abs(found / expected - 1) > RELATIVE or there["engine"]["workers"] != WORKERS)


def security(folder):
    """Return a file of Dask's configuration with a certificate of one's own for everybody."""
    own = {"cert": str(folder / "own.pem"), "key": str(folder / "own-key.pem")}
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"),
            *("-days", "1", "-keyout", own["key"], "-out", own["cert"]),
        ],
        check=True,
        capture_output=True,
    )
    tls = {"ca-file": own["cert"], "scheduler": own, "worker": own, "client": own}
    config = folder / "security.yaml"
    comm = {"require-encryption": True, "tls": tls}
    config.write_text(json.dumps({"distributed": {"comm": comm}}))  # which is YAML, too
    return config


def learn(encoded, schedule, *options):
    """Return what three iterations of batch EM leave."""
    done = subprocess.run(
        [
            *(sys.executable, "-m", "staleness.workflow", "run", "alignment", "--update", "em"),
            *("--schedule", schedule, "--clock", "wall", "--epochs", "3", "--evaluations", "1"),
            *("--encoded", encoded, "--json", *options),
        ],
        check=True,
        stdout=subprocess.PIPE,
    )
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
