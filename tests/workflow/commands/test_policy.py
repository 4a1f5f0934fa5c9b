"""`staleness run --policy`."""

import json

import pytest

from staleness.workflow.cli import main

SCHEDULE = ["--schedule", "asynchronous", "--processors", "4", "--epochs", "1"]


@pytest.fixture
def options(own_corpus, tmp_path):
    """The options that name a corpus of one's own."""
    paths = [f"--{split}={path}" for split, path in own_corpus.items()]
    return ["run", "ner", *paths, "--data", str(tmp_path / "data"), *SCHEDULE]


def test_a_policy_and_its_parameter(options, tmp_path, capsys):
    thetas = []
    for number, policy in enumerate(([], ["--policy", "inverse", "--exponent", "0.5"])):
        out = tmp_path / str(number)
        assert main([*options, *policy, "--out", str(out), "--json"]) == 0
        thetas.append(json.loads(capsys.readouterr().out)["theta_sha256"])
    assert thetas[0] != thetas[1]
    chosen = json.loads((out / "run.json").read_text())["configuration"]
    assert (chosen["policy"], chosen["policy_parameters"]) == ("inverse", {"exponent": 0.5})


def test_what_is_dropped_is_told(options, capsys):
    more = ["--policy", "drop", "--most-stale", "0", "--json"]
    assert main([*options, *more]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["dropped"] > 0
    assert summary["updates"] + summary["dropped"] == 15


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--policy", "inverse", "--most-stale", "3"], "'inverse' has no parameter 'most_stale'"),
        (["--exponent", "0.5"], "policy 'none' has no parameter 'exponent': it has none"),
        (["--policy", "inverse", "--exponent", "0"], "exponent must be above 0 and at most 10"),
        (["--policy", "inverse", "--exponent", "nan"], "exponent must be above 0 and at most 10"),
        (["--policy", "drop", "--most-stale", "-1"], "most_stale must be at least 0, not -1"),
        (["--policy", "drop", "--most-stale", "0.5"], "'most_stale' is a whole number, not 0.5"),
        (["--policy", "delay-adaptive", "--tolerance", "nan"], "tolerance must be at least 0"),
    ],
)
def test_what_makes_no_sense_is_one_line(options, more, said, capsys):
    assert main([*options, *more]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_policy_that_there_is_not_lists_those_there_are(options, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*options, "--policy", "hope"])
    assert ended.value.code == 2
    assert "invalid choice: 'hope'" in capsys.readouterr().err
