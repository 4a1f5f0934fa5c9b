"""What machine this is, and what runs on it: goes into every run.json.

Reads files and asks the system, measures nothing and changes nothing. What a file does not say is
None. `staleness.workflow.machine.doctor` judges what stands here.
"""

import os
import platform
import re
from dataclasses import asdict
from importlib.metadata import version
from pathlib import Path, PurePosixPath

from staleness.algorithms.build import source_digest
from staleness.algorithms.cpus import allowed_cpus
from staleness.kernels import arithmetic
from staleness.kernels.core.memory import VECTOR_BITS

CPU = "sys/devices/system/cpu"
CLOCK_SOURCE = "sys/devices/system/clocksource/clocksource0"
HUGE_PAGES = "sys/kernel/mm/transparent_hugepage/enabled"
# The switches of turbo: a file, and what it holds while turbo is off.
TURBO = {f"{CPU}/intel_pstate/no_turbo": "1", f"{CPU}/cpufreq/boost": "0"}
# Limit, use, and what of the use is cached files, in versions 2 and 1 of cgroups.
MEMORY_LIMITS = (
    ("memory.max", "memory.current", "inactive_file"),
    ("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file"),
)
# How a virtual machine calls itself where its processor does not tell.
HYPERVISORS = (
    "qemu",
    "kvm",
    "vmware",
    "virtualbox",
    "xen",
    "bochs",
    "virtual machine",
    "openstack",
)


def machine(root="/"):
    """Return facts about the machine, in a few milliseconds.

    Parameters
    ----------
    root : path-like
        The folder that holds `proc` and `sys`. The cores, the architecture and the system are
        asked of the running system all the same.

    Returns
    -------
    dict
        What JSON can hold; None is "not said".

        - processor, architecture, system: str
        - vector_bits: int, of the registers that the kernels use
        - cores: int, that this process may use
        - physical_cores: int, that these are on
        - smt: bool, whether any of them shares its physical core with another, which this process
          may use or not
        - cpu_quota: float, the cores' worth of time that cgroups allow, None also if unlimited
        - governor: str, of the frequency; several with commas between
        - turbo: bool
        - load: float, processes running, average over the last minute
        - memory_bytes, memory_available_bytes: int, within the limits of cgroups
        - virtual_machine: bool
        - huge_pages: str, "always", "madvise" or "never"
        - clock_source: str
        - threads_allowed: str, OMP_NUM_THREADS
    """
    root = Path(root)
    cpus = allowed_cpus()
    siblings = core_siblings(root, cpus)
    first_cpu = _first_cpu(root)
    memory, available = _memory(root)
    return {
        "processor": first_cpu.get("model name") or platform.processor() or platform.machine(),
        "architecture": platform.machine(),
        "vector_bits": VECTOR_BITS,
        "cores": len(cpus),
        "physical_cores": siblings and len(siblings),
        "smt": siblings and any(len(core) > 1 for core in siblings),
        "cpu_quota": _cpu_quota(root),
        "system": f"{platform.system()} {platform.release()}",
        "load": _load(root),
        "governor": _governor(root, cpus),
        "turbo": turbo(root)[0],
        "memory_bytes": memory,
        "memory_available_bytes": available,
        "virtual_machine": _virtual_machine(root, first_cpu),
        "huge_pages": _huge_pages(root),
        "clock_source": read_text(root / CLOCK_SOURCE / "current_clocksource") or None,
        "threads_allowed": os.environ.get("OMP_NUM_THREADS"),
    }


def surroundings(findings=()):
    """Return what a run's run.json says of where it ran: `machine`, `doctor` and `versions`.

    Parameters
    ----------
    findings : iterable of staleness.workflow.store.findings.Finding, optional
        About the machine, before the run.
    """
    return {
        "machine": machine(),
        "doctor": [asdict(finding) for finding in findings],
        "versions": versions(),
    }


def versions():
    """Return the versions of what a run's numbers depend on, a dict of str to str.

    `compile` and `link` are the commands that made the kernels, without the names of files.
    """
    return {
        "staleness": version("staleness"),
        "sources": source_digest(),
        "python": platform.python_version(),
        "numpy": version("numpy"),
        "pyarrow": version("pyarrow"),
        "compiler": arithmetic.COMPILER,
        "compile": arithmetic.COMPILE,
        "link": arithmetic.LINK,
    }


def read_text(path):
    """Return the text of a file without the white space around it, None if it cannot be read."""
    try:
        with open(path, encoding="utf-8", errors="replace") as file:
            return file.read().strip()
    except OSError:
        return None


def core_siblings(root, cpus):
    """Return the logical cores of each physical core that `cpus` are on.

    Parameters
    ----------
    root : pathlib.Path
    cpus : list of int
        Logical cores.

    Returns
    -------
    list of set of int, or None
        In the order of `cpus`, with siblings that are not among `cpus`; None if any is not said.
    """
    cores = []
    for cpu in cpus:
        if any(cpu in core for core in cores):
            continue
        text = read_text(root / f"{CPU}/cpu{cpu}/topology/thread_siblings_list")
        core = _number_set(text or "")
        if cpu not in core:
            return None
        cores.append(core)
    return cores


