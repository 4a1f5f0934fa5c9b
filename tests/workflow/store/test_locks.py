"""Whose locks are taken away, and who waits for whom."""

import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from staleness.workflow.store import locks

ANOTHER_BOOT = "from staleness.workflow.store import locks\nlocks.boot = lambda: '0' * 12\n"
# Where the kernel's locks are one machine's, none is seen of another.
HERE = """
import sys
from staleness.workflow.store.locks import forget_stale
print(*forget_stale(sys.argv[1]), flush=True)
sys.stdin.read()
"""
UNLOCKED = b"A Snakemake that is no longer there had locked this folder: unlocked.\n"


class Starts:
    """Starts Snakemakes, as far as locks go, and kills them."""

    def __init__(self, folder):
        self.folder = folder
        self.lock = folder / "locks" / "0.output.lock"
        self.lock.parent.mkdir()
        self.all = []

    def one(self, more=""):
        """Start one; return the process and what it said."""
        process = subprocess.Popen(
            [sys.executable, "-c", more + HERE, str(self.folder)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self.all.append(process)
        return process, process.stdout.readline()

    def killed(self, more=""):
        """Start one that is killed once it has locked."""
        process, said = self.one(more)
        self.lock.write_text("results/report.pdf\n")
        self.kill(process)
        return said

    def kill(self, process):
        process.kill()
        process.communicate()

    def ended(self, process):
        process.communicate()
        assert process.returncode == 0


@pytest.fixture
def starts(tmp_path):
    starts = Starts(tmp_path)
    yield starts
    for process in starts.all:
        if process.poll() is None:
            starts.kill(process)


def test_a_lock_goes_with_the_last_that_may_have_made_it(starts):
    assert starts.killed() == b"\n"
    first, said = starts.one()
    assert said == UNLOCKED
    assert not starts.lock.exists()
    starts.lock.write_text("results/report.pdf\n")
    second, said = starts.one()
    assert said.startswith(f"This folder is locked, perhaps by process {first.pid} on ".encode())
    starts.kill(first)
    assert b"perhaps by process %d on" % second.pid in starts.one()[1]
    assert starts.lock.exists()
    for process in starts.all[2:]:
        starts.kill(process)
    assert starts.one()[1] == UNLOCKED
    assert not starts.lock.exists()


def test_a_lock_of_another_machine_stays(starts):
    """There the kernel here knows of no lock, whether the process lives or not."""
    other, _ = starts.one(ANOTHER_BOOT + "import fcntl\nfcntl.flock = lambda *_: None\n")
    starts.lock.write_text("results/report.pdf\n")
    for _ in range(2):
        assert b"perhaps by process %d on " % other.pid in starts.killed()
        assert starts.lock.exists()
    starts.kill(other)
    assert b"perhaps by process %d on " % other.pid in starts.one()[1]
    assert starts.lock.exists()


def test_who_has_left_has_left_nothing(starts):
    process, _ = starts.one()
    assert len(os.listdir(starts.folder / "here")) == 1
    starts.ended(process)
    assert os.listdir(starts.folder / "here") == []


def test_a_lock_of_nobody_knows_whom_stays(starts):
    starts.lock.write_text("results/report.pdf\n")
    process, said = starts.one()
    assert said == b"\n"
    assert starts.lock.exists()
    starts.kill(process)
    assert starts.one()[1] == b"\n", "who was killed had found it"
    assert starts.lock.exists()


def test_once_unlocked_by_hand_another_boot_is_forgotten_in_time(starts):
    starts.killed(ANOTHER_BOOT)
    starts.lock.unlink()
    (left,) = (starts.folder / "here").iterdir()
    starts.ended(starts.one()[0])
    assert left.exists(), "it may be about to lock"
    os.utime(left, (0, 0))
    starts.ended(starts.one()[0])
    assert not left.exists()


def test_nothing_is_said_where_nothing_can_be_written(tmp_path):
    (tmp_path / "here").write_text("")
    assert locks.forget_stale(tmp_path) == []


# ---- one at a time ------------------------------------------------------------------------------

ALONE = """
import sys
from pathlib import Path
from staleness.workflow.store.locks import alone
path = Path(sys.argv[1])
for _ in range(50):
    with alone(path):
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_what_the_killed_have_left_goes_with_the_next(starts):
    starts.kill(starts.one()[0])
    starts.one()
    assert len(list((starts.folder / "here").iterdir())) == 1


FORKING = """
import os, sys
from staleness.workflow.store.locks import forget_stale
forget_stale(sys.argv[1])
child = os.fork()
if not child:
    sys.exit()
os.waitpid(child, 0)
print(len(os.listdir(sys.argv[1] + "/here")))
"""


def test_what_is_forked_off_takes_nothing_away(tmp_path):
    arguments = [sys.executable, "-c", FORKING, str(tmp_path)]
    found = subprocess.run(arguments, check=True, capture_output=True, text=True)
    assert found.stdout == "1\n"
    assert os.listdir(tmp_path / "here") == []


def test_one_at_a_time(tmp_path):
    path = tmp_path / "number"
    path.write_text("0")
    arguments = [sys.executable, "-c", ALONE, str(path)]
    processes = [subprocess.Popen(arguments) for _ in range(4)]
    assert [process.wait() for process in processes] == [0] * 4
    assert path.read_text() == "200"
    assert os.listdir(tmp_path) == ["number"]


def test_no_folder_is_left_empty(tmp_path):
    with locks.alone(tmp_path / "a" / "b" / "c"):
        assert os.listdir(tmp_path / "a" / "b") == [".c.lock"]
    assert os.listdir(tmp_path) == []
    with locks.alone(tmp_path / "a" / "b" / "c"):
        (tmp_path / "a" / "d").write_text("")
    assert os.listdir(tmp_path / "a") == ["d"]


def test_it_goes_on_without_locks_or_a_place_for_them(tmp_path, monkeypatch):
    def unknown(*arguments):
        raise OSError("No locks available")

    with locks.alone(Path("/proc/nowhere/x")):
        pass
    monkeypatch.setattr(fcntl, "flock", unknown)
    with locks.alone(tmp_path / "x"), locks.alone(tmp_path / "x"):
        pass
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("target", ["nowhere/x", ".a.lock", "there"])
def test_a_link_in_the_place_of_a_lock_is_left_alone(tmp_path, target):
    (tmp_path / "there").write_text("mine")
    (tmp_path / ".a.lock").symlink_to(target)
    with locks.alone(tmp_path / "a"):
        pass
    assert sorted(os.listdir(tmp_path)) == [".a.lock", "there"]
    assert (tmp_path / "there").read_text() == "mine"


@pytest.mark.parametrize("path", [".", "/", ".."])
def test_what_has_no_name_is_for_others_to_refuse(path):
    with locks.alone(path):
        pass
