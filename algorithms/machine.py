"""What machine this is, and what runs on it: goes into every run.json."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from staleness.algorithms.build import source_digest


def machine():
    """Return facts about the machine.

    Returns
    -------
    dict
        processor, architecture, cores (that this process may use), system, load (average over the
        last minute, None where the system does not say) and governor (None likewise).
    """
    return {
        "processor": _processor(),
        "architecture": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "system": f"{platform.system()} {platform.release()}",
        "load": _load(),
        "governor": _read("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor"),
        "threads_allowed": os.environ.get("OMP_NUM_THREADS"),
    }


def versions():
    """Return the versions of what a run's numbers depend on, a dict of str to str."""
    return {
        "staleness": version("staleness"),
        "sources": source_digest(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "pyarrow": version("pyarrow"),
    }


def _processor():
    for line in (_read("/proc/cpuinfo") or "").splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()


def _load():
    try:
        return round(os.getloadavg()[0], 2)
    except OSError:
        return None


def _read(path):
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except OSError:
        return None
