"""Folders and files that are whole or not there."""

import errno
import os
import signal
import stat
import subprocess
import sys
import threading

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.store import files
from staleness.workflow.store.files import (
    HOST,
    refuse_foreign,
    remove_abandoned,
    termination_unwinds,
    whole_file,
    whole_folder,
)


class StopHereError(Exception):
    """Raised by a test inside a block."""


def fail_inside(function, path, error=StopHereError):
    with function(path) as part:
        (part / "a" if part.is_dir() else part).write_text("half")
        raise error


def content(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


@pytest.fixture
def old(tmp_path):
    """Return a folder that is there already, beside nothing else."""
    folder = tmp_path / "there"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "a").write_text("old")
    return folder


def test_a_folder_is_made_with_its_parents(tmp_path):
    path = tmp_path / "x" / "y" / "new"
    with whole_folder(path) as part:
        assert part.is_dir()
        assert part.parent == path.parent
        (part / "a").write_text("1")
        assert not path.exists()
    assert content(path) == {"a": "1"}
    assert os.listdir(path.parent) == ["new"]


def test_a_device_is_not_replaced(tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    with pytest.raises(StalenessError, match=r"pipe: is not a file, and would be replaced"):
        fail_inside(whole_file, pipe)
    assert pipe.is_fifo()
    assert os.listdir(tmp_path) == ["pipe"]


@pytest.mark.parametrize(("umask", "mode"), [(0o022, 0o755), (0o077, 0o700), (0o002, 0o775)])
def test_those_may_read_it_whom_the_user_lets(tmp_path, umask, mode):
    before = os.umask(umask)
    try:
        with whole_folder(tmp_path / "new"):
            pass
        assert os.umask(umask) == umask
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "new").stat().st_mode) == mode


def test_a_folder_takes_the_place_of_another(old):
    with whole_folder(old) as part:
        (part / "b").write_text("new")
        assert (old / "deep" / "a").read_text() == "old"
    assert content(old) == {"b": "new"}
    assert os.listdir(old.parent) == ["there"]


@pytest.mark.parametrize("error", [StopHereError, KeyboardInterrupt, SystemExit])
def test_an_error_leaves_no_folder(tmp_path, error):
    with pytest.raises(error):
        fail_inside(whole_folder, tmp_path / "new", error)
    assert os.listdir(tmp_path) == []


def test_an_error_leaves_what_was_there(old):
    with pytest.raises(StopHereError):
        fail_inside(whole_folder, old)
    assert (old / "deep" / "a").read_text() == "old"
    assert os.listdir(old.parent) == ["there"]


def test_two_at_once_do_not_meet(tmp_path):
    """Each writes its own; the later to end has the name."""
    path = tmp_path / "new"
    with whole_folder(path) as outer:
        with whole_folder(path) as inner:
            assert inner != outer
            (inner / "a").write_text("inner")
            (outer / "a").write_text("outer")
        assert content(path) == {"a": "inner"}
    assert content(path) == {"a": "outer"}
    assert os.listdir(tmp_path) == ["new"]


KILLED = """
import sys, time
from staleness.workflow.store.files import {function}
with {function}(sys.argv[1]) as part:
    ((part / "a") if part.is_dir() else part).write_text("half")
    print("inside", flush=True)
    time.sleep(600)
"""


def kill_inside(function, path):
    with subprocess.Popen(
        [sys.executable, "-c", KILLED.format(function=function), path], stdout=subprocess.PIPE
    ) as process:
        assert process.stdout.readline() == b"inside\n"
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL


def test_a_killed_process_leaves_what_was_there(old):
    kill_inside("whole_folder", old)
    assert (old / "deep" / "a").read_text() == "old"
    assert os.listdir(old) == ["deep"]
    # What it leaves is hidden, and goes with the next that is written.
    visible, hidden = sorted(os.listdir(old.parent), reverse=True)
    assert visible == "there"
    assert hidden.startswith(".there.")
    with whole_folder(old) as part:
        (part / "b").write_text("new")
    assert content(old) == {"b": "new"}
    assert os.listdir(old.parent) == ["there"]


