import json

import pytest

from staleness.workflow.claims.judge import measured
from staleness.workflow.cli import main

from ..figures import toy


@pytest.fixture
def folders(tmp_path):
    return list(map(str, toy.family(tmp_path / "runs", seeds=6)))


def test_claims_are_printed_and_written(folders, tmp_path, capsys):
    out = tmp_path / "claims.json"
    assert main(["claims", *folders, "--out", str(out)]) == 0
    said = capsys.readouterr().out
    claims = json.loads(out.read_text())["claims"]
    assert [claim["number"] for claim in claims] == list(range(1, 11))
    first = claims[0]
    assert first["verdict"] == "reproduced"
    assert len(first["curves"]) == 18
    for claim in claims:
        assert f"{claim['number']}. {claim['statement'][:40]}" in said
    for part in first["parts"]:
        assert f"{part['name']}: {measured(part)}: reproduced" in " ".join(said.split())
    assert "no runs of single" in " ".join(said.lower().split())
    assert max(map(len, said.splitlines())) <= 100


def test_some_claims_and_runs_of_their_own(folders, tmp_path, capsys):
    out = tmp_path / "claims.json"
    shared = [folder for folder in folders if "single" in folder]
    own = [folder for folder in folders if "-4" in folder]
    named = ["--of", "delays", "--of", "schedules", *own]
    assert main(["claims", *shared, "--out", str(out), *named]) == 0
    first, other = json.loads(out.read_text())["claims"]
    assert (first["name"], first["verdict"]) == ("schedules", "reproduced")
    assert (other["name"], other["verdict"]) == ("delays", "undecided")


def test_a_claim_named_twice_has_the_runs_of_both(folders, tmp_path):
    out = tmp_path / "claims.json"
    single = [folder for folder in folders if "single" in folder]
    others = [folder for folder in folders if "single" not in folder]
    named = ["--of", "schedules", *single, "--of", "schedules", *others]
    assert main(["claims", "--out", str(out), *named]) == 0
    (claim,) = json.loads(out.read_text())["claims"]
    assert claim["verdict"] == "reproduced"


def test_same_runs_same_bytes(folders, tmp_path):
    for name, order in [("a", folders), ("b", folders[::-1])]:
        assert main(["claims", *order, "--out", str(tmp_path / name)]) == 0
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--of", "nope", "a"], "unknown claim 'nope': choose one of schedules,"),
        (["/nowhere"], "run"),
        ([], "no runs"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(arguments, said, tmp_path, capsys):
    out = tmp_path / "claims.json"
    assert main(["claims", "--out", str(out), *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith("staleness claims: ")
    assert said in error
    assert error.count("\n") == 1
    assert not out.exists()
