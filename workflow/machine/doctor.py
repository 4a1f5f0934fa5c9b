"""Whether this machine is fit for wall-clock measurements of learning on pinned threads.

`examine` judges what `staleness.workflow.machine.facts` finds, and watches the machine for a moment
for what others do on it. It changes nothing: the commands in its advice are for the user to run.
A new check is one more function in `CHECKS`.
"""

import os
import threading
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, sleep

from staleness.algorithms.errors import StalenessError
from staleness.workflow.machine.facts import (
    CLOCK_SOURCE,
    HUGE_PAGES,
    TURBO,
    allowed_cpus,
    core_siblings,
    machine,
    memory_info,
    read_text,
    turbo,
)
from staleness.workflow.store.findings import GOOD, UNKNOWN, WARNING, Finding

# What may be going on before it is worth a warning.
QUIET_LOAD = 0.5  # running processes
QUIET_PROCESS = 0.05  # of a core; at 100 ticks a second, 2 of the 50 in half a second are 0.04
QUIET_UNSEEN = 0.2  # of a core; short-lived processes and what the kernel rounds
QUIET_STEAL = 0.02
FREE_MEMORY = 2**30  # bytes: several times what the largest runs take
SWAP_SHARE = 0.01  # of memory; what was swapped out long ago and never missed
NAMED = 3  # busy processes

