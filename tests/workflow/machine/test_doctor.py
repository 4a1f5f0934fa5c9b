"""The examination of machines that are fit, and of those that are not."""

import os

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.machine import doctor
from staleness.workflow.machine.doctor import examine
from staleness.workflow.store.findings import DISTURBING, Finding, brief, conclude

from .test_facts import CPU, FIT, allow, siblings, write_tree

NAMES = [
    "cores",
    "cpu quota",
    "smt",
    "pinning",
    "governor",
    "turbo",
    "load",
    "busy processes",
    "steal",
    "virtual machine",
    "memory",
    "swap",
    "huge pages",
    "clock source",
    "kernel",
]
SECONDS = 2.0
TICKS = int(SECONDS * os.sysconf("SC_CLK_TCK"))


@pytest.fixture
def look(tmp_path, monkeypatch):
    """Return a function that examines FIT with changes, and others half-way through the sample."""
    now = [100.0]
    allow(monkeypatch, range(4))
    monkeypatch.setattr(doctor, "perf_counter", lambda: now[0])

    def look(half_way=None, **changes):
        def sleep(seconds):
            now[0] += seconds
            write_tree(tmp_path, **{**changes, **time_goes_by(), **(half_way or {})})

        monkeypatch.setattr(doctor, "sleep", sleep)
        write_tree(tmp_path, **changes)
        return {finding.name: finding for finding in examine(SECONDS, tmp_path)}

    return look


def time_goes_by(busy=0, stolen=0):
    """Return /proc/stat after the sample: ticks of the first core that are not idle."""
    idle = TICKS - busy - stolen
    first = f"{1000 + busy} 0 100 {50_000 + idle} 0 0 0 {stolen} 0 0"
    rest = f"1000 0 100 {50_000 + TICKS} 0 0 0 0 0 0"
    every = f"{1000 + busy} 0 100 {200_000 + 3 * TICKS + idle} 0 0 0 {stolen} 0 0"
    lines = [f"cpu  {every}", f"cpu0 {first}", *(f"cpu{cpu} {rest}" for cpu in (1, 2, 3))]
    return {"proc/stat": "\n".join([*lines, "intr 1 2 3", "btime 4"])}


def process(number, name, ticks, start=77):
    """Return the file of a process that has used ticks of CPU time."""
    line = f"{number} ({name}) R 1 1 1 0 -1 0 0 0 0 0 {ticks} 5 {'0 ' * 6}{start} 0 0\n"
    return {f"proc/{number}/stat": line}


def test_fit(look):
    findings = look()
    assert list(findings) == NAMES
    assert {finding.verdict for finding in findings.values()} == {"good"}
    assert not any(finding.advice for finding in findings.values())
    assert findings["cores"].value == "4 logical, 4 physical"
    assert findings["memory"].value == "11.4 of 15.3 GiB available"
    assert conclude(findings.values()) == "fit for wall-clock measurements"


def test_files_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(doctor, "sleep", lambda _: None)
    findings = {finding.name: finding for finding in examine(root=tmp_path)}
    assert list(findings) == NAMES
    known = {"cores", "pinning", "kernel"}
    assert {name for name in NAMES if findings[name].verdict == "unknown"} == set(NAMES) - known
    assert all(findings[name].advice for name in set(NAMES) - known)


def test_nonsense_in_files(look):
    findings = look(
        half_way=dict.fromkeys(FIT, "nonsense 1 2 3 )"), **dict.fromkeys(FIT, "nonsense )")
    )
    assert list(findings) == NAMES


def test_smt(look):
    pairs = siblings({0: "0-1", 1: "0-1", 2: "2-3", 3: "2-3"})
    finding = look(**pairs)["smt"]
    assert finding.verdict == "warning"
    assert finding.value == "on, 4 logical cores share 2"
    assert "P <= 2" in finding.advice
    assert "'taskset --cpu-list 0,2 staleness run" in finding.advice


def test_smt_with_one_sibling_each(look, monkeypatch):
    allow(monkeypatch, [1, 3])
    finding = look(**siblings({1: "0-1", 3: "2-3"}))["smt"]
    assert (finding.verdict, finding.advice) == ("good", "")
    assert finding.value.startswith("on")


def test_taskset_names_only_cores_that_are_allowed(look, monkeypatch):
    allow(monkeypatch, [1, 2, 3])
    finding = look(**siblings({1: "0-1", 2: "2-3", 3: "2-3"}))["smt"]
    assert "--cpu-list 1,2 " in finding.advice


