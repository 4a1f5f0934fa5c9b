"""A workflow that cannot learn of its jobs on a cluster ends."""

import asyncio

import pytest
from snakemake.exceptions import WorkflowError

from staleness.algorithms.errors import StalenessError
from staleness.workflow.planning import cluster

DISABLED = 'echo "Slurm accounting storage\nis disabled" >&2; exit 1'


@pytest.fixture
def slurm(tmp_path, monkeypatch):
    """Return a function that puts commands on the path, given what each does."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def install(**commands):
        for name, does in commands.items():
            (tmp_path / name).write_text(f"#!/bin/sh\n{does}\n")
            (tmp_path / name).chmod(0o700)

    return install


def aged(seconds):
    return f'echo "MinJobAge               = {seconds} sec"'


@pytest.mark.parametrize(
    ("command", "age", "sacct"),
    [("squeue", 300, DISABLED), ("squeue", 200, DISABLED), ("sacct", 2, "true"), (None, 2, "true")],
)
def test_what_answers_will_do(slurm, command, age, sacct):
    slurm(squeue="true", scontrol=aged(age), sacct=sacct)
    cluster.check(command)


@pytest.mark.parametrize(
    ("command", "age", "sacct", "said"),
    [
        (
            *("sacct", 300, DISABLED),
            r"sacct: sacct does not answer \(Slurm accounting storage is disabled\), so that "
            r"Snakemake would wait for jobs for ever: take --slurm-status-command squeue$",
        ),
        (
            *("squeue", 60, "true"),
            r"squeue forgets jobs 60 s after their end \(MinJobAge, 200 needed\).*: take "
            r"--slurm-status-command sacct$",
        ),
        (
            *("squeue", 60, DISABLED),
            r"the same holds for sacct \(sacct does not answer .*: see docs/cluster\.md$",
        ),
    ],
)
def test_what_would_wait_for_ever_is_refused(slurm, command, age, sacct, said):
    slurm(squeue="true", scontrol=aged(age), sacct=sacct)
    with pytest.raises(StalenessError, match=said):
        cluster.check(command)


def test_a_command_that_is_not_there_does_not_answer(slurm):
    slurm(squeue="true", scontrol=aged(300))
    with pytest.raises(StalenessError, match=r"sacct does not answer \(.*No such file.*squeue$"):
        cluster.check("sacct")


# ---- while jobs run -----------------------------------------------------------------------------


class Executor:
    """One that reports the jobs that it is told have ended, and forgets all if nobody answers."""

    def __init__(self):
        self.answers, self.ended, self.done = True, set(), []

    def report_job_success(self, job):
        self.done.append(job)

    def report_job_error(self, job, msg=None):
        self.done.append(f"{job}: {msg}")

    async def check_active_jobs(self, active_jobs):
        for job in active_jobs if self.answers else ():
            if job == "wrong":
                self.report_job_error(job, msg="it failed")
            elif job in self.ended:
                self.report_job_success(job)
            else:
                yield job


class Asked:
    """Asks an executor as Snakemake does, by a clock of its own."""

    def __init__(self, patience):
        self.executor, self.now, self.active = Executor(), 0.0, ["a", "b", "wrong"]
        cluster.keep_asking(self.executor, patience, clock=lambda: self.now)

    def ask(self, answers=True, after=60.0):
        self.now += after
        self.executor.answers = answers

        async def collect():
            return [job async for job in self.executor.check_active_jobs(self.active)]

        self.active = asyncio.run(collect())
        return self.active


def test_no_job_is_forgotten_where_nobody_answers(caplog):
    asked = Asked(patience=100.0)
    assert asked.ask() == ["a", "b"]
    assert asked.executor.done == ["wrong: it failed"]
    for _ in range(5):
        assert asked.ask(answers=False) == ["a", "b"]
        assert asked.ask() == ["a", "b"]
    assert asked.ask(answers=False) == ["a", "b"]
    asked.executor.ended = {"a", "b"}
    assert asked.ask() == []
    assert asked.executor.done == ["wrong: it failed", "a", "b"]


def test_it_ends_where_nobody_answers_for_long():
    asked = Asked(patience=120.0)
    for _ in range(3):
        assert asked.ask(answers=False) == ["a", "b", "wrong"]
    with pytest.raises(WorkflowError, match=r"for 2 min .* what has become of 3 jobs: end them"):
        asked.ask(answers=False)
