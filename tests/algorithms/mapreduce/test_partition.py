"""Parts of a corpus."""

import pickle
from dataclasses import replace

import numpy as np
import pytest

from staleness.algorithms.build import source_digest
from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.counts import add
from staleness.algorithms.mapreduce.deal import EVERYTHING, Deal, Share
from staleness.algorithms.mapreduce.partition import MODELS, Partition, Place, part
from staleness.algorithms.mapreduce.theta import Theta

from .here import sent

HYPER_PARAMETERS = {"tagging": {"states": 4}, "alignment": {}}


def place_of(corpus, **changes):
    about = corpus.about
    seat = Deal(60, None, 3, 1).seats[0]
    where = str(corpus.folder), about["digest"], source_digest()
    place = Place(*where, about["task"], {}, 1, 0, 3, seat)
    return place._replace(**changes)


def test_every_task_has_a_model():
    assert sorted(MODELS) == sorted(TASKS)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("partitions", [1, 3, 100])
def test_parts_make_the_corpus(corpora, task, partitions):
    corpus, layout = corpora[task], TASKS[task].layout
    seats = Deal(60, None, partitions, 1).seats
    parts = [part(corpus, layout, k, len(seats), seat) for k, seat in enumerate(seats)]
    for name, whole in corpus.arrays.items():
        pieces = [one[name] for one in parts]
        if name.endswith("offsets"):
            assert all(piece[0] == 0 for piece in pieces)
            pieces, whole = [np.diff(piece) for piece in pieces], np.diff(whole)  # noqa: PLW2901
        np.testing.assert_array_equal(np.concatenate(pieces), whole)


def test_arrays_of_no_split_are_left_out(corpora):
    corpus = corpora["alignment"]
    more = replace(corpus, arrays=corpus.arrays | {"true.null": np.ones(3)})
    assert (
        "true.null"
        not in part(more, TASKS["alignment"].layout, 0, 1, Deal(60, 60, 1, 1).seats[0]).arrays
    )


@pytest.mark.parametrize("task", ["alignment", "tagging"])
def test_what_a_share_does_not_touch_changes_nothing(corpora, task):
    corpus = corpora[task]
    partition = Partition(place_of(corpus, hyper_parameters=HYPER_PARAMETERS[task]))
    if task == "alignment":
        partition = partition.locate(partition.keys())
    rows = partition.rows.max() + 1
    theta = np.random.default_rng(1).random((rows, 4 if task == "tagging" else 1))
    theta = (theta / theta.sum(axis=0)).astype(np.float32)
    # Of three mappers, this one has one of each three.
    shares = [partition.compute(Theta(theta), Share(0, 3 * k, 3 * k + 3)) for k in range(20)]
    turn = int(np.argmin([len(share.rows) for share in shares]))
    other = theta.copy()
    untouched = np.setdiff1d(np.arange(rows), shares[turn].rows)
    other[untouched] = 0.5
    again = partition.compute(Theta(other), Share(0, 3 * turn, 3 * turn + 3))
    assert len(untouched)
    np.testing.assert_array_equal(again.rows, shares[turn].rows)
    np.testing.assert_array_equal(again.values, shares[turn].values)
    # All shares make the whole.
    total, whole = add(shares), partition.compute(Theta(theta), EVERYTHING)
    np.testing.assert_allclose(total.dense(rows), whole.dense(rows), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("task", ["alignment", "tagging"])
def test_a_share_needs_the_rows_that_were_told_before(corpora, task):
    corpus = corpora[task]
    partition = Partition(place_of(corpus, hyper_parameters=HYPER_PARAMETERS[task]))
    if task == "alignment":
        partition = partition.locate(partition.keys())
    width = 4 if task == "tagging" else 1
    theta = np.random.default_rng(1).random((partition.rows.max() + 1, width), dtype=np.float32)
    share, after = Share(0, 48, 60), Share(1, 0, 12)
    first = partition.compute(Theta(theta), share, after)
    assert first.ahead.dtype == np.int32
    assert len(first.ahead) < len(theta)
    part = Theta(theta[first.ahead], first.ahead)
    found, expected = (partition.compute(some, after) for some in (part, Theta(theta)))
    assert found.ahead is None
    np.testing.assert_array_equal(found.rows, expected.rows)
    np.testing.assert_array_equal(found.values, expected.values)
    # Who is alone knows the rows, and leaves those of zeros in.
    found = partition.compute(Theta(part.values, for_one=True), after)
    assert found.rows is None
    assert found.values.dtype == np.float32
    dense = found._replace(rows=part.rows).dense(len(theta))
    np.testing.assert_array_equal(dense, expected.dense(len(theta)))
    # A job that was lost is done again, by a mapper that has gone on or by another.
    alone = Theta(part.values, for_one=True)
    following = Share(1, 12, 24)
    first, again, other = (
        one.compute(alone, after, following) for one in (partition, partition, sent(partition))
    )
    for more in (again, other):
        np.testing.assert_array_equal(more.values, first.values)
        np.testing.assert_array_equal(more.ahead, first.ahead)


def test_looking_rows_up_makes_no_model(corpora):
    partition = Partition(place_of(corpora["alignment"]))
    located = partition.locate(np.arange(partition.keys().max() + 1))
    assert located._model is partition._model
    assert located.rows is not partition.rows


def test_only_its_recipe_travels(corpora):
    corpus = corpora["alignment"]
    partition = Partition(place_of(corpus))
    partition = partition.locate(np.arange(partition.keys().max() + 1))
    sent = pickle.dumps(partition)
    assert len(sent) < 2000
    assert str(corpus.folder).encode() in sent
    again = pickle.loads(sent)  # noqa: S301
    assert again is not partition
    theta = np.full((partition.rows.max() + 1, 1), 0.5, dtype=np.float32)
    ours, others = (one.compute(Theta(theta), Share(0, 30, 60)) for one in (partition, again))
    np.testing.assert_array_equal(ours.rows, others.rows)
    np.testing.assert_array_equal(ours.values, others.values)
    assert ours.examples == 10


def test_another_corpus_is_refused(corpora, tmp_path):
    place = place_of(corpora["tagging"], digest="another")
    with pytest.raises(StalenessError, match="another corpus than the driver's: give a folder"):
        Partition(place)
    with pytest.raises(StalenessError, match="not an encoded corpus"):
        Partition(place._replace(folder=str(tmp_path)))


def test_another_version_of_the_project_is_refused(corpora):
    with pytest.raises(StalenessError, match="other sources of the project than the driver's"):
        Partition(place_of(corpora["tagging"], sources="another"))


def test_a_share_computed_again_is_the_same(corpora):
    corpus = corpora["tagging"]
    partition = Partition(place_of(corpus, hyper_parameters={"states": 4}))
    theta = np.full((corpus.about["words"] + 5, 4), 0.25, dtype=np.float32)
    theta[: corpus.about["words"]] = 1 / corpus.about["words"]
    shares = (Share(epoch, 0, 30) for epoch in (0, 1, 0))
    first, other, again = (partition.compute(Theta(theta), share) for share in shares)
    np.testing.assert_array_equal(first.values, again.values)
    assert not np.array_equal(first.values, other.values)
