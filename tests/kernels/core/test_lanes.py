"""The sixteen lanes: arithmetic, exponential and logarithm."""

import math

import numpy as np


def in_rows(values, fill=0.0):
    values = np.asarray(values, dtype=np.float32)
    rows = np.full((-(-len(values) // 16), 16), fill, dtype=np.float32)
    rows.reshape(-1)[: len(values)] = values
    return rows


def exp(probe, values):
    values = np.asarray(values, dtype=np.float32)
    return probe.exp(in_rows(values)).reshape(-1)[: len(values)]


def test_exp_to_two_units_in_the_last_place(probe):
    rng = np.random.default_rng(0)
    # Across the range, near 0, and about the odd halves of ln 2 where the reduction changes over.
    x = np.concatenate(
        [
            np.linspace(-87, 88, 100_000),
            rng.normal(scale=1e-4, size=10_000),
            (np.arange(-125, 126) + 0.5) * math.log(2),
            [0.0, -0.0, -87.0, 88.0],
        ]
    ).astype(np.float32)
    exact = np.exp(x.astype(np.float64))
    error = np.abs(exp(probe, x).astype(np.float64) - exact) / np.spacing(exact.astype(np.float32))
    assert error.max() <= 2.0
    assert (exp(probe, [0.0, -0.0]) == 1.0).all()


def test_exp_at_the_ends(probe):
    """0 below -87; NaN stays NaN, also beside lanes that are numbers."""
    low = [np.nextafter(np.float32(-87), np.float32(-88)), -88.0, -1e4, -3e38, -np.inf]
    assert (exp(probe, low) == 0.0).all()
    assert exp(probe, [-87.0])[0] > 0.0
    out = exp(probe, [0.0, np.nan, 0.0, -np.nan])
    np.testing.assert_array_equal(out, [1.0, np.nan, 1.0, np.nan])


def test_exp_never_falls(probe):
    x = np.sort(np.random.default_rng(1).uniform(-90, 88, size=50_000)).astype(np.float32)
    y = exp(probe, x).astype(np.float64)
    # Within its accuracy: two neighbours may change places by an error of each.
    assert (np.diff(y) >= -4 * np.spacing(y[1:].astype(np.float32))).all()


def test_log_to_a_few_units_in_the_last_place(probe):
    rng = np.random.default_rng(2)
    x = np.concatenate(
        [
            np.exp(rng.uniform(-700, 700, size=20_000)),
            1.0 + rng.normal(scale=1e-3, size=5_000),
            np.ldexp(1.0, np.arange(-1022, 1024)),
            np.ldexp(math.sqrt(0.5), np.arange(-3, 4)),
            np.nextafter(np.ldexp(math.sqrt(0.5), np.arange(-3, 4)), 0),
            [5e-324, 2.2e-308, 1.7976931348623157e308, 1.0],
        ]
    )
    exact = np.array([math.log(value) for value in x])
    error = np.abs(probe.log(x) - exact)
    assert (error <= 3 * np.spacing(np.abs(exact))).all()
    assert probe.log([1.0])[0] == 0.0


def test_exp_of_doubles_to_a_few_units_in_the_last_place(probe):
    rng = np.random.default_rng(6)
    x = np.concatenate(
        [
            rng.uniform(-700, 700, size=20_000),
            rng.normal(scale=1e-3, size=5_000),
            (np.arange(-900, 901) + 0.5) * math.log(2),
            [0.0, -0.0, -699.0, 699.0],
        ]
    )
    exact = np.array([math.exp(value) for value in x])
    error = np.abs(probe.exp_of_doubles(x) - exact)
    assert (error <= 1e-15 * exact * np.maximum(1.0, np.abs(x) / 100)).all()
    assert probe.exp_of_doubles([0.0])[0] == 1.0
    # A power, as step sizes are: exp(-alpha log(k + 2)).
    k = np.arange(10_000.0)
    powers = probe.exp_of_doubles(-0.7 * probe.log(k + 2.0))
    np.testing.assert_allclose(powers, (k + 2.0) ** -0.7, rtol=1e-14)


def test_sum_goes_over_a_fixed_tree(probe):
    rng = np.random.default_rng(3)
    for _ in range(100):
        x = (rng.standard_normal(16) * 10.0 ** rng.integers(-4, 5, size=16)).astype(np.float32)
        tree = x
        for half in (8, 4, 2, 1):
            tree = tree[:half] + tree[half:]
        assert probe.total(x) == tree[0]


def test_greatest_and_maximum(probe):
    rng = np.random.default_rng(4)
    for k in range(32):
        x = rng.standard_normal(16).astype(np.float32)
        x[k % 16] = 9.0 + k
        assert probe.greatest(x) == 9.0 + k
    a, b = rng.standard_normal((2, 20, 16)).astype(np.float32)
    np.testing.assert_array_equal(probe.maximum(a, b), np.maximum(a, b))
    assert probe.greatest(np.full(16, -np.inf)) == -np.inf


def test_argmax_takes_the_first_of_equals(probe):
    values = np.random.default_rng(5).integers(0, 3, size=(9, 16)).astype(np.float32)
    best, argument = probe.argmax(values)
    np.testing.assert_array_equal(best, values.max(axis=0))
    np.testing.assert_array_equal(argument, values.argmax(axis=0))


def test_bounds(probe):
    """Below one, to 0; above one, to it; between 0 and one, to it."""
    bound = np.float32(0.25)
    below, above = np.nextafter(bound, np.float32(0)), np.nextafter(bound, np.float32(1))
    x = [0.0, -0.0, below, bound, above, -1.0, 5.0, 1e-40, np.inf, -np.inf, 0.1, 1, 2, 3, 4, 0.2]
    x = np.array(x, dtype=np.float32)
    least, most, raised = probe.bounded(x, bound)
    np.testing.assert_array_equal(least, np.where(x >= bound, x, 0))
    np.testing.assert_array_equal(most, np.minimum(x, bound))
    np.testing.assert_array_equal(raised, np.where((x > 0) & (x < bound), bound, x))


def test_bounds_of_nan(probe):
    least, most, raised = probe.bounded(np.full(16, np.nan), 3.0)
    assert (least == 0).all()
    assert (most == 3.0).all()
    assert np.isnan(raised).all()


def test_where_others_are_positive(probe):
    x = np.arange(16, dtype=np.float32) - 8
    of = np.array([0.0, -0.0, 1e-45, 1.0, -1.0, np.nan, np.inf, -np.inf] * 2, dtype=np.float32)
    np.testing.assert_array_equal(probe.where_positive(x, of), np.where(of > 0, x, 0))
    # Whatever stands where they are not is gone.
    assert (probe.where_positive(np.full(16, np.nan), np.zeros(16)) == 0).all()


def test_lanes_from_anywhere_to_anywhere(probe):
    values = np.arange(48, dtype=np.float32)
    for begin in range(17):
        for to in range(0, 32, 5):
            expected = values.copy()
            expected[to : to + 16] = values[begin : begin + 16]
            np.testing.assert_array_equal(probe.moved(values, begin, to), expected)


def test_differences_in_any_lane(probe):
    x = np.arange(16, dtype=np.float32)
    assert not probe.differ(x, x)
    for lane in range(16):
        y = x.copy()
        y[lane] = np.nextafter(x[lane], np.float32(99))
        assert probe.differ(x, y)
        assert probe.differ(y, x)
    # As numbers: zeros of both signs are equal, NaN is nothing's equal.
    assert not probe.differ(np.zeros(16), -np.zeros(16))
    assert probe.differ(np.full(16, np.nan), np.full(16, np.nan))
