"""`staleness verify` on made-up runs."""

import json

import pytest

from staleness.workflow.cli import main
from staleness.workflow.store import record, reference

from ..figures import toy

THETA = {"theta_sha256": "e" * 64}
CELLS = [("single", 1), ("asynchronous", 4)]


@pytest.fixture
def results(tmp_path):
    """Return a folder with the runs of two cells and seeds."""
    folder = tmp_path / "results"
    toy.family(folder / "runs" / "ner", seeds=2, cells=CELLS, **THETA)
    return folder


@pytest.fixture
def verify(results, tmp_path, capsys):
    """Return a function that calls the command, its reference made of the results as they are."""
    path = tmp_path / "reference" / "toy.json"

    def call(*more):
        place = [f"--results={results}", f"--reference={path}"]
        status = main(["verify", *place, *map(str, more)])
        said = capsys.readouterr()
        return status, said.out.splitlines(), said.err

    assert call("--write") == (0, [f"4 runs written to {path}"], "")
    call.path = path
    return call


def run_folder(results, cell="asynchronous-4", seed=1):
    return results / "runs" / "ner" / cell / f"seed-{seed}"


def change(folder, **changes):
    """Write a run anew, with some of run.json changed, or its curve by "scale.<column>"."""
    about, curve = record.read_about(folder), record.read_curve(folder)
    for name, value in changes.items():
        section, _, key = name.partition(".")
        if section == "scale":
            curve[key] = curve[key] * value
        elif key:
            about[section][key] = value
        else:
            about[section] = value
    for path in folder.iterdir():
        path.unlink()
    folder.rmdir()
    toy.write(folder, about, curve)


def test_the_same_runs_are_identical(verify):
    assert verify() == (0, ["4 of 4 identical"], "")


def test_other_digits_than_the_points_have_still_differ(verify, results):
    change(run_folder(results), **{"scale.f1": 1 + 1e-12})
    status, said, _ = verify()
    assert status == 1
    assert said == [
        "ner/asynchronous-4/seed-1: differs: metric by less than 1e-05, time by less than 1e-05 "
        "of the largest",
        "likely cause: another machine or compiler: corpora and sources are the reference's",
        "3 of 4 identical",
    ]


def test_it_says_by_how_much_a_run_differs(verify, results):
    change(run_folder(results), **{"scale.f1": 1.01, "scale.time_s": 0.75})
    status, said, _ = verify()
    assert status == 1
    assert "metric by 1.0e-02, time by 2.5e-01 of the largest" in said[0]


def test_a_column_that_no_point_shows_counts(verify, results):
    change(run_folder(results), **{"scale.updates": 2})
    status, said, _ = verify()
    assert (status, said[-1]) == (1, "3 of 4 identical")


def test_theta_counts(verify, results):
    change(run_folder(results), theta_sha256="f" * 64)
    status, said, _ = verify()
    assert status == 1
    assert said[0] == "ner/asynchronous-4/seed-1: differs: theta differs, the curve does not"


def test_missing_and_new_runs_are_named(verify, results):
    run_folder(results).rename(run_folder(results, seed=7))
    status, said, _ = verify()
    assert status == 1
    assert said == [
        "ner/asynchronous-4/seed-1: missing: only the reference has it",
        "ner/asynchronous-4/seed-7: new: the reference does not have it",
        "3 of 4 identical",
    ]


def test_one_seed_more_is_no_failure(verify, results):
    toy.family(results / "runs" / "tagging", "tagging", seeds=1, cells=CELLS, **THETA)
    status, said, _ = verify()
    assert (status, len(said), said[-1]) == (0, 3, "4 of 4 identical")


def test_only_the_named_runs_are_compared(verify, results):
    run_folder(results, seed=9).mkdir()
    status, said, _ = verify(run_folder(results), run_folder(results, seed=0))
    assert (status, said[-1]) == (1, "2 of 4 identical")


def test_what_was_written_can_be_compared_later(verify, results, tmp_path, capsys):
    change(run_folder(results), **{"scale.f1": 0.9})
    digests = tmp_path / "digests.json"
    folders = [run_folder(results), run_folder(results, seed=0)]
    assert main(["verify", "--write", f"--reference={digests}", *map(str, folders)]) == 0
    capsys.readouterr()
    assert verify(f"--digests={digests}") == verify(*folders)
    assert verify(f"--digests={digests}")[1][-1] == "1 of 4 identical"


def test_the_wall_clock_is_skipped(verify, results):
    wall = {"configuration.clock": "wall", **THETA}
    own = {"configuration.calibration": "results/calibration.json", **THETA}
    toy.family(results / "runs" / "wall", seeds=2, cells=CELLS, **wall)
    toy.family(results / "runs" / "own", seeds=1, cells=CELLS, **own)
    status, said, _ = verify()
    assert status == 0
    assert said[0].startswith("6 not compared: on the wall clock, or with a calibration")
    assert said[1:] == ["4 of 4 identical"]


def test_another_corpus_is_the_likely_cause(verify, results):
    changes = {"scale.f1": 0.9, "corpus.digest": "b" * 64}
    change(run_folder(results), **changes)
    _, said, _ = verify()
    assert said[1] == "likely cause: other arrays of toy-corpus than the reference's"


def test_other_sources_are_the_likely_cause(verify, results):
    for cell, processors in CELLS:
        for seed in (0, 1):
            folder = run_folder(results, f"{cell}-{processors}", seed)
            change(folder, **{"versions.sources": "f" * 64})
    assert verify()[:2] == (0, ["4 of 4 identical"]), "not a difference by itself"
    change(run_folder(results), **{"scale.f1": 0.9})
    assert verify()[1][1].startswith("likely cause: other sources in kernels/ or algorithms/")


def test_what_cannot_be_compared_is_one_line(verify, results, tmp_path):
    def error(*more):
        status, said, err = verify(*more)
        assert (status, said, err.count("\n")) == (1, [], 1)
        return err

    assert "no runs on the simulated clock: run the workflow" in error(f"--results={tmp_path}")
    assert "not a run" in error(tmp_path)
    change(run_folder(results), **{"versions.sources": "f" * 64})
    assert "the runs are of 2 builds" in error()
    change(run_folder(results), **{"versions.sources": "d" * 64})
    head = '"build": "b", "skipped": 0, "corpora": {}'
    runs = ('{"format": 0, %s, "runs": {}}', '{"format": 2, %s, "runs": {"a": {}}}')
    for broken in ("[]", "{", '{"format": 2, "runs": {}}', *(text % head for text in runs)):
        verify.path.write_text(broken)
        assert "toy.json: not a reference (" in error()
    verify.path.unlink()
    assert "make one with 'staleness verify --write'" in error()


def test_a_reference_has_a_line_a_run_and_few_points(verify, results):
    lines = verify.path.read_text().splitlines()
    assert sum(line.startswith('"ner/') for line in lines) == 4
    found = json.loads(verify.path.read_text())
    assert found == reference.describe(reference.find(results))
    for name, run in found["runs"].items():
        curve = record.read_curve(results / "runs" / name)
        points = run["points"]
        assert len(points) == reference.POINTS < len(curve["time_s"])
        for (time, metric), row in ((points[0], 0), (points[-1], -1)):
            assert time == pytest.approx(curve["time_s"][row], rel=1e-5)
            assert metric == pytest.approx(curve["f1"][row], rel=1e-5)


def test_nothing_that_is_identical_is_no_reproduction():
    assert not reference.Comparison([], {}, [], ["ner/a/seed-0"], []).holds
    assert reference.Comparison(["ner/a/seed-0"], {}, [], [], []).holds