def turbo(root):
    """Return whether turbo is on and the file that says so; both None if none does."""
    for name, off in TURBO.items():
        text = read_text(root / name)
        if text in {"0", "1"}:
            return text != off, name
    return None, None


def memory_info(root):
    """Return /proc/meminfo, a dict of str to bytes."""
    info = {}
    for line in (read_text(root / "proc/meminfo") or "").splitlines():
        name, _, value = line.partition(":")
        number, _, unit = value.strip().partition(" ")
        if number.isdecimal() and unit == "kB":
            info[name] = int(number) * 1024
    return info


def _first_cpu(root):
    """Return what /proc/cpuinfo says of the first core: hundreds of cores take long to read."""
    facts = {}
    try:
        with open(root / "proc/cpuinfo", encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if not line.strip():
                    break
                name, _, value = line.partition(":")
                facts[name.strip()] = value.strip()
    except OSError:
        pass
    return facts


def _cgroups(root, controller):
    """Yield the folders of this process's cgroup and of those around it.

    In a container, the path may be the host's: what can be seen of it is then the topmost folder.
    """
    for line in (read_text(root / "proc/self/cgroup") or "").splitlines():
        _, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if not controllers:
            mounts = ("sys/fs/cgroup", "sys/fs/cgroup/unified")
        elif controller in controllers.split(","):
            mounts = (f"sys/fs/cgroup/{controller}",)
        else:
            continue
        inner = PurePosixPath(path.strip("/"))
        for folder in (inner, *inner.parents):
            if ".." not in folder.parts:
                yield from (root / mount / folder for mount in mounts)


def _cpu_quota(root):
    quotas = []
    for folder in _cgroups(root, "cpu"):
        # Version 2 of cgroups, or version 1; "max" and -1 mean no limit.
        words = (read_text(folder / "cpu.max") or "").split() or [
            read_text(folder / "cpu.cfs_quota_us"),
            read_text(folder / "cpu.cfs_period_us"),
        ]
        numbers = [_number(word) for word in words]
        if len(numbers) == 2 and all(numbers):
            quotas.append(round(numbers[0] / numbers[1], 2))
    return min(quotas, default=None)


def available_memory(root="/"):
    """Return how much memory is available within the limits of cgroups, in bytes, or None."""
    return _memory(Path(root))[1]


def _memory(root):
    """Return the memory that this process may use, and how much of it is available, in bytes."""
    info = memory_info(root)
    total, available = info.get("MemTotal"), info.get("MemAvailable")
    if total is None or available is None:
        return total, None
    for limit, used in _memory_limits(root):
        total, available = min(total, limit), min(available, max(limit - used, 0))
    return total, available


def _memory_limits(root):
    """Yield limit and use of memory of each cgroup that has both, in bytes."""
    for folder in _cgroups(root, "memory"):
        for limit_name, used_name, cached_name in MEMORY_LIMITS:
            limit, used = (_number(read_text(folder / name)) for name in (limit_name, used_name))
            if limit is None or used is None:
                continue
            # Files that are only cached give way.
            statistics = read_text(folder / "memory.stat") or ""
            cached = re.search(rf"^{cached_name} (\d+)$", statistics, re.MULTILINE)
            yield limit, used - int(cached[1]) if cached else used


def _load(root):
    words = (read_text(root / "proc/loadavg") or "").split()
    try:
        return round(float(words[0]), 2)
    except (IndexError, ValueError):
        return None


def _governor(root, cpus):
    names = {read_text(root / f"{CPU}/cpu{cpu}/cpufreq/scaling_governor") for cpu in cpus}
    return ", ".join(sorted(filter(None, names))) or None


def _virtual_machine(root, first_cpu):
    makers = [
        read_text(root / f"sys/class/dmi/id/{name}") for name in ("sys_vendor", "product_name")
    ]
    names = " ".join(filter(None, makers)).lower()
    if (
        "hypervisor" in first_cpu.get("flags", "").split()
        or os.path.exists(root / "sys/hypervisor/type")
        or os.path.exists(root / "proc/device-tree/hypervisor")
        or any(name in names for name in HYPERVISORS)
    ):
        return True
    # Only an x86 processor would have said so: elsewhere, silence proves nothing.
    return False if "flags" in first_cpu else None


def _huge_pages(root):
    chosen = re.search(r"\[(\w+)\]", read_text(root / HUGE_PAGES) or "")
    return chosen[1] if chosen else None


def _number(text):
    """Return a text of digits as int, None if it is anything else."""
    return int(text) if text and text.isdecimal() else None


def _number_set(text):
    """Return what a list such as "0-3,8" names, a set of int; empty if it is no such list."""
    numbers = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if not (first.isdecimal() and (last or first).isdecimal()):
            return set()
        numbers.update(range(int(first), int(last or first) + 1))
    return numbers
