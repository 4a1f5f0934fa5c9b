"""The wall clock's threads under ThreadSanitizer: no race but those that the algorithms mean."""

from contextlib import nullcontext

import pytest

from staleness.algorithms.configuration import SCHEDULES

from .threads import __main__ as command
from .threads.sanitizer import SUPPRESSIONS, Sanitizer, Unavailable, harness


@pytest.fixture(scope="module")
def built():
    """Return the harness, with the modules compiled once for all tests."""
    try:
        with harness() as made:
            yield made
    except Unavailable as reason:
        pytest.skip(str(reason))


@pytest.mark.slow
@pytest.mark.parametrize("schedule", sorted(SCHEDULES))
def test_no_race_but_those_meant(built, schedule):
    verdict = built.exercise(schedule)
    assert not verdict.reports, "\n\n".join(verdict.reports)
    assert not verdict.unused


@pytest.mark.slow
def test_it_runs_every_schedule(built):
    assert built.schedules() == sorted(SCHEDULES)


@pytest.mark.slow
def test_a_missing_lock_is_noticed(built):
    """Also where everything that `asynchronous` means is suppressed."""
    verdict = built.exercise("without-lock", suppressions="asynchronous")
    for function in (
        "crf_add_gradients",
        "decoded_add_differences",
        "hmm_add_nodes",
        "IBMModel1_add",
    ):
        assert any(function in report for report in verdict.reports)


@pytest.mark.slow
def test_a_reader_that_nobody_holds_back_is_noticed(built):
    """As from a barrier that does not hold: `asynchronous`, with nothing suppressed."""
    verdict = built.exercise("asynchronous", suppressions="synchronous")
    for function in (
        "linear_chain_score",
        "linear_chain_scale_transitions",
        "hmm_recursions_emit",
        "hmm_recursions_normalise",
        "model1_posteriors",
        "model1_rates",
    ):
        assert any(function in report for report in verdict.reports)


@pytest.mark.slow
def test_the_command_fails_for_a_race(built, monkeypatch, capsys):
    monkeypatch.setattr(command, "harness", lambda: nullcontext(built))
    assert command.main(["without-lock"]) == 1
    said = capsys.readouterr().out
    assert "WARNING: ThreadSanitizer: data race" in said
    assert said.splitlines()[-1].startswith("threads: failed, ")


def test_the_command_says_why_it_skips(monkeypatch, capsys):
    monkeypatch.setenv("CC", "no-such-compiler")
    assert command.main([]) == 0
    assert capsys.readouterr().out == "threads: skipped: no compiler 'no-such-compiler'\n"


def test_a_compiler_without_the_library(monkeypatch, tmp_path):
    compiler = tmp_path / "cc"
    compiler.write_text("#!/bin/sh\necho libtsan.so\n")
    compiler.chmod(0o755)
    monkeypatch.setenv("CC", str(compiler))
    with pytest.raises(Unavailable, match=r"has no libtsan\.so"):
        Sanitizer.find()


def test_suppressions_belong_to_schedules():
    assert {path.stem for path in SUPPRESSIONS.glob("*.txt")} <= set(SCHEDULES)
