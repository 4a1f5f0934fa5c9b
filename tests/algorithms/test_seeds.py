"""Random numbers that depend on their purpose alone."""

import numpy as np
import pytest

from staleness.algorithms.seeds import generator, visiting_order


def test_values_are_those_of_old():
    """Pinned: results on disk are comparable only as long as these hold."""
    assert visiting_order(0, 6, 2).tolist() == [5, 1, 4, 0, 3, 2, 4, 2, 3, 1, 5, 0]
    assert visiting_order(7, 5, 1).tolist() == [0, 2, 4, 1, 3]
    assert generator(1, "delays", 3).integers(0, 2**32, 3).tolist() == [
        3703912233,
        1228539931,
        2839143533,
    ]
    normal = generator(1, "delays", 3).standard_normal(2)
    assert normal.tolist() == [-0.262380416279389, 0.9327192727525369]


@pytest.mark.parametrize(("examples", "epochs"), [(1, 1), (10, 3), (0, 2)])
def test_each_epoch_visits_each_example_once(examples, epochs):
    order = visiting_order(3, examples, epochs)
    assert order.dtype == np.int32
    assert order.shape == (examples * epochs,)
    for epoch in order.reshape(epochs, examples):
        assert sorted(epoch) == list(range(examples))


def test_epochs_and_seeds_differ():
    order = visiting_order(0, 100, 3).reshape(3, 100)
    rows = [*order, *(visiting_order(seed, 100, 1) for seed in range(1, 20))]
    assert len({row.tobytes() for row in rows}) == len(rows)


def test_more_epochs_begin_like_fewer():
    """Common random numbers: the order of an epoch is that of every run that gets so far."""
    assert visiting_order(5, 20, 4)[:40].tolist() == visiting_order(5, 20, 2).tolist()


def test_what_is_drawn_elsewhere_does_not_matter():
    expected = visiting_order(2, 30, 2).tolist()
    np.random.default_rng(2).random(100)
    generator(2, "order", 0).random(17)
    generator(2, "delays", 1).random(17)
    assert visiting_order(2, 30, 2).tolist() == expected


def test_names_are_kept_apart():
    """Names are joined with something between them."""
    names = [
        (1, "a", "b"),
        (1, "ab"),
        (1, "a", "b", ""),
        (11, "a", "b"),
        (1, "b", "a"),
        (1, 1),
        (11,),
    ]
    first = {generator(*name).integers(2**63) for name in names}
    assert len(first) == len(names)


def test_delays_and_order_are_independent():
    a = generator(0, "order", 0).standard_normal(2000)
    b = generator(0, "delays", 0).standard_normal(2000)
    assert abs(np.corrcoef(a, b)[0, 1]) < 0.1
