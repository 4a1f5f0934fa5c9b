"""SLURM on this machine alone: one node, three daemons in the foreground, all files in one folder.

Nothing needs root or systemd, and everything listens on the loopback interface only.
"""

import contextlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from pathlib import Path

COMMANDS = ("munged", "slurmctld", "slurmd", "sinfo", "sbatch", "srun", "squeue", "scancel")
SBIN = ("/usr/sbin", "/sbin")  # where daemons are, not always on a user's path
PATIENCE = 30
CONFIGURATION = """\
ClusterName=staleness
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/affinity
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
MpiDefault=none
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES MaxTime=INFINITE State=UP
"""


class NotStarted(Exception):
    """A daemon has ended, or the node takes no jobs."""


def missing():
    """Return which commands of SLURM are not installed."""
    return [command for command in COMMANDS if not shutil.which(command, path=_path())]


@contextlib.contextmanager
def cluster(folder):
    """Run SLURM for as long as the block.

    Parameters
    ----------
    folder : path-like
        An empty one, for configuration, logs and sockets; its path may have 80 characters at most.

    Yields
    ------
    dict of str to str
        The environment in which SLURM's commands find it.

    Raises
    ------
    NotStarted
        If a daemon ends, or the node is not idle in time; with the end of the logs.
    """
    folder = Path(folder)
    for name in ("state", "spool"):
        (folder / name).mkdir()
    key = folder / "munge.key"
    key.write_bytes(secrets.token_bytes(128))
    key.chmod(0o600)
    (folder / "slurm.conf").write_text(configuration(folder))
    path = f"{wrapped_srun(folder)}{os.pathsep}{_path()}"
    environment = {**os.environ, "PATH": path, "SLURM_CONF": str(folder / "slurm.conf")}
    with contextlib.ExitStack() as stack:
        # It wants a socket that all users reach, and this folder is for one of them: --force.
        munged = "munged", "--foreground", "--force", *_munge(folder)
        daemons = [
            stack.enter_context(daemon(folder, environment, *arguments))
            for arguments in (munged, ("slurmctld", "-D"), ("slurmd", "-D"))
        ]
        wait_until_idle(folder, environment, daemons)
        yield environment


def configuration(folder):
    """Return slurm.conf for this machine."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        controller, node = (one.getsockname()[1] for one in sockets)
    return CONFIGURATION.format(
        host=socket.gethostname(),
        user=pwd.getpwuid(os.getuid()).pw_name,
        folder=folder,
        controller=controller,
        node=node,
        cpus=os.cpu_count(),
        memory=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20 * 9 // 10,
    )


def wrapped_srun(folder):
    """Return a folder with an `srun` that knows where slurm.conf is.

    Snakemake's plugin takes all of SLURM's variables from a job's own steps.
    """
    srun = folder / "bin" / "srun"
    srun.parent.mkdir()
    real = shutil.which("srun", path=_path())
    srun.write_text(f'#!/bin/sh\nSLURM_CONF={folder}/slurm.conf exec {real} "$@"\n')
    srun.chmod(0o700)
    return srun.parent


@contextlib.contextmanager
def daemon(folder, environment, name, *arguments):
    """Run a daemon in the foreground, its log in the folder."""
    with (
        (folder / f"{name}.log").open("w") as log,
        subprocess.Popen(
            [shutil.which(name, path=_path()), *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
        ) as process,
    ):
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_until_idle(folder, environment, daemons):
    """Wait until the node takes jobs."""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until and all(daemon.poll() is None for daemon in daemons):
        said = subprocess.run(
            ["sinfo", "--noheader", "--format=%t"],
            check=False,
            capture_output=True,
            text=True,
            env=environment,
        )
        if said.stdout.strip() == "idle":
            return
        time.sleep(0.2)
    logs = "\n".join(
        f"{path.name}: {''.join(path.read_text().splitlines(keepends=True)[-5:])}"
        for path in sorted(folder.glob("*.log"))
    )
    raise NotStarted(f"it does not start:\n{logs}")


def _munge(folder):
    options = {"socket": "socket", "key-file": "key", "pid-file": "pid", "seed-file": "seed"}
    return [f"--{option}={folder}/munge.{suffix}" for option, suffix in options.items()]


def _path():
    return os.pathsep.join([os.environ.get("PATH", os.defpath), *SBIN])