# Read by a program without a system call, or not.
FAST_CLOCKS = {"tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "arch_sys_counter", "timebase"}
SLOW_CLOCKS = {"hpet", "acpi_pm", "jiffies", "refined-jiffies", "xen", "hyperv_clocksource_msr"}


@dataclass(frozen=True)
class Sample:
    """What had been done on the machine at one moment, in clock ticks.

    Attributes
    ----------
    time : float
        Seconds.
    processes : dict of (int, int) to (str, int)
        Process number and start to name and CPU time.
    cpus : dict of str to list of int
        The columns of /proc/stat by "cpu" (all together), "cpu0", ...
    own : float
        CPU time of this process.
    """

    time: float
    processes: dict
    cpus: dict
    own: float


@dataclass(frozen=True)
class Evidence:
    """What the checks go by: the facts of `machine`, and two samples."""

    root: Path
    cpus: list
    facts: dict
    before: Sample
    after: Sample


def examine(sample_seconds=0.5, root="/"):
    """Look at the machine and judge it.

    Parameters
    ----------
    sample_seconds : float
        How long to watch what others do.
    root : path-like
        The folder that holds `proc` and `sys`. The cores, the kernel and whether threads can be
        pinned are asked of the running system all the same.

    Returns
    -------
    list of Finding
        One for each check, always the same and in the same order.

    Raises
    ------
    StalenessError
        If `sample_seconds` is not positive.
    """
    if not sample_seconds > 0:
        raise StalenessError(f"a sample of {sample_seconds} seconds: take a positive number")
    root = Path(root)
    facts = machine(root)
    before = _sample(root)
    sleep(sample_seconds)
    after = _sample(root)
    evidence = Evidence(root, allowed_cpus(), facts, before, after)
    return [check(evidence) for check in CHECKS]


def check_cores(evidence):
    """Judge how many threads can run at once."""
    cores, physical = evidence.facts["cores"], evidence.facts["physical_cores"]
    value = f"{cores} logical, {'unknown' if physical is None else physical} physical"
    if cores > 1:
        return Finding("cores", value, GOOD)
    return Finding(
        "cores",
        value,
        WARNING,
        "only P = 1 can be measured: allow the process more ('taskset', '--cpuset-cpus' of a "
        "container), or take '--clock simulated'",
    )


def check_quota(evidence):
    """Judge whether cgroups let all cores run all the time."""
    cores, quota = evidence.facts["cores"], evidence.facts["cpu_quota"]
    if quota is None:
        if read_text(evidence.root / "proc/self/cgroup") is None:
            return _unseen("cpu quota", "a quota would stop threads in mid-run")
        return Finding("cpu quota", "none", GOOD)
    value = f"{quota:g} of {cores} core{'s' if cores > 1 else ''}"
    if quota >= cores:
        return Finding("cpu quota", value, GOOD)
    return Finding(
        "cpu quota",
        value,
        WARNING,
        "once it is used up, all threads stand still for the rest of a period (mostly 100 ms): "
        f"take P <= {max(int(quota), 1)}, or lift it (a container started without '--cpus', a "
        "service without CPUQuota=)",
    )


def check_smt(evidence):
    """Judge whether threads may have to share a physical core."""
    cores, physical = evidence.facts["cores"], evidence.facts["physical_cores"]
    if physical is None:
        return _unseen(
            "smt", "two threads on one physical core slow each other: see 'lscpu --extended'"
        )
    if not evidence.facts["smt"]:
        return Finding("smt", "off", GOOD)
    if physical == cores:
        return Finding("smt", "on, but one sibling of each core is used", GOOD)
    siblings = core_siblings(evidence.root, evidence.cpus)
    firsts = ",".join(str(min(core.intersection(evidence.cpus))) for core in siblings)
    return Finding(
        "smt",
        f"on, {cores} logical cores share {physical}",
        WARNING,
        "two threads on one physical core slow each other, which looks like a cost of more "
        f"processors: take P <= {physical} and one sibling of each, "
        f"'taskset --cpu-list {firsts} staleness run ...'",
    )


def check_pinning(evidence):
    """Pin a thread, which then ends, to each core in turn."""
    cpus, errors = evidence.cpus, []

    def pin():
        try:
            for cpu in cpus:
                os.sched_setaffinity(0, {cpu})
                if os.sched_getaffinity(0) != {cpu}:
                    errors.append(f"no effect on core {cpu}")
                    return
        except OSError as error:
            errors.append(f"refused ({error.strerror})")

    thread = threading.Thread(target=pin)
    thread.start()
    thread.join()
    if not errors:
        return Finding("pinning", "works on every core", GOOD)
    return Finding(
        "pinning",
        errors[0],
        WARNING,
        "runs on the wall clock pin each thread to a core and fail without: allow "
        "sched_setaffinity (in a container, in its seccomp profile)",
    )


def check_governor(evidence):
    """Judge whether the frequency follows the load."""
    governor = evidence.facts["governor"]
    if governor is None:
        return _unseen(
            "governor",
            "the frequency may change in mid-run: repeat runs, taking turns with what they are "
            "compared with",
        )
    if governor == "performance":
        return Finding("governor", governor, GOOD)
    return Finding(
        "governor",
        governor,
        WARNING,
        "the frequency follows the load, so that threads which wait become slower threads: "
        "'sudo cpupower frequency-set --governor performance'",
    )


def check_turbo(evidence):
    """Judge whether the frequency depends on how many cores are busy."""
    on, switch = turbo(evidence.root)
    if on is None:
        return _unseen("turbo", "if it is on, one busy core runs faster than P of them")
    if not on:
        return Finding("turbo", "off", GOOD)
    return Finding(
        "turbo",
        "on",
        WARNING,
        "one busy core runs faster than P of them, which makes speed-ups look smaller: "
        f"'echo {TURBO[switch]} | sudo tee /{switch}'",
    )


def check_load(evidence):
    """Judge what ran during the last minute."""
    load = evidence.facts["load"]
    if load is None:
        return _unseen("load", "other programs take time from the threads: see 'top'")
    if load <= QUIET_LOAD:
        return Finding("load", f"{load:.2f}", GOOD)
    return Finding(
        "load",
        f"{load:.2f}",
        WARNING,
        "the average of the last minute, this user's own programs included, whose place threads "
        f"would take: end them, or wait until 'uptime' says {QUIET_LOAD} or less",
    )


def check_busy(evidence):
    """Judge what runs right now, and name it."""
    before, after = evidence.before, evidence.after
    if not after.processes and not after.cpus:
        return _unseen("busy processes", "other programs take time from the threads: see 'top'")
    one_core = (after.time - before.time) * os.sysconf("SC_CLK_TCK")
    shares = {
        process: (ticks - before.processes.get(process, (name, 0))[1]) / one_core
        for process, (name, ticks) in after.processes.items()
        if process[0] != os.getpid()
    }
    busy = sorted(
        (process for process, share in shares.items() if share >= QUIET_PROCESS),
        key=lambda process: (-shares[process], process),
    )
    found = [
        f"{after.processes[process][0]} ({process[0]}) {shares[process]:.0%}"
        for process in busy[:NAMED]
    ]
    if len(busy) > NAMED:
        found.append(f"{len(busy) - NAMED} more")
    unseen = _busy_ticks(after, before) / one_core - sum(shares.values())
    if unseen >= QUIET_UNSEEN:
        found.append(f"others that ended or are not visible {unseen:.0%}")
    if not found:
        return Finding("busy processes", f"none above {QUIET_PROCESS:.0%} of a core", GOOD)
    return Finding(
        "busy processes",
        ", ".join(found),
        WARNING,
        "shares of one core, which threads then wait for, as they do for memory: end these "
        "programs ('kill PID'), or wait for them",
    )


def check_steal(evidence):
    """Judge how much of the cores' time goes to other virtual machines."""
    total = stolen = ever = 0
    for cpu in evidence.cpus:
        before, after = (
            sample.cpus.get(f"cpu{cpu}", []) for sample in (evidence.before, evidence.after)
        )
        if min(len(before), len(after)) < 8:
            continue
        total += sum(after[:8]) - sum(before[:8])
        stolen += after[7] - before[7]
        ever += after[7]
    if total <= 0:
        return _unseen("steal", "time that the host gives to other machines looks like slow code")
    share = stolen / total
    value = f"{share:.1%}"
    if share > QUIET_STEAL:
        return Finding(
            "steal",
            value,
            WARNING,
            "the host runs other machines on these cores, and threads stop unasked: measure at "
            "another time, or on dedicated cores",
        )
    if evidence.facts["virtual_machine"] and not ever:
        return Finding(
            "steal",
            f"{value}, none since the start",
            UNKNOWN,
            "many hosts do not tell a virtual machine what they take from it: repeat runs and "
            "look at the spread",
        )
    return Finding("steal", value, GOOD)


def check_virtual_machine(evidence):
    """Judge whether others may be on the same hardware."""
    virtual = evidence.facts["virtual_machine"]
    if virtual is None:
        return _unseen("virtual machine", "other machines may share the hardware")
    if not virtual:
        return Finding("virtual machine", "no", GOOD)
    return Finding(
        "virtual machine",
        "yes",
        WARNING,
        "its cores may be threads of physical cores that others use, coming and going unseen: "
        "repeat runs, taking turns with what they are compared with, or take a dedicated host",
    )


def check_memory(evidence):
    """Judge whether runs will fit into memory."""
    total, available = (evidence.facts[f"memory_{name}bytes"] for name in ("", "available_"))
    if total is None or available is None:
        return _unseen("memory", "a run that does not fit measures the disk: see 'free -h'")
    value = f"{available / 2**30:.1f} of {total / 2**30:.1f} GiB available"
    if available >= FREE_MEMORY:
        return Finding("memory", value, GOOD)
    return Finding(
        "memory",
        value,
        WARNING,
        "a run that does not fit measures the disk, or is killed: end programs that hold memory "
        "('ps aux --sort -rss | head')",
    )


def check_swap(evidence):
    """Judge whether memory has been short."""
    info = memory_info(evidence.root)
    total, free, memory = (info.get(name) for name in ("SwapTotal", "SwapFree", "MemTotal"))
    if total is None or free is None or memory is None:
        return _unseen("swap", "memory that comes back from the disk stops a thread")
    used = total - free
    value = f"{used / 2**20:.0f} MiB in use" if total else "none"
    if used <= SWAP_SHARE * memory:
        return Finding("swap", value, GOOD)
    return Finding(
        "swap",
        value,
        WARNING,
        "memory has been short, and what comes back from the disk stops a thread: end programs, "
        "then 'sudo swapoff --all && sudo swapon --all'",
    )


def check_huge_pages(evidence):
    """Judge the pages that large arrays lie on; NumPy asks for huge ones."""
    setting = evidence.facts["huge_pages"]
    if setting is None:
        return _unseen("huge pages", "small pages make reading a large theta slower")
    if setting != "never":
        return Finding("huge pages", setting, GOOD)
    return Finding(
        "huge pages",
        setting,
        WARNING,
        "theta lies on small pages, and its rows are slower to find than elsewhere: "
        f"'echo madvise | sudo tee /{HUGE_PAGES}'",
    )


def check_clock_source(evidence):
    """Judge what reading the time costs."""
    source = evidence.facts["clock_source"]
    if source in FAST_CLOCKS:
        return Finding("clock source", source, GOOD)
    if source not in SLOW_CLOCKS:
        value = "not visible" if source is None else source
        return Finding(
            "clock source",
            value,
            UNKNOWN,
            "each mini-batch reads the time, which may take a system call",
        )
    available = (read_text(evidence.root / CLOCK_SOURCE / "available_clocksource") or "").split()
    remedy = "'dmesg | grep -i clocksource' says why tsc is not used"
    if "tsc" in available:
        remedy = f"'echo tsc | sudo tee /{CLOCK_SOURCE}/current_clocksource'"
    return Finding(
        "clock source",
        source,
        WARNING,
        "each mini-batch reads the time, here by a system call of about a microsecond, which "
        f"lengthens small ones: {remedy}",
    )


def check_kernel(evidence):
    """Say which kernel schedules the threads; none is known to be unfit."""
    return Finding("kernel", evidence.facts["system"], GOOD)


CHECKS = (
    check_cores,
    check_quota,
    check_smt,
    check_pinning,
    check_governor,
    check_turbo,
    check_load,
    check_busy,
    check_steal,
    check_virtual_machine,
    check_memory,
    check_swap,
    check_huge_pages,
    check_clock_source,
    check_kernel,
)


def _unseen(name, advice):
    return Finding(name, "not visible", UNKNOWN, advice)


def _busy_ticks(after, before):
    """Return the CPU time of all processes but this one, seen or not, 0 if it is not said."""
    columns = [sample.cpus.get("cpu", [])[:3] for sample in (before, after)]
    if not all(len(column) == 3 for column in columns):
        return 0
    # User, nice and system: interrupts belong to no process.
    return sum(columns[1]) - sum(columns[0]) - (after.own - before.own)


def _sample(root):
    processes = {}
    try:
        numbers = [int(name) for name in os.listdir(root / "proc") if name.isdecimal()]
    except OSError:
        numbers = []
    for number in numbers:
        process = _process(read_text(root / f"proc/{number}/stat"))
        if process is not None:
            name, start, ticks = process
            processes[number, start] = name, ticks
    cpus = {}
    for line in (read_text(root / "proc/stat") or "").splitlines():
        name, *columns = line.split()
        if name.startswith("cpu") and all(column.isdecimal() for column in columns):
            cpus[name] = [int(column) for column in columns]
    used = os.times()
    own = (used.user + used.system) * os.sysconf("SC_CLK_TCK")
    return Sample(perf_counter(), processes, cpus, own)


def _process(stat):
    """Return name, start and CPU time in ticks, None if /proc/PID/stat is gone or unusual."""
    # The name may hold anything, also blanks and brackets.
    front, _, back = (stat or "").rpartition(")")
    columns = back.split()
    try:
        start, ticks = int(columns[19]), int(columns[11]) + int(columns[12])
    except (IndexError, ValueError):
        return None
    name = front.partition("(")[2]
    return "".join(letter if letter.isprintable() else "?" for letter in name), start, ticks