def test_one_core(look, monkeypatch):
    allow(monkeypatch, [2])
    finding = look()["cores"]
    assert finding.verdict == "warning"
    assert "only P = 1" in finding.advice


@pytest.mark.parametrize(
    ("text", "verdict", "value"),
    [
        ("250000 100000", "warning", "2.5 of 4 cores"),
        ("400000 100000", "good", "4 of 4 cores"),
        ("max 100000", "good", "none"),
    ],
)
def test_quota(look, text, verdict, value):
    finding = look(**{"sys/fs/cgroup/user.slice/cpu.max": text})["cpu quota"]
    assert (finding.verdict, finding.value) == (verdict, value)
    assert ("P <= 2" in finding.advice) == (verdict == "warning")


def test_powersave(look):
    findings = look(**{f"{CPU}/cpu3/cpufreq/scaling_governor": "powersave\n"})
    finding = findings["governor"]
    assert (finding.verdict, finding.value) == ("warning", "performance, powersave")
    assert "cpupower frequency-set --governor performance" in finding.advice
    assert conclude(findings.values()) == "fit with 1 warning (governor)"


@pytest.mark.parametrize(
    ("name", "on", "off"), [("intel_pstate/no_turbo", 0, 1), ("cpufreq/boost", 1, 0)]
)
def test_turbo(look, name, on, off):
    path = f"{CPU}/{name}"
    finding = look(**{f"{CPU}/intel_pstate/no_turbo": None, path: str(on)})["turbo"]
    assert (finding.verdict, finding.value) == ("warning", "on")
    assert f"'echo {off} | sudo tee /{path}'" in finding.advice


def test_load(look):
    finding = look(**{"proc/loadavg": "1.50 0.1 0.1 1/2 3"})["load"]
    assert (finding.verdict, finding.value) == ("warning", "1.50")