def test_a_killed_process_leaves_no_folder(tmp_path):
    kill_inside("whole_folder", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_a_file_takes_the_place_of_another(tmp_path):
    path = tmp_path / "x" / "new.json"
    for text in ("first", "second"):
        with whole_file(path) as part:
            assert part.suffix == ".json"
            part.write_text(text)
            assert part != path
        assert path.read_text() == text
    assert os.listdir(path.parent) == ["new.json"]


def test_an_error_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "new.json"
    path.write_text("old")
    with pytest.raises(StopHereError):
        fail_inside(whole_file, path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["new.json"]


def test_a_killed_process_leaves_the_file_that_was_there(tmp_path):
    path = tmp_path / "new.json"
    path.write_text("old")
    kill_inside("whole_file", path)
    assert path.read_text() == "old"
    assert len(os.listdir(tmp_path)) == 2
    with whole_file(path) as part:
        part.write_text("new")
    assert os.listdir(tmp_path) == ["new.json"]


@pytest.mark.parametrize("function", ["whole_folder", "whole_file"])
def test_what_another_process_writes_is_not_abandoned_whatever_its_number(tmp_path, function):
    """In a container, a process may have the host's name and a number that is nobody's here."""
    with subprocess.Popen([sys.executable, "-c", ""]) as ended:
        pass
    script = f"import os\nos.getpid = lambda: {ended.pid}\n" + KILLED.format(function=function)
    path = tmp_path / "new"
    with subprocess.Popen([sys.executable, "-c", script, path], stdout=subprocess.PIPE) as other:
        assert other.stdout.readline() == b"inside\n"
        (hidden,) = os.listdir(tmp_path)
        assert hidden.startswith(f".new.{HOST}-{ended.pid}.")
        remove_abandoned(path)
        assert os.listdir(tmp_path) == [hidden]
        assert len(os.listdir(tmp_path / hidden)) == 1
        other.kill()
    remove_abandoned(path)
    assert os.listdir(tmp_path) == []


def test_only_what_was_begun_under_this_kernel_and_by_these_rules_is_removed(tmp_path):
    kept = {
        f".new.json.{HOST}-1.{'0' * files.BOOT_DIGITS}.a_1.part",  # another machine's, perhaps
        f".new.json.{HOST}-1.{files.boot()}.a_1",
        f".other.json.{HOST}-1.{files.boot()}.a_1.part",
        f"new.json.{HOST}-1.{files.boot()}.a_1.part",
        "new.json",
    }
    gone = {f".new.json.{HOST}-1.{files.boot()}.a_1.{kind}" for kind in ("part", "old")}
    for name in kept | gone:
        (tmp_path / name / "deep").mkdir(parents=True)
    linked = tmp_path / f".new.json.{HOST}-1.{files.boot()}.b_2.part"
    linked.symlink_to(tmp_path / "new.json")
    remove_abandoned(tmp_path / "new.json")
    assert set(os.listdir(tmp_path)) == kept | {linked.name}
    remove_abandoned(tmp_path / "nowhere" / "new.json")


def test_nothing_is_removed_where_nobody_can_say(tmp_path, monkeypatch):
    kill_inside("whole_folder", tmp_path / "new")
    left = os.listdir(tmp_path)

    def unknown(*arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    with monkeypatch.context() as without:
        without.setattr(files.fcntl, "flock", unknown)
        with whole_folder(tmp_path / "new"):
            pass
        assert set(os.listdir(tmp_path)) == {"new", *left}
    with monkeypatch.context() as without:
        without.setattr(files, "BOOT_ID", tmp_path / "nowhere")
        remove_abandoned(tmp_path / "new")
        assert set(os.listdir(tmp_path)) == {"new", *left}
    remove_abandoned(tmp_path / "new")
    assert os.listdir(tmp_path) == ["new"]


def test_what_is_taken_away_before_it_is_held_is_made_again(tmp_path, monkeypatch):
    taken = []

    def take(descriptor, operation):
        if not taken:
            (found,) = tmp_path.glob(".new.*.part")
            taken.append(found)
            found.rmdir()

    monkeypatch.setattr(files.fcntl, "flock", take)
    with whole_folder(tmp_path / "new") as part:
        (part / "a").write_text("1")
    assert taken != [part]
    assert content(tmp_path / "new") == {"a": "1"}


def test_what_stands_in_a_folder_s_place_stays_if_it_cannot_be_replaced(old, monkeypatch):
    rename = os.rename

    def fail(source, target):
        if str(source).endswith(".part"):
            raise OSError(errno.EIO, "no")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail)
    with pytest.raises(OSError, match=r"no: '.*there'"), whole_folder(old) as part:
        (part / "a").write_text("new")
    assert (old / "deep" / "a").read_text() == "old"
    assert os.listdir(old.parent) == ["there"]


def test_what_is_being_replaced_is_not_taken_for_abandoned(old, monkeypatch):
    """Who writes the same folder meanwhile looks for what nobody holds."""
    rename = os.rename

    def fail_late(source, target):
        if str(source).endswith(".part"):
            remove_abandoned(old)
            raise OSError(errno.EIO, "no")
        rename(source, target)

    monkeypatch.setattr(os, "rename", fail_late)
    with pytest.raises(OSError, match="no"), whole_folder(old) as part:
        (part / "a").write_text("new")
    assert (old / "deep" / "a").read_text() == "old"
    assert os.listdir(old.parent) == ["there"]


@pytest.mark.parametrize("function", [whole_file, whole_folder])
def test_errors_name_the_file_that_was_to_be(tmp_path, function):
    full = OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(OSError, match=r"No space left on device: '.*new'"):
        fail_inside(function, tmp_path / "new", full)
    named = OSError(errno.ENOSPC, "No space left on device", "a")
    with pytest.raises(OSError, match=r"No space left on device: 'a'"):
        fail_inside(function, tmp_path / "new", named)
    with pytest.raises(OSError, match=r"^short$"):
        fail_inside(function, tmp_path / "new", OSError("short"))


# ---- what is not ours ---------------------------------------------------------------------------


def test_folders_of_our_files_may_be_replaced(tmp_path):
    refuse_foreign(tmp_path / "none", {"a"})
    refuse_foreign(tmp_path, {"a"})
    for name in ("a", "x.npy"):
        (tmp_path / name).write_text("")
    refuse_foreign(tmp_path, {"a", "b"}, suffixes=(".npy",))


def test_other_files_are_not_ours(tmp_path):
    (tmp_path / "a").write_text("")
    (tmp_path / "letter").write_text("")
    with pytest.raises(StalenessError, match="holds 'letter', which is not ours to replace"):
        refuse_foreign(tmp_path, {"a"}, suffixes=(".npy",))


def test_folders_within_are_not_ours(tmp_path):
    (tmp_path / "a").mkdir()
    with pytest.raises(StalenessError, match="holds 'a', which is not ours to replace"):
        refuse_foreign(tmp_path, {"a"})


def test_links_and_files_are_not_folders_of_their_own(tmp_path):
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "folder")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "folder/.."):
        with pytest.raises(StalenessError, match="is not a folder of its own"):
            refuse_foreign(tmp_path / name, set())


