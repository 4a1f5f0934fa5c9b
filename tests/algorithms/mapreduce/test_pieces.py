"""Batch EM piece by piece: what it is in one piece."""

import numpy as np
import pytest

from staleness.algorithms.configuration import UPDATES
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.pieces import Pieces

from .here import Here
from .test_driver import CLOSE, EPOCHS, SEED, TASKS, alone


def pieces_of(corpus, pieces, folder, **changes):
    task = corpus.about["task"]
    return Pieces(
        Here(),
        TASKS[task].configure({"states": 5} if task == "tagging" else {}),
        UPDATES["em"](**changes).rule(),
        corpus,
        seed=SEED,
        mappers=3,
        reducers=1,
        pieces=pieces,
        folder=folder,
    )


@pytest.mark.parametrize("pieces", [1, 2, 5])
@pytest.mark.parametrize("smoothing", [0.0, 0.25])
def test_pieces_learn_what_the_whole_does(corpora, tmp_path, pieces, smoothing):
    corpus = corpora["alignment"]
    expected = alone(corpus, "em", smoothing=smoothing)
    found = pieces_of(corpus, pieces, tmp_path, smoothing=smoothing)
    curve = [found.judge()["log_likelihood"]]
    for _ in range(EPOCHS):
        traces = list(found.iterate())
        assert len(traces) == pieces
        assert sum(trace["work"].sum() for trace in traces) == alone_work(corpus)
        curve.append(found.judge()["log_likelihood"])
    np.testing.assert_allclose(curve, expected.curve["log_likelihood"], rtol=CLOSE)
    assert len(list(tmp_path.iterdir())) == pieces


def alone_work(corpus):
    """Return the cells of all pairs of sentences, in both directions."""
    source, target = (np.diff(corpus[f"train.{side}_offsets"]) for side in ("source", "target"))
    return ((source + 1) * target + (target + 1) * source).sum()


def test_a_model_that_cannot_be_cut_is_refused(corpora, tmp_path):
    with pytest.raises(StalenessError, match="cannot be cut into pieces"):
        list(pieces_of(corpora["tagging"], 2, tmp_path).iterate())
