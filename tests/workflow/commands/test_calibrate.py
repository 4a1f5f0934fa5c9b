"""`staleness calibrate` on a corpus of toy size."""

import json

import pytest

from staleness.algorithms.configuration import UPDATES
from staleness.algorithms.costs import Costs
from staleness.workflow.cli import main
from staleness.workflow.store.findings import GOOD, WARNING, Finding


@pytest.fixture
def encoded(tmp_path, own_corpus, capsys):
    """Return the folder of an encoded corpus."""
    corpus = [f"--{split}={path}" for split, path in own_corpus.items()]
    assert main(["encode", "--name=toy", "--format=conll", *corpus, f"--data={tmp_path}"]) == 0
    capsys.readouterr()
    return tmp_path / "encoded" / "toy"


@pytest.fixture(autouse=True)
def findings(monkeypatch):
    """Return what `doctor` finds, a list to be changed, whatever the machine is doing."""
    found = [Finding("load", "0.10", GOOD), Finding("turbo", "on", WARNING, "turn it off")]
    monkeypatch.setattr("staleness.workflow.commands.calibrate.examine", lambda: found)
    return found


@pytest.mark.slow
def test_it_writes_what_run_understands(tmp_path, encoded, monkeypatch, capsys):
    monkeypatch.setattr("staleness.workflow.machine.calibrate.ROUNDS", 1)
    path = tmp_path / "calibration.json"
    arguments = ["calibrate", "ner", "--update=sgd", f"--encoded={encoded}", f"--out={path}"]
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "ner, sgd\n  alone: compute " in captured.out
    assert captured.out.count(" (R2 ") == 2 * captured.out.count("update ")
    assert captured.out.count(" of that)") == 2 * captured.out.count("update ")
    assert captured.err.startswith("machine: fit with 1 warning (turbo)\n")
    assert ": single, P = 1, mini-batches of 256" in captured.err
    found = json.loads(path.read_text())["tasks"]["ner"]
    assert found.keys() == {"sgd"}
    assert found["sgd"]["rounds"] == 1
    assert found["sgd"]["doctor"] == {
        "conclusion": "fit with 1 warning (turbo)",
        "warnings": {"turbo": "on"},
        "disturbing": [],
    }
    assert bool(found["sgd"]["shared"]) == (found["sgd"]["processors"] > 1)
    arguments = ["--schedule=asynchronous", "--processors=8", f"--calibration={path}"]
    assert main(["run", "ner", *arguments, f"--encoded={encoded}", "--epochs=1"]) == 0
    assert "own calibration" in capsys.readouterr().out


def test_rules_go_into_one_file(tmp_path, encoded, monkeypatch, capsys):
    """One by one, or all at once; what is not measured again stays."""
    monkeypatch.setattr(
        "staleness.workflow.commands.calibrate.calibrate",
        lambda task, update, *_, **_more: measured(f"{task}, {update}"),
    )
    path = tmp_path / "calibration.json"

    def costs_after(*arguments):
        assert main(["calibrate", "ner", f"--encoded={encoded}", f"--out={path}", *arguments]) == 0
        capsys.readouterr()
        tasks = json.loads(path.read_text())["tasks"]
        assert tasks.keys() == {"ner"}
        return {update: found["corpus"] for update, found in tasks["ner"].items()}

    assert costs_after("--update=lbfgs") == {"lbfgs": "ner, lbfgs"}
    assert costs_after("--update=sgd") == {"sgd": "ner, sgd"}
    both = {"sgd": "ner, sgd", "lbfgs": "ner, lbfgs"}
    assert costs_after("--update=lbfgs", "--merge") == both
    assert costs_after("--update=sgd", "--merge") == both
    assert costs_after("--update=sgd", "--update=lbfgs") == both
    everything = {name: f"ner, {name}" for name, rule in UPDATES.items() if "ner" in rule.tasks}
    assert costs_after() == everything
    assert everything.items() >= both.items()


def measured(what):
    """Return a fit without any measurement."""
    fits = {"r2": None, "residuals": [1.0, 1.0, 1.0], "left_out": 0.0}
    about = {"processors": 1, "shared": {}, "corpus": what, "rounds": 5, "doctor": None}
    return {"costs": Costs(compute_work=1e-6)._asdict(), "compute": fits, "update": fits, **about}


def test_a_machine_that_is_not_quiet_is_measured_only_if_one_insists(
    tmp_path, encoded, findings, monkeypatch, capsys
):
    made = []
    monkeypatch.setattr(
        "staleness.workflow.commands.calibrate.calibrate",
        lambda task, update, *_, doctor, **_more: made.append(doctor) or measured(update),
    )
    findings[0] = Finding("load", "1.68", WARNING, "wait")
    path = tmp_path / "calibration.json"
    arguments = ["calibrate", "ner", "--update=sgd", f"--encoded={encoded}", f"--out={path}"]
    assert main(arguments) == 1
    error = capsys.readouterr().err
    assert "this machine is not quiet (load 1.68)" in error
    assert "--insist" in error
    assert error.count("\n") == 1
    assert not path.exists()
    assert not made
    assert main([*arguments, "--insist"]) == 0
    assert [one["disturbing"] for one in made] == [["load"]]
    assert path.exists()


def test_it_looks_before_it_measures(tmp_path, encoded, monkeypatch, capsys):
    monkeypatch.setattr("staleness.workflow.commands.calibrate.calibrate", None)
    path = tmp_path / "calibration.json"
    path.write_text("[]")
    arguments = ["calibrate", "ner", f"--encoded={encoded}", f"--out={path}", "--merge"]
    assert main(arguments) == 1
    assert "not a calibration file" in capsys.readouterr().err
    assert path.read_text() == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["knitting"], "unknown task 'knitting': choose from alignment, ner"),
        (["ner", "ner", "--encoded", "somewhere"], "--encoded is for one task: name it"),
    ],
)
def test_what_it_does_not_understand(tmp_path, arguments, said, capsys):
    path = tmp_path / "calibration.json"
    assert main(["calibrate", *arguments, "--out", str(path)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not path.exists()