def test_busy_process(look):
    names = {8: "a) (b", 9: "quiet", 10: "new\x1b", 11: "old", 12: "less", 13: "least"}
    before = {8: 1000, 9: 1000, 11: 1000, 12: 1000, 13: 1000}
    after = {8: 1000 + TICKS, 9: 1001, 10: TICKS // 2, 11: 1000, 12: 1000 + TICKS // 4}
    after[13] = 1000 + TICKS // 5
    changes, half_way = {}, {}
    for number, ticks in before.items():
        changes |= process(number, names[number], ticks)
    for number, ticks in after.items():
        half_way |= process(number, names[number], ticks)
    finding = look(half_way, **changes)["busy processes"]
    assert finding.verdict == "warning"
    # 5 ticks of system time come with the process that is new.
    assert finding.value == "a) (b (8) 100%, new? (10) 52%, less (12) 25%, 1 more"
    assert "kill" in finding.advice


def test_not_itself(look):
    own = os.getpid()
    finding = look(process(own, "python", TICKS), **process(own, "python", 0))["busy processes"]
    assert finding.verdict == "good"


def test_a_number_given_again(look):
    """A process that took the number of one that ended has not done what that one did."""
    half_way = process(8, "second", TICKS // 2, start=99)
    finding = look(half_way, **process(8, "first", 10_000, start=77))["busy processes"]
    assert finding.value.startswith("second (8) 52%")


def test_busy_but_not_visible(look):
    finding = look(time_goes_by(busy=TICKS // 2))["busy processes"]
    assert finding.verdict == "warning"
    assert finding.value.startswith("others that ended or are not visible ")


def test_seen_is_not_unseen(look):
    half_way = {**time_goes_by(busy=TICKS), **process(8, "spin", 1000 + TICKS)}
    finding = look(half_way, **process(8, "spin", 1000))["busy processes"]
    assert finding.value == "spin (8) 100%"


def test_steal(look):
    finding = look(time_goes_by(stolen=TICKS // 4))["steal"]
    assert finding.verdict == "warning"
    assert finding.value == "6.2%"


def test_steal_on_cores_of_others(look, monkeypatch):
    allow(monkeypatch, [1, 2])
    assert look(time_goes_by(stolen=TICKS // 4))["steal"].value == "0.0%"


def test_virtual_machine(look):
    findings = look(**{"proc/cpuinfo": "flags : hypervisor\n"})
    assert findings["virtual machine"].verdict == "warning"
    assert findings["steal"].verdict == "unknown"
    said = "fit with 1 warning (virtual machine); 1 unknown (steal)"
    assert conclude(findings.values()) == said


def test_little_memory(look):
    text = "MemTotal: 16000000 kB\nMemAvailable: 500000 kB\nSwapTotal: 900 kB\nSwapFree: 900 kB\n"
    assert look(**{"proc/meminfo": text})["memory"].verdict == "warning"


@pytest.mark.parametrize(
    ("total", "free", "verdict", "value"),
    [
        (0, 0, "good", "none"),
        (1_024_000, 1_022_976, "good", "1 MiB in use"),
        (1_024_000, 0, "warning", "1000 MiB in use"),
    ],
)
def test_swap(look, total, free, verdict, value):
    text = f"MemTotal: 16000000 kB\nSwapTotal: {total} kB\nSwapFree: {free} kB\n"
    finding = look(**{"proc/meminfo": text})["swap"]
    assert (finding.verdict, finding.value) == (verdict, value)


@pytest.mark.parametrize(
    ("text", "verdict"),
    [
        ("[always] madvise never", "good"),
        ("always [madvise] never", "good"),
        ("always madvise [never]", "warning"),
    ],
)
def test_huge_pages(look, text, verdict):
    path = "sys/kernel/mm/transparent_hugepage/enabled"
    finding = look(**{path: text})["huge pages"]
    assert finding.verdict == verdict
    assert (f"tee /{path}" in finding.advice) == (verdict == "warning")


@pytest.mark.parametrize(
    ("source", "available", "verdict", "advice"),
    [
        ("kvm-clock", "tsc kvm-clock", "good", ""),
        ("hpet", "tsc hpet", "warning", "'echo tsc | sudo tee /sys/devices/system/clocksource"),
        ("hpet", "hpet acpi_pm", "warning", "dmesg"),
        ("sundial", "sundial", "unknown", "reads the time"),
    ],
)
def test_clock_source(look, source, available, verdict, advice):
    folder = "sys/devices/system/clocksource/clocksource0"
    files = {f"{folder}/current_clocksource": source, f"{folder}/available_clocksource": available}
    finding = look(**files)["clock source"]
    assert finding.verdict == verdict
    assert advice in finding.advice


def refuse(_, cpus):
    raise PermissionError(1, "Operation not permitted")


@pytest.mark.parametrize(
    ("setter", "value"),
    [
        (refuse, "refused (Operation not permitted)"),
        (lambda _, cpus: None, "no effect on core 0"),
    ],
)
def test_pinning_fails(look, monkeypatch, setter, value):
    monkeypatch.setattr(os, "sched_setaffinity", setter)
    findings = look()
    assert (findings["pinning"].verdict, findings["pinning"].value) == ("warning", value)
    assert conclude(findings.values()).startswith("not fit for wall-clock measurements")


def test_conclusion():
    findings = [Finding(name, "", verdict) for name, verdict in (("a", "good"), ("b", "unknown"))]
    assert (
        conclude(findings)
        == "fit for wall-clock measurements, as far as can be seen; 1 unknown (b)"
    )
    findings += [Finding(name, "", "warning") for name in "cd"]
    assert conclude(findings) == "fit with 2 warnings (c, d); 1 unknown (b)"


@pytest.mark.parametrize("seconds", [0, -1.0, float("nan")])
def test_no_sample(tmp_path, seconds):
    with pytest.raises(StalenessError, match="take a positive number"):
        examine(seconds, tmp_path)


def test_this_machine():
    before = os.sched_getaffinity(0)
    findings = {finding.name: finding for finding in examine(0.05)}
    assert list(findings) == NAMES
    assert os.sched_getaffinity(0) == before
    assert findings["cores"].value.startswith(f"{len(before)} logical")
    assert findings["kernel"].value.startswith("Linux")
    for finding in findings.values():
        assert finding.verdict in {"good", "warning", "unknown"}
        assert bool(finding.advice) == (finding.verdict != "good")
        assert "\n" not in finding.value + finding.advice


def test_what_takes_time_from_threads_is_told_from_the_rest():
    findings = [
        Finding("turbo", "on", "warning", "turn it off"),
        Finding("load", "0.1", "good"),
        Finding("steal", "12.0%", "warning", "another host"),
        Finding("swap", "not visible", "unknown", "look"),
    ]
    assert brief(findings) == {
        "conclusion": conclude(findings),
        "warnings": {"turbo": "on", "steal": "12.0%"},
        "disturbing": ["steal"],
    }
    assert set(DISTURBING) < {finding.name for finding in examine(0.01)}
