"""What a person sees while the workflow runs."""

import io
import logging
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from snakemake.logging import ColorizingTextHandler
from snakemake_interface_logger_plugins.common import LogEvent

from staleness.workflow.planning import progress
from staleness.workflow.planning.progress import Estimate, Job, Progress, cause

NER = "conll2003-en.sgd.asynchronous.P4.m4.e10x8.simulated-paper.delay-2x-0.25-0123456789"
TAGGING = "brown.stepwise-em.single.P1.m4.e5x4.simulated-measured-0123456789"


def run(seed, task="ner", cell=NER, threads=1):
    return Job("run", {"task": task, "cell": cell, "seed": str(seed)}, threads, (task, cell))


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Watched:
    """A Progress with a clock that is set by hand, told what Snakemake tells."""

    def __init__(self, jobs, cores=2, stream=None):
        self.now = 100.0
        self.stream = stream or io.StringIO()
        self.progress = Progress(jobs, cores, self.stream, clock=lambda: self.now)

    def tell(self, event=None, msg=None, level=logging.INFO, **fields):
        record = logging.LogRecord("snakemake", level, "", 0, msg, (), None)
        vars(record).update(event=event, **fields)
        self.progress.handle(record)

    def start(self, number, job, shellcmd="x"):
        fields = {"rule_name": job.rule, "wildcards": job.wildcards, "shellcmd": shellcmd}
        self.tell(LogEvent.JOB_INFO, jobid=number, **fields)

    def finish(self, number):
        self.tell(LogEvent.JOB_FINISHED, job_id=number)

    @property
    def lines(self):
        return self.stream.getvalue().splitlines()


def test_job_in_a_few_words():
    assert str(run(2)) == (
        "ner conll2003-en sgd asynchronous P4 m4 e10x8 simulated-paper delay-2x-0.25, seed 2"
    )
    assert str(Job("figure", {"figure": "ideal"})) == "figure ideal"
    assert str(Job("claims", {})) == "claims"


def test_runs_are_of_a_kind_if_they_are_alike():
    assert run(1).kind == run(2).kind == ("run", "ner", NER)
    assert Job("figure", {"figure": "ideal"}).kind == ("figure", "ideal")


def test_each_line_says_how_much_is_done_and_how_long_the_rest_takes():
    jobs = [run(seed) for seed in range(4)]
    watched = Watched([*jobs, Job("report", {})])
    watched.start(1, jobs[0])
    watched.start(2, jobs[1])
    watched.now += 60
    watched.finish(1)
    # Of 60 s each: one is done but for nothing, two are left for two cores; the report is unknown
    # and taken for what all others are like.
    assert watched.lines == [f"[1/4 runs, about 90 s left] {jobs[0]}: 60 s"]
    watched.now += 6
    watched.finish(2)
    assert watched.lines[1] == f"[2/4 runs, about 94 s left] {jobs[1]}: 66 s"


def test_the_end_is_said():
    jobs = [run(0), Job("report", {})]
    watched = Watched(jobs)
    for number, job in enumerate(jobs):
        watched.start(number, job)
        watched.now += 4
        watched.finish(number)
    watched.start(3, Job("all", {}), shellcmd=None)
    watched.finish(3)
    assert watched.lines == [
        f"[1/1 runs] {jobs[0]}: 4.0 s",
        "[1/1 runs] report: 4.0 s",
        "2 jobs done in 8.0 s, 1 of them runs.",
    ]


def test_jobs_without_runs_are_counted_themselves():
    jobs = [Job("figure", {"figure": name}) for name in ("a", "b")]
    watched = Watched(jobs)
    watched.start(1, jobs[0])
    watched.now += 3
    watched.finish(1)
    assert watched.lines == ["[1/2 jobs, under 10 s left] figure a: 3.0 s"]


def test_failure_is_one_line_with_its_cause_and_log(tmp_path):
    log = tmp_path / "run.log"
    log.write_text("one\nstaleness run: train.txt:2: no label\n\n")
    watched = Watched([run(0)])
    watched.start(7, run(0))
    watched.tell(
        LogEvent.JOB_ERROR, "Error in rule run", logging.ERROR, jobid=7, rule_name="run", log=[log]
    )
    assert watched.lines == [f"FAILED: {run(0)}: staleness run: train.txt:2: no label (log: {log})"]


def test_failure_before_a_job_begins_is_in_the_log_of_the_cluster(tmp_path):
    log = tmp_path / "slurm.log"
    log.write_text("no node\n")
    watched = Watched([run(0)])
    watched.start(7, run(0))
    fields = {"jobid": 7, "rule_name": "run", "log": [tmp_path / "none.log", log]}
    watched.tell(LogEvent.JOB_ERROR, "Error in rule run", logging.ERROR, **fields)
    assert watched.lines == [f"FAILED: {run(0)}: no node (log: {log})"]


def test_warnings_and_what_stops_it_are_passed_on():
    watched = Watched([run(0)])
    watched.tell(msg="Select jobs to execute...")
    watched.tell(LogEvent.SHELLCMD, "Shell command: x")
    watched.tell(LogEvent.ERROR, "RuleException:\nCalledProcessError in x", logging.ERROR)
    assert watched.lines == []
    watched.tell(msg="Terminating processes on user request, this might take some time.")
    watched.tell(msg="disk full", level=logging.ERROR)
    assert len(watched.lines) == 2


def test_terminal_has_one_line_that_changes():
    watched = Watched([run(0), run(1)], stream=Terminal())
    watched.start(1, run(0))
    watched.start(2, run(1))
    watched.now += 5
    watched.finish(1)
    watched.tell(msg="disk full", level=logging.WARNING)
    said = watched.stream.getvalue()
    assert said.count("\n") == 1  # after the warning
    last = said.rpartition(progress.CLEAR)[2]
    assert last.startswith("[1/2 runs, under 10 s left] ner conll2003-en sgd asynchronous")
    watched.finish(2)
    assert watched.stream.getvalue().endswith(f"2 of them runs.\n{progress.CLEAR}")


