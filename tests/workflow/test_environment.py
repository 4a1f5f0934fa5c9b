"""Ctrl-C: what it does while nothing has begun, and errors that come of it."""

import signal
import subprocess
import sys
import threading

import pytest

from staleness.workflow.environment import end_by_interrupts, is_interrupt

INTERRUPTED = """
import signal
from staleness.workflow.environment import end_by_interrupts
end_by_interrupts()
signal.raise_signal(signal.SIGINT)
"""


def test_ctrl_c_ends_it_without_a_word():
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], check=False, capture_output=True)
    assert (done.returncode, done.stdout, done.stderr) == (-signal.SIGINT, b"", b"")


@pytest.mark.parametrize("before", [signal.default_int_handler, signal.SIG_IGN, lambda *_: None])
def test_afterwards_it_is_as_before(before):
    """And meanwhile, where it is ignored or somebody else's."""
    found = signal.signal(signal.SIGINT, before)
    try:
        undo = end_by_interrupts()
        ours = before is signal.default_int_handler
        assert signal.getsignal(signal.SIGINT) is (signal.SIG_DFL if ours else before)
        undo()
        assert signal.getsignal(signal.SIGINT) is before
    finally:
        signal.signal(signal.SIGINT, found)


def test_in_other_threads_nothing_changes():
    seen = []
    thread = threading.Thread(target=lambda: seen.append(end_by_interrupts()()))
    thread.start()
    thread.join()
    assert seen == [None]


def raised(make):
    try:
        make()
    except BaseException as error:
        return error


def directly():
    raise KeyboardInterrupt


def as_its_cause():
    raise RuntimeError from KeyboardInterrupt()


def on_the_way():
    try:
        directly()
    finally:
        raise OSError


def another():
    raise RuntimeError from ValueError()


@pytest.mark.parametrize(
    ("make", "expected"),
    [(directly, True), (as_its_cause, True), (on_the_way, True), (another, False)],
)
def test_errors_that_come_of_ctrl_c_are_known(make, expected):
    assert is_interrupt(raised(make)) is expected
