"""What holds for every synthetic corpus that there is."""

import json

import numpy as np
import pytest

from staleness.algorithms.arrays import load
from staleness.algorithms.configuration import TASKS
from staleness.workflow.cli import main
from staleness.workflow.corpora import registry, synthetic
from staleness.workflow.corpora.encode import ensure

MODELS = synthetic.models()
# What was sampled once is sampled for ever, on every machine.
DIGESTS = {
    "synthetic-alignment": "8394da48e00b8a7ce8c980403851db2f28563ccb55321f74deda2795f8e89484",
    "synthetic-ner": "953393ee3ee78020b198897a55d24881d96af9bb953186b18007fc2c609d7867",
    "synthetic-tagging": "53be1911cf16ba65b4369a6b6eeba070c77aa35c316ef55409ba56769a928b26",
}


def test_there_is_one_for_every_task():
    assert {model.name for model in MODELS.values()} == set(TASKS)
    assert {f"synthetic-{model.name}" for model in MODELS.values()} == set(MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_it_is_registered(name, capsys):
    entry = registry.entry(name)
    assert (entry.task, entry.encoder) == (MODELS[name].name, MODELS[name])
    assert entry.members == {}
    assert main(["corpora", name]) == 0
    assert "made here" in capsys.readouterr().out
    assert main(["fetch", name]) == 1
    assert f"make it with 'staleness encode {name}'" in capsys.readouterr().err


@pytest.mark.parametrize("name", MODELS)
def test_the_same_bytes_for_ever(tmp_path, name):
    made = ensure(name, data=tmp_path, options={"examples": 100})
    assert made.folder == tmp_path / "encoded" / f"{name}.first-100"
    assert made.about["digest"] == DIGESTS[name]
    assert not ensure(name, data=tmp_path, options={"examples": 100}).made
    assert made.about["corpus"] == name
    assert (made.about["sources"], made.about["text_format"]) == ({}, None)
    assert not (tmp_path / "corpora").exists()


def sentences(folder, array, texts):
    """Return the words of every sequence of an array, by their names."""
    corpus = load(folder)
    names = np.array((folder / texts).read_text().split("\n")[:-1])
    prefix = "source_" if array == "source" else ""
    offsets = corpus["train.feature_offsets" if array == "features" else f"train.{prefix}offsets"]
    return np.split(names[corpus[f"train.{array}"]], offsets[1:-1])


@pytest.mark.parametrize(
    ("name", "array", "texts"),
    [
        ("synthetic-alignment", "source", "source-words.txt"),
        ("synthetic-ner", "features", "features.txt"),
        ("synthetic-tagging", "words", "words.txt"),
    ],
)
def test_blocks_are_joined_and_a_smaller_one_begins_a_larger(
    tmp_path, monkeypatch, name, array, texts
):
    monkeypatch.setattr(synthetic, "BLOCK", 16)
    found = {}
    for examples in (20, 40):
        folder = tmp_path / str(examples)
        ensure(name, folder=folder, options={"examples": examples})
        found[examples] = sentences(folder, array, texts)
    assert len(found[20]) >= 20
    for smaller, larger in zip(found[20], found[40], strict=False):
        assert smaller.tolist() == larger.tolist()
    assert found[20][0].tolist() != found[20][16].tolist()


@pytest.mark.parametrize("name", MODELS)
def test_it_can_be_learned_from(tmp_path, name, capsys):
    task = MODELS[name].name
    arguments = ["--schedule", "single", "--epochs", "2", "--evaluations", "1", "--clock", "wall"]
    arguments += ["--corpus", name, "--examples", "300", "--data", str(tmp_path), "--json"]
    likelihoods = []
    for epochs in ("1", "3"):
        assert main(["run", task, *arguments, "--epochs", epochs]) == 0
        metrics = json.loads(capsys.readouterr().out)["metrics"]
        likelihoods.append(metrics["log_likelihood"])
    assert likelihoods[0] < likelihoods[1]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--lower-case"], "no option 'lower_case' for this corpus of task tagging: choose from"),
        (["--states", "0"], "states is 0: expected an integer of at least 1"),
        (["--examples", "0"], "examples is 0"),
    ],
)
def test_options_that_make_no_sense(tmp_path, options, said, capsys):
    arguments = ["encode", "synthetic-tagging", "--data", str(tmp_path), *options]
    assert main(arguments) == 1
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
