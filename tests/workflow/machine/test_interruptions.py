"""Whether anything else took the cores."""

import os
import subprocess
import sys
import time

import pytest

from staleness.workflow.machine.interruptions import Interruptions, Watch


@pytest.mark.parametrize(
    ("found", "clean"),
    [
        (Interruptions(1.0, 0.0, 0.0), True),
        (Interruptions(0.97, 0.01, 20.0), True),
        (Interruptions(1.0, None, 0.0), True),
        (Interruptions(0.96, 0.0, 0.0), False),
        (Interruptions(1.0, 0.02, 0.0), False),
        (Interruptions(1.0, 0.0, 21.0), False),
    ],
)
def test_what_is_clean(found, clean):
    assert found.clean is clean


@pytest.fixture
def stat(tmp_path):
    """Return a function that writes /proc/stat with some ticks stolen, and its root."""
    (tmp_path / "proc").mkdir()

    def write(text):
        (tmp_path / "proc" / "stat").write_text(text)
        return tmp_path

    return write


def test_stolen_time_is_that_of_all_cores(stat):
    root = stat("cpu  1 2 3 4 5 6 7 300 0 0\ncpu0 1 2 3 4 5 6 7 300 0 0\n")
    watch = Watch(root)
    time.sleep(0.1)
    stat("cpu  1 2 3 4 5 6 7 305 0 0\n")
    found = watch.since(cores=2, cpu_share=1.0)
    # 0.05 s of 2 cores for 0.1 s and a little more.
    assert 0.1 < found.stolen <= 0.25
    assert not found.clean


@pytest.mark.parametrize("text", ["", "cpu 1 2 3\n", "cpu  a b c d e f g h\n"])
def test_where_nothing_is_said_of_it(stat, text):
    assert Watch(stat(text)).since(cores=1, cpu_share=1.0).stolen is None


def test_without_such_a_file(tmp_path):
    assert Watch(tmp_path).since(cores=1, cpu_share=0.99).stolen is None


def test_a_process_that_shares_its_core_is_interrupted():
    core = min(os.sched_getaffinity(0))
    code = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {core})
    try:
        with subprocess.Popen([sys.executable, "-c", code]) as other:
            time.sleep(0.2)
            watch, began, busy = Watch(), time.perf_counter(), time.process_time()
            while time.perf_counter() - began < 1.0:
                pass
            share = (time.process_time() - busy) / (time.perf_counter() - began)
            found = watch.since(cores=1, cpu_share=share)
            other.kill()
    finally:
        os.sched_setaffinity(0, before)
    assert found.cpu_share < 0.9
    assert found.switches > 1
    assert not found.clean
