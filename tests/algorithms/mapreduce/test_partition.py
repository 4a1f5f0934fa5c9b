"""Parts of a corpus."""

import pickle

import numpy as np
import pytest

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.partition import MODELS, Partition, Place, part
from staleness.algorithms.run import TASKS


def place_of(corpus, **changes):
    about = corpus.about
    place = Place(str(corpus.folder), about["digest"], about["task"], {}, 1, 0, 3)
    return place._replace(**changes)


def test_every_task_has_a_model():
    assert sorted(MODELS) == sorted(TASKS)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("partitions", [1, 3, 100])
def test_parts_make_the_corpus(corpora, task, partitions):
    corpus, layout = corpora[task], TASKS[task].layout
    parts = [part(corpus, layout, k, partitions) for k in range(partitions)]
    for name, whole in corpus.arrays.items():
        pieces = [one[name] for one in parts]
        if name.endswith("offsets"):
            assert all(piece[0] == 0 for piece in pieces)
            pieces, whole = [np.diff(piece) for piece in pieces], np.diff(whole)  # noqa: PLW2901
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_only_its_recipe_travels(corpora):
    corpus = corpora["alignment"]
    partition = Partition(place_of(corpus))
    partition.locate(np.arange(partition.keys().max() + 1))
    sent = pickle.dumps(partition)
    assert len(sent) < 2000
    assert str(corpus.folder).encode() in sent
    again = pickle.loads(sent)  # noqa: S301
    assert again is not partition
    theta = np.full((partition.rows.max() + 1, 1), 0.5, dtype=np.float32)
    ours, others = (one.compute(theta, 0, 1, 2) for one in (partition, again))
    np.testing.assert_array_equal(ours.rows, others.rows)
    np.testing.assert_array_equal(ours.values, others.values)
    assert ours.examples == 10


def test_another_corpus_is_refused(corpora, tmp_path):
    place = place_of(corpora["tagging"], digest="another")
    with pytest.raises(StalenessError, match="another corpus than the driver's: give a folder"):
        Partition(place)
    with pytest.raises(StalenessError, match="not an encoded corpus"):
        Partition(place._replace(folder=str(tmp_path)))


def test_a_share_computed_again_is_the_same(corpora):
    corpus = corpora["tagging"]
    partition = Partition(place_of(corpus, hyper_parameters={"states": 4}))
    theta = np.full((corpus.about["words"] + 5, 4), 0.25, dtype=np.float32)
    theta[: corpus.about["words"]] = 1 / corpus.about["words"]
    first, other, again = (partition.compute(theta, epoch, 0, 2) for epoch in (0, 1, 0))
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