@pytest.mark.parametrize("name", ["", ".", "..", "/", "there"])
def test_a_folder_is_no_file_to_write(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "there").mkdir()
    with pytest.raises(StalenessError, match="is a folder, expected a file"), whole_file(name):
        raise AssertionError
    assert list(tmp_path.iterdir()) == [tmp_path / "there"]


TERMINATED = """
import os, signal, sys
from staleness.workflow.store.files import termination_unwinds, whole_folder
signal.signal(signal.SIGHUP, signal.SIG_DFL)
with termination_unwinds(), whole_folder(sys.argv[1]) as part:
    (part / "a").write_text("half")
    os.kill(os.getpid(), int(sys.argv[2]))
    for _ in range(10**9):
        pass
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_terminated_process_leaves_nothing(old, number):
    """Not even the hidden folder that a killed one leaves."""
    done = subprocess.run(
        [sys.executable, "-c", TERMINATED, old, str(int(number))],
        check=False,
        capture_output=True,
        timeout=60,
    )
    assert done.returncode == 128 + number
    assert done.stderr == b""
    assert (old / "deep" / "a").read_text() == "old"
    assert os.listdir(old.parent) == ["there"]


def test_termination_is_as_before_afterwards():
    before = signal.getsignal(signal.SIGTERM)
    with termination_unwinds():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_what_is_to_outlive_its_terminal_does():
    """As under `nohup`."""
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with termination_unwinds():
            signal.raise_signal(signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)


def test_other_threads_may_use_it():
    seen = []

    def work():
        with termination_unwinds():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert seen == [signal.getsignal(signal.SIGTERM)]


def test_a_mount_point_is_no_folder_to_replace():
    """Not even an empty one: nothing can take its place."""
    with pytest.raises(StalenessError, match="is not a folder of its own, and would be replaced"):
        refuse_foreign("/proc", set())