def test_nothing_is_left_on_the_terminal_of_a_workflow_that_was_stopped():
    watched = Watched([run(0)], stream=Terminal())
    watched.start(1, run(0))
    watched.progress.close()
    assert watched.stream.getvalue().endswith(progress.CLEAR)


def test_unknown_kinds_are_taken_for_those_most_like_them():
    estimate = Estimate()
    assert estimate.of(run(0).kind) is None
    estimate.add(run(0, "tagging", TAGGING).kind, 9.0)
    assert estimate.of(run(0).kind) == 9.0
    estimate.add(run(0, cell=NER.replace("e10x8", "e1x1")).kind, 1.0)
    assert estimate.of(run(0).kind) == 1.0
    for seconds in (4.0, 100.0, 5.0):
        estimate.add(run(0).kind, seconds)
    assert estimate.of(run(7).kind) == 5.0
    assert estimate.of(("figure", "ideal")) == 5.0


def test_nothing_is_estimated_while_most_of_it_is_unknown():
    estimate = Estimate()
    estimate.add(("fetch", "brown"), 3.0)
    assert estimate.left([run(0), run(1), Job("fetch", {"corpus": "x"})], {}, 2) is None
    assert estimate.left([], {}, 2) is None


def test_a_job_on_all_cores_takes_its_whole_time():
    estimate = Estimate()
    estimate.add(run(0).kind, 10.0)
    assert estimate.left([run(1, threads=1)] * 2, {}, 2) == 10.0
    assert estimate.left([run(1, threads=2)] * 2, {}, 2) == 20.0
    assert estimate.left([run(1, threads=8)] * 2, {}, 2) == 20.0


@given(
    seconds=st.lists(st.floats(0.01, 1e4), min_size=1),
    count=st.integers(1, 20),
    elapsed=st.floats(0, 1e5),
    cores=st.integers(1, 8),
)
def test_estimate_lies_between_the_fastest_and_the_slowest(seconds, count, elapsed, cores):
    estimate = Estimate()
    for one in seconds:
        estimate.add(run(0).kind, one)
    jobs = [run(seed) for seed in range(count)]
    left = estimate.left(jobs, {}, cores)
    assert min(seconds) * count / cores * 0.999 <= left <= max(seconds) * count / cores * 1.001
    assert 0 <= estimate.left(jobs, {id(jobs[0]): elapsed}, cores) <= left


def test_cause_of_a_log_that_is_not_there(tmp_path):
    assert cause(None) is None
    assert cause(tmp_path / "none") is None
    (tmp_path / "empty").touch()
    assert cause(tmp_path / "empty") is None


@pytest.fixture
def shown(monkeypatch):
    """Return a function that has a workflow of one job shown, and its handlers before and after."""
    logger = logging.Logger("test")
    own = ColorizingTextHandler(stream=io.StringIO())
    logger.addHandler(own)
    monkeypatch.setattr(progress, "logger", logger)
    job = SimpleNamespace(
        rule=SimpleNamespace(name="figure", shellcmd="x"),
        wildcards_dict={"figure": "ideal"},
        threads=2,
    )
    experiment = SimpleNamespace(
        rule=SimpleNamespace(name="run", shellcmd="x"),
        wildcards_dict={"task": "ner", "cell": NER, "seed": "1"},
        threads=1,
    )
    target = SimpleNamespace(rule=SimpleNamespace(name="all", shellcmd=None))

    def show(local=True, **asked):
        settings = dict.fromkeys(["verbose", "printshellcmds", "debug_dag", "quiet"]) | asked
        progress.show(
            SimpleNamespace(
                output_settings=SimpleNamespace(**settings),
                dag=SimpleNamespace(needrun_jobs=lambda: iter([target, job, experiment])),
                cores=2,
                local_exec=local,
            ),
            lambda task, cell: (task, cell),
        )
        (handler,) = logger.handlers
        return own, handler

    return show


@pytest.mark.parametrize("asked", [None, "verbose", "printshellcmds", "debug_dag", "quiet"])
def test_snakemakes_own_output_is_replaced_unless_asked_for(asked, shown):
    value = {progress.Quietness.ALL} if asked == "quiet" else True
    own, handler = shown(**({asked: value} if asked else {}))
    if asked:
        assert handler is own
    else:
        assert isinstance(handler, Progress)
        assert list(map(str, handler.left)) == ["figure ideal", str(run(1))]
        assert handler.left[1].kind == run(1).kind
        assert handler.stream is own.stream


@pytest.mark.parametrize(("local", "cores"), [(True, 2), (False, None)])
def test_nobody_knows_the_cores_of_a_cluster(shown, local, cores):
    _, handler = shown(local)
    assert handler.cores == cores


def test_jobs_of_a_cluster_go_on_at_the_pace_so_far():
    jobs = [run(seed) for seed in range(5)]
    watched = Watched(jobs, cores=None)
    for number, job in enumerate(jobs):  # all are submitted at once, and wait
        watched.start(number, job)
    watched.now += 30
    watched.finish(0)
    watched.now += 10
    for number in range(1, 5):
        watched.finish(number)
    assert [line.partition("]")[0] for line in watched.lines[:5]] == [
        "[1/5 runs, about 2 min left",
        "[2/5 runs, about 60 s left",
        "[3/5 runs, about 27 s left",
        "[4/5 runs, about 10 s left",
        "[5/5 runs",
    ]
