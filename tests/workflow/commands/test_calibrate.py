"""`staleness calibrate` on a corpus of toy size."""

import json

import pytest

from staleness.workflow.cli import main


@pytest.mark.slow
def test_it_writes_what_run_understands(tmp_path, own_corpus, monkeypatch, capsys):
    monkeypatch.setattr("staleness.algorithms.calibrate.REPEATS", 1)
    corpus = [f"--{split}={path}" for split, path in own_corpus.items()]
    assert main(["encode", "--name=toy", "--format=conll", *corpus, f"--data={tmp_path}"]) == 0
    encoded, path = tmp_path / "encoded" / "toy", tmp_path / "calibration.json"
    capsys.readouterr()
    assert main(["calibrate", "ner", f"--encoded={encoded}", f"--out={path}"]) == 0
    captured = capsys.readouterr()
    assert "ner, sgd\n  alone: calc " in captured.out
    assert ": single, P = 1, mini-batches of 256" in captured.err
    found = json.loads(path.read_text())["tasks"]["ner"]["sgd"]
    assert bool(found["shared"]) == (found["processors"] > 1)
    arguments = ["--schedule=asynchronous", "--processors=8", f"--calibration={path}"]
    assert main(["run", "ner", *arguments, f"--encoded={encoded}", "--epochs=1"]) == 0
    assert "own calibration" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["knitting"], "unknown task 'knitting': choose from ner"),
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
