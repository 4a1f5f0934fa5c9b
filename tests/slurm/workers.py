"""MapReduce on workers that SLURM starts.

`python -m tests.slurm python -m tests.slurm.workers DIR`, with DIR an encoded corpus for alignment.
dask-jobqueue is no dependency of the project: install it first. Between the processes is TLS, as
docs/mapreduce.md has it. Ends with 1 unless batch EM ends there where it ends on one processor, and
with a line where that cannot be tried.
"""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from staleness.algorithms.arrays import load
from staleness.algorithms.errors import StalenessError

WORKERS = 2
PATIENCE = 60  # seconds for SLURM to start them
RELATIVE = 1e-6


class CannotTry(Exception):
    """What is needed is not there; the message is a line."""


def main(arguments):
    """Print what both leave; return the exit code."""
    try:
        check(arguments)
        return compare(*arguments)
    except CannotTry as error:
        print(f"workers: {error}")
        return 1


def check(arguments):
    """Raise an error unless there is what is needed: a corpus, dask-jobqueue, openssl and SLURM."""
    if len(arguments) != 1:
        raise CannotTry("expected one argument, the folder of an encoded corpus for alignment")
    try:
        task = load(arguments[0]).about["task"]
    except StalenessError as error:
        raise CannotTry(error) from error
    if task != "alignment":
        raise CannotTry(f"{arguments[0]}: a corpus for {task}, not for alignment: take sblgnt-bsb")
    if importlib.util.find_spec("dask_jobqueue") is None:
        raise CannotTry("dask-jobqueue is not installed: .venv/bin/pip install dask-jobqueue")
    for command in ("openssl", "sbatch"):
        if shutil.which(command) is None:
            raise CannotTry(f"no {command} here: run it by python -m tests.slurm")


def compare(folder_of_corpus):
    """Print what batch EM leaves on SLURM's workers and on one processor; return the exit code."""
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
            try:
                cluster.wait_for_workers(WORKERS, timeout=PATIENCE)
            except TimeoutError as error:
                raise CannotTry(f"SLURM started no {WORKERS} workers in {PATIENCE} s") from error
            here = learn(folder_of_corpus, "single-batch")
            there = learn(
                folder_of_corpus, "mapreduce-batch", "--engine", cluster.scheduler_address
            )
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


def learn(corpus, schedule, *options):
    """Return what three iterations of batch EM leave."""
    command = [
        *(sys.executable, "-m", "staleness.workflow", "run", "alignment", "--update", "em"),
        *("--schedule", schedule, "--clock", "wall", "--epochs", "3", "--evaluations", "1"),
        *("--encoded", corpus, "--json", *options),
    ]
    done = subprocess.run(command, check=False, stdout=subprocess.PIPE)
    if done.returncode:
        raise CannotTry(f"schedule '{schedule}' ended with {done.returncode}")
    return json.loads(done.stdout)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
