"""How long the workflow took, from records as Snakemake writes them."""

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.workflow.analysis import runs
from staleness.workflow.report.build import typeset
from staleness.workflow.report.content import content
from staleness.workflow.report.jobs import Job, elapsed, read

from ..figures import toy


class Records:
    """A folder of results with Snakemake's records of them."""

    def __init__(self, folder):
        self.results = folder / "results"
        self.folder = folder / "metadata"
        self.folders = toy.family(self.results / "runs", seeds=1)
        self.cells = runs.load(self.folders)
        for number, place in enumerate(self.folders):
            for name in ("run.json", "curve.parquet"):
                self.add(place / name, "run", 100 + number, 102 + number)

    def add(self, output, rule, start, end, most=200, inputs=()):
        coded = base64.urlsafe_b64encode(str(output).encode()).decode()
        parts = [coded[i : i + most] for i in range(0, len(coded), most)]
        path = self.folder.joinpath(*(f"@{part}" for part in parts[:-1]), parts[-1])
        path.parent.mkdir(parents=True, exist_ok=True)
        command = f"{rule} {output if rule == 'run' else ''}"
        about = {"rule": rule, "starttime": start, "endtime": end, "shellcmd": command}
        about["input"] = list(map(str, inputs))
        path.write_text(json.dumps(about))
        return path

    def made(self, name, rule, start, end, **more):
        """Add a file of the results, and return its path."""
        path = self.results / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("")
        self.add(path, rule, start, end, **more)
        return path

    def read(self, *others):
        return read(self.folder, self.cells, others)


@pytest.fixture
def records(tmp_path):
    return Records(tmp_path)


def test_jobs_are_counted_once_whatever_they_leave(records):
    jobs = records.read()
    assert [job.rule for job in jobs] == ["run"] * 4
    assert sum(job.seconds for job in jobs) == 8
    assert elapsed(jobs) == 5


def test_outputs_of_one_job_end_one_after_another(records):
    for end, name in ((202, "f.pdf"), (203, "f.svg"), (201, "f.json")):
        figure = records.made(name, "figure", 200, end)
    (job,) = [job for job in records.read(figure) if job.rule == "figure"]
    assert job.seconds == 3


def test_what_is_not_of_the_report_is_left_out(records):
    """Another configuration may have left its files in the same folder."""
    other = toy.run(records.results / "other-runs" / "x")
    corpus = records.made("other.json", "encode", 0, 50)
    records.add(other / "run.json", "run", 0, 50, inputs=[corpus])
    records.made("figure.json", "figure", 0, 50)
    deleted = records.results / "deleted.json"
    records.add(deleted, "figure", 0, 50)
    kept = records.made(f"{'long' * 30}/claims.json", "claims", 200, 203, most=40)
    (records.folder / "not base64!").write_text("{}")
    assert [job.rule for job in records.read(kept, deleted)] == [*["run"] * 4, "claims"]


def test_what_runs_were_made_of_is_counted(records):
    text = records.made("source.json", "fetch", 0, 10)
    corpus = records.made("corpus.json", "encode", 10, 11, inputs=[text])
    for number, place in enumerate(records.folders):
        for name in ("run.json", "curve.parquet"):
            records.add(place / name, "run", 100 + number, 102 + number, inputs=[corpus])
    assert [job.rule for job in records.read()] == ["fetch", "encode", *["run"] * 4]


@pytest.mark.parametrize("broken", ["", "{}", '{"rule": "run", "starttime": null, "endtime": 1}'])
def test_nothing_is_said_of_runs_made_elsewhere(records, broken):
    records.add(records.folders[0] / "run.json", "run", 1, 2).write_text(broken)
    assert records.read() == []


def test_no_records_at_all(records, tmp_path):
    assert read(tmp_path / "none", records.cells) == []


def test_the_report_says_it(records):
    data = content(records.cells, jobs=records.read())
    told = {"count": 4, "kinds": "4 run", "elapsed": "5.0 s", "total": "8.0 s"}
    assert data["effort"]["jobs"] == told
    assert typeset(data, {}).startswith(b"%PDF-")
    assert content(records.cells)["effort"]["jobs"] is None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 20)), max_size=20))
def test_elapsed_is_the_time_in_which_any_ran(spans):
    jobs = [Job(start, start + length, "run") for start, length in spans]
    ticks = {tick for start, length in spans for tick in range(start, start + length)}
    assert elapsed(jobs) == len(ticks)
