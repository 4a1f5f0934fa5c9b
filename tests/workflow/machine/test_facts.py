"""The facts of a machine, read from trees that say what other machines would."""

import json
import os
import platform
import threading
import time
from pathlib import Path

import pytest

from staleness.kernels.core.memory import VECTOR_BITS
from staleness.workflow.machine.facts import core_siblings, machine, memory_info, turbo

KIB = 1024
KEYS = {
    "processor",
    "architecture",
    "vector_bits",
    "cores",
    "physical_cores",
    "smt",
    "cpu_quota",
    "system",
    "load",
    "governor",
    "turbo",
    "memory_bytes",
    "memory_available_bytes",
    "virtual_machine",
    "huge_pages",
    "clock_source",
    "threads_allowed",
}
CPU = "sys/devices/system/cpu"
# A machine that is fit: four cores on bare metal, nothing running.
FIT = {
    "proc/cpuinfo": "processor\t: 0\nmodel name\t: Abacus 9000\nflags\t\t: fpu sse\n\n"
    "processor\t: 1\nmodel name\t: Abacus 1\n",
    "proc/loadavg": "0.02 0.30 0.50 1/200 4711\n",
    "proc/meminfo": "MemTotal:       16000000 kB\nMemAvailable:   12000000 kB\n"
    "SwapTotal:       1000000 kB\nSwapFree:        1000000 kB\nHugePages_Total:       0\n",
    "proc/self/cgroup": "0::/user.slice/one.scope\n",
    "proc/stat": "".join(
        f"cpu{number} 1000 0 100 50000 0 0 0 0 0 0\n" for number in ("", "0", "1", "2", "3")
    ),
    "proc/1/stat": f"1 (init) S 0 1 1 0 -1 0 0 0 0 0 20 5{' 0' * 6} 3 0\n",
    f"{CPU}/intel_pstate/no_turbo": "1\n",
    "sys/devices/system/clocksource/clocksource0/available_clocksource": "tsc hpet acpi_pm \n",
    "sys/devices/system/clocksource/clocksource0/current_clocksource": "tsc\n",
    "sys/kernel/mm/transparent_hugepage/enabled": "always [madvise] never\n",
    "sys/fs/cgroup/user.slice/one.scope/cpu.max": "max 100000\n",
    **{f"{CPU}/cpu{cpu}/topology/thread_siblings_list": f"{cpu}\n" for cpu in range(4)},
    **{f"{CPU}/cpu{cpu}/cpufreq/scaling_governor": "performance\n" for cpu in range(4)},
}


def write_tree(root, **changes):
    """Write the files of FIT with changes by path; None leaves one out."""
    for name, text in {**FIT, **changes}.items():
        if text is not None:
            path = Path(root) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)


def siblings(pairs):
    """Return files that say which logical cores are on one physical core."""
    return {f"{CPU}/cpu{cpu}/topology/thread_siblings_list": f"{pairs[cpu]}\n" for cpu in pairs}


def allow(monkeypatch, cpus):
    """Let the process use other cores than those it may; a thread can pin itself."""
    pinned = threading.local()
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: getattr(pinned, "to", set(cpus)))
    monkeypatch.setattr(os, "sched_setaffinity", lambda _, to: setattr(pinned, "to", set(to)))


@pytest.fixture(autouse=True)
def four_cores(monkeypatch):
    allow(monkeypatch, range(4))


def facts(root, **changes):
    write_tree(root, **changes)
    return machine(root)


