"""The smoke workflow through a SLURM of one node: `python -m tests.slurm [COMMAND ...]`.

With a command, that one, in an environment where it finds SLURM. Ends with 0 where SLURM is not
installed: there is nothing to try it on.
"""

import os
import signal
import subprocess
import sys
import tempfile
import time

from .cluster import NotStarted, cluster, missing


def main(command):
    """Start SLURM, run a command, end SLURM; return the exit code."""
    lacking = missing()
    if lacking:
        print(f"slurm: skipped: no {', '.join(lacking)} here: apt-get install slurm-wlm munge")
        return 0
    began = time.perf_counter()
    try:
        # /tmp whatever TMPDIR says: the path of a socket may have 107 characters.
        with (
            tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp") as folder,
            cluster(folder) as environment,
        ):
            status = subprocess.run(command or smoke(), check=False, env=environment).returncode
    except (NotStarted, FileNotFoundError) as error:
        print(f"slurm: {error}")
        return 1
    taken = f"{time.perf_counter() - began:.0f} s"
    print(f"slurm: failed with {status}, {taken}" if status else f"slurm: passed, {taken}")
    return status


def smoke():
    """Return the command that runs the smoke workflow on as many cores as this machine has."""
    cores = os.cpu_count()
    return [
        *(sys.executable, "-m", "snakemake", "--profile", "profiles/slurm"),
        *("--configfile", "config/smoke.yaml", "--cores", str(cores), "--config", f"cores={cores}"),
    ]


if __name__ == "__main__":
    # Whoever ends this ends SLURM as well.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    sys.exit(main(sys.argv[1:]))
