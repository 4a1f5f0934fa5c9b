"""Targets that were fixed beforehand."""

import json
from dataclasses import replace

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import measures, runs
from staleness.workflow.analysis.targets import Target, read

from ..claims.made_up import reaching
from ..figures import toy


@pytest.fixture
def corpus(tmp_path):
    """Return the folder of an encoded corpus, of which only the digest matters."""
    folder = tmp_path / "encoded"
    folder.mkdir()
    digest = toy.about()["corpus"]["digest"]
    (folder / "corpus.json").write_text(json.dumps({"digest": digest}))
    return str(folder)


def test_a_level_is_a_share_of_the_way():
    target = Target(-100.0, -20.0)
    assert target.level() == pytest.approx(-20.8)
    assert target.level(0.5) == -60.0


def test_runs_on_its_corpus_have_it(tmp_path, corpus):
    fixed = read([[corpus, "f1", "0.1", "0.5"]])
    other = {"corpus.digest": "e" * 64}
    folders = [
        toy.run(tmp_path / "a", values=[0, 0.2, 0.6]),
        toy.run(tmp_path / "b", "asynchronous", 2, values=[0, 0.2, 0.6], **other),
    ]
    mine, another = runs.load(folders, fixed)
    assert measures.way(mine, "f1") == Target(0.1, 0.5)
    assert measures.target(mine, "f1") == pytest.approx(0.496)
    assert measures.target(mine.at(0.5), "f1") == pytest.approx(0.3)
    # Of another corpus nothing was fixed: it is the way of these runs.
    assert measures.way(another, "f1") == Target(0.0, 0.6, fixed=False)


def test_that_of_some_seeds_is_that_of_all():
    cell = reaching("ner", "single", [100, 200, 300])
    curves = tuple({**c, "f1": c["f1"] * (1 + s / 10)} for s, c in enumerate(cell.curves))
    cell = replace(cell, curves=curves)
    one = cell.of_seeds([cell.seeds[-1]])
    assert measures.target(one, "f1") == measures.target(cell, "f1")
    assert measures.target(one.at(0.9), "f1") == measures.target(cell.at(0.9), "f1")
    assert measures.target(one.at(0.9), "f1") < measures.target(one, "f1")


@pytest.mark.parametrize("values", [("0", "much"), ("1", "1"), ("nan", "1"), ("0", "inf")])
def test_what_is_no_target_is_refused(corpus, values):
    with pytest.raises(StalenessError, match="expected two different numbers"):
        read([[corpus, "f1", *values]])


def test_a_folder_that_is_no_corpus_is_refused(tmp_path):
    with pytest.raises(StalenessError, match=r"no encoded corpus .* 'staleness encode'"):
        read([[str(tmp_path), "f1", "0", "1"]])