def test_everything_said(tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert facts(tmp_path) == {
        "processor": "Abacus 9000",
        "architecture": platform.machine(),
        "vector_bits": VECTOR_BITS,
        "cores": 4,
        "physical_cores": 4,
        "smt": False,
        "cpu_quota": None,
        "system": f"{platform.system()} {platform.release()}",
        "load": 0.02,
        "governor": "performance",
        "turbo": False,
        "memory_bytes": 16_000_000 * KIB,
        "memory_available_bytes": 12_000_000 * KIB,
        "virtual_machine": False,
        "huge_pages": "madvise",
        "clock_source": "tsc",
        "threads_allowed": "3",
    }


def test_nothing_said(tmp_path):
    found = machine(tmp_path)
    assert set(found) == KEYS
    assert found["cores"] == 4
    assert found["processor"]
    said = {"processor", "architecture", "vector_bits", "cores", "system", "threads_allowed"}
    assert all(found[key] is None for key in KEYS - said)


@pytest.mark.parametrize("nonsense", [b"", b"(,-) ?\n", b"\x00\xff\xb2\n\n: :\n", b"0-x 1-"])
def test_nonsense_is_not_said(tmp_path, nonsense):
    write_tree(tmp_path)
    for name in FIT:
        (tmp_path / name).write_bytes(nonsense)
    found = machine(tmp_path)
    text = {"governor", "clock_source"}
    said = {"processor", "architecture", "vector_bits", "cores", "system", "threads_allowed"}
    assert all(found[key] is None for key in KEYS - said - text)
    assert all(found[key] is None or isinstance(found[key], str) for key in text)


def test_folders_in_place_of_files(tmp_path):
    for name in FIT:
        (tmp_path / name).mkdir(parents=True)
    assert machine(tmp_path)["load"] is None


@pytest.mark.parametrize(
    ("cpus", "pairs", "physical", "smt"),
    [
        ([0, 1, 2, 3], {0: "0,2", 1: "1,3", 2: "0,2", 3: "1,3"}, 2, True),
        ([0, 1, 2, 3], {0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"}, 2, True),
        ([0, 1], {0: "0,2", 1: "1,3"}, 2, True),
        ([2, 3], {2: "2", 3: "3"}, 2, False),
        ([0, 3], {0: "0", 3: ""}, None, None),
        ([0, 3], {0: "1", 3: "3"}, None, None),
        ([0], {0: "0-"}, 1, False),
    ],
)
def test_smt(tmp_path, monkeypatch, cpus, pairs, physical, smt):
    allow(monkeypatch, cpus)
    found = facts(tmp_path, **siblings(pairs))
    assert (found["cores"], found["physical_cores"], found["smt"]) == (len(cpus), physical, smt)


def test_siblings_are_kept(tmp_path):
    write_tree(tmp_path, **siblings({0: "0,2", 1: "1,3"}))
    assert core_siblings(tmp_path, [0, 1]) == [{0, 2}, {1, 3}]


@pytest.mark.parametrize(
    ("files", "quota"),
    [
        ({"sys/fs/cgroup/user.slice/one.scope/cpu.max": "150000 100000\n"}, 1.5),
        ({"sys/fs/cgroup/user.slice/cpu.max": "50000 100000\n"}, 0.5),
        ({"sys/fs/cgroup/cpu.max": "200000 100000\n", "proc/self/cgroup": "0::/\n"}, 2.0),
        ({"sys/fs/cgroup/cpu.max": "200000 100000\n", "proc/self/cgroup": "0::/../x\n"}, 2.0),
        (
            {
                "proc/self/cgroup": "5:memory:/m\n4:cpu,cpuacct:/host/path\n1:name=systemd:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "300000\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            3.0,
        ),
        (
            {
                "proc/self/cgroup": "1:cpu:/\n",
                "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
                "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
            },
            None,
        ),
        ({"proc/self/cgroup": "no colons\n"}, None),
        ({"sys/fs/cgroup/user.slice/one.scope/cpu.max": "100 0\n"}, None),
    ],
)
def test_quota(tmp_path, files, quota):
    assert facts(tmp_path, **files)["cpu_quota"] == quota


@pytest.mark.parametrize(
    "files",
    [
        {
            "sys/fs/cgroup/user.slice/memory.max": "4096000000\n",
            "sys/fs/cgroup/user.slice/memory.current": "3000000000\n",
            "sys/fs/cgroup/user.slice/memory.stat": "file 9\ninactive_file 1000\nslab 3\n",
        },
        {
            "proc/self/cgroup": "2:memory:/hidden\n",
            "sys/fs/cgroup/memory/memory.limit_in_bytes": "4096000000\n",
            "sys/fs/cgroup/memory/memory.usage_in_bytes": "2999999000\n",
        },
    ],
)
def test_memory_within_a_limit(tmp_path, files):
    found = facts(tmp_path, **files)
    assert found["memory_bytes"] == 4_096_000_000
    assert found["memory_available_bytes"] == 1_096_001_000


def test_no_memory_limit(tmp_path):
    folder = "sys/fs/cgroup/user.slice/one.scope"
    files = {f"{folder}/memory.max": "max\n", f"{folder}/memory.current": "3000000000\n"}
    assert facts(tmp_path, **files)["memory_available_bytes"] == 12_000_000 * KIB


def test_memory_info(tmp_path):
    write_tree(tmp_path)
    assert memory_info(tmp_path)["SwapFree"] == 1_000_000 * KIB
    assert "HugePages_Total" not in memory_info(tmp_path)


def test_governors_that_differ(tmp_path):
    path = f"{CPU}/cpu2/cpufreq/scaling_governor"
    assert facts(tmp_path, **{path: "powersave\n"})["governor"] == "performance, powersave"


def test_governor_of_cores_in_use_only(tmp_path, monkeypatch):
    allow(monkeypatch, [1])
    path = f"{CPU}/cpu0/cpufreq/scaling_governor"
    assert facts(tmp_path, **{path: "powersave\n"})["governor"] == "performance"


@pytest.mark.parametrize(
    ("name", "text", "on"),
    [
        ("intel_pstate/no_turbo", "0", True),
        ("intel_pstate/no_turbo", "1", False),
        ("cpufreq/boost", "1", True),
        ("cpufreq/boost", "0", False),
    ],
)
def test_turbo(tmp_path, name, text, on):
    path = f"{CPU}/{name}"
    files = {f"{CPU}/intel_pstate/no_turbo": None, path: f"{text}\n"}
    assert facts(tmp_path, **files)["turbo"] is on
    assert turbo(tmp_path) == (on, path)


@pytest.mark.parametrize(
    ("files", "virtual"),
    [
        ({"proc/cpuinfo": "flags : fpu hypervisor sse\n"}, True),
        ({"proc/cpuinfo": "flags : fpu\n", "sys/hypervisor/type": "xen\n"}, True),
        ({"proc/cpuinfo": "Features : fp\n", "sys/class/dmi/id/sys_vendor": "QEMU\n"}, True),
        ({"proc/cpuinfo": "Features : fp\n", "sys/class/dmi/id/sys_vendor": "Dell\n"}, None),
        ({"proc/cpuinfo": "flags : fpu\n", "sys/class/dmi/id/sys_vendor": "Dell\n"}, False),
    ],
)
def test_virtual_machine(tmp_path, files, virtual):
    assert facts(tmp_path, **files)["virtual_machine"] is virtual


def test_this_machine(monkeypatch):
    monkeypatch.undo()
    found = machine()
    assert set(found) == KEYS
    assert found == json.loads(json.dumps(found, allow_nan=False))
    assert found["cores"] == len(os.sched_getaffinity(0))
    assert found["physical_cores"] is None or 1 <= found["physical_cores"] <= found["cores"]
    assert found["memory_bytes"] >= found["memory_available_bytes"] > 0
    assert found["load"] >= 0
    assert found["system"].startswith("Linux")


def test_costs_nothing(monkeypatch):
    monkeypatch.undo()
    times = []
    for _ in range(5):
        start = time.perf_counter()
        machine()
        times.append(time.perf_counter() - start)
    assert min(times) < 0.02
