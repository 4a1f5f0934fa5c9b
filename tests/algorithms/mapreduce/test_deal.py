"""Which examples a job has."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from staleness.algorithms.mapreduce.deal import EVERYTHING, Deal

SIZES = {
    "examples": st.integers(1, 300),
    "mini_batch_size": st.none() | st.integers(1, 400),
    "mappers": st.integers(1, 30),
    "jobs_in_flight": st.integers(1, 8),
}


def parts_of(deal, number):
    """Return the seats of a job's mappers, and where their parts of it begin and end."""
    seats = deal.seats[deal.group(number) :: deal.groups]
    return [(seat, *seat.own(deal.share(number))) for seat in seats]


@given(**SIZES)
def test_every_mini_batch_has_m_examples_but_the_last(
    examples, mini_batch_size, mappers, jobs_in_flight
):
    deal = Deal(examples, mini_batch_size, mappers, jobs_in_flight)
    size = min(mini_batch_size or examples, examples)
    assert deal.mappers == min(mappers, size)
    assert 1 <= deal.groups <= jobs_in_flight
    assert len(deal.seats) == deal.mappers * deal.groups
    for epoch in range(2):
        seen, jobs = [], []
        for number in range(epoch * deal.jobs, (epoch + 1) * deal.jobs):
            parts = parts_of(deal, number)
            counts = [end - begin for _, begin, end in parts]
            # As evenly as can be.
            assert len(counts) == deal.mappers
            assert max(counts) - min(counts) <= 1
            assert deal.share(number).epoch == epoch
            jobs.append(sum(counts))
            for seat, begin, end in parts:
                seen += range(seat.begin + begin, seat.begin + end)
        # Each job a whole mini-batch, one may be short, none is empty.
        assert jobs[:-1] == [size] * (len(jobs) - 1)
        assert 1 <= jobs[-1] <= size
        assert sorted(seen) == list(range(examples))


@given(**SIZES)
def test_partitions_make_the_corpus_and_none_is_empty(
    examples, mini_batch_size, mappers, jobs_in_flight
):
    seats = Deal(examples, mini_batch_size, mappers, jobs_in_flight).seats
    assert [seats[0].begin, *(seat.end for seat in seats)] == [
        *(seat.begin for seat in seats),
        examples,
    ]
    for seat in seats:
        assert seat.begin < seat.end
        assert seat.own(EVERYTHING) == (0, seat.end - seat.begin)


@given(**SIZES)
def test_the_following_job_is_the_next_of_the_same_mappers(
    examples, mini_batch_size, mappers, jobs_in_flight
):
    deal = Deal(examples, mini_batch_size, mappers, jobs_in_flight)
    groups = [deal.group(number) for number in range(3 * deal.jobs)]
    for number, group in enumerate(groups[: 2 * deal.jobs]):
        assert deal.following(number) == groups.index(group, number + 1)
    # In an epoch those that follow one another have different ones.
    assert groups[: deal.groups] == list(range(deal.groups))


def test_what_was_asked_for():
    """Jobs of 6, 4, 2 and none, where each partition had rounded alike."""
    deal = Deal(10_000, 4, mappers=6, jobs_in_flight=4)
    counts = [sum(end - begin for _, begin, end in parts_of(deal, k)) for k in range(deal.jobs)]
    assert counts == [4] * 2500


@pytest.mark.parametrize(("examples", "mappers"), [(60, 7), (60, 24), (61, 3)])
def test_a_batch_is_cut_into_equal_parts(examples, mappers):
    seats = Deal(examples, None, mappers, 1).seats
    cuts = [examples * k // mappers for k in range(mappers + 1)]
    assert [(seat.begin, seat.end) for seat in seats] == list(pairwise(cuts))


def test_there_are_no_more_groups_than_whole_mini_batches():
    assert Deal(10, 4, 1, 5).groups == 2
