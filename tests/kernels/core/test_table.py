"""Rows with a common scale: what an update keeps, folding, replicas and averages."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.kernels.core.memory import aligned_rows
from staleness.kernels.core.table import AveragedTable, Table

COLUMNS, WIDTH = 5, 16
SMALLEST_SCALE = 2.0**-30


def rows(copies, seed=0):
    """Return float32 [copies, 2 rows of 16], the same in each copy, 0 in the padding."""
    values = aligned_rows(2 * copies, COLUMNS)
    one = np.random.default_rng(seed).standard_normal((2, COLUMNS))
    values.reshape(copies, 2, WIDTH)[:, :, :COLUMNS] = one
    return values.reshape(copies, 2 * WIDTH)


def table_of(slots=1, replicas=0):
    return Table(rows(1 + replicas), slots, replicas)


def averaged(slots=1, replicas=0):
    return AveragedTable(rows(1 + max(replicas, 1)), slots, replicas, columns=COLUMNS, width=WIDTH)


def theta(probe, table, copy=0):
    """Return what a copy stands for, float64."""
    return probe.scales(table)[copy] * table.stored(copy).astype(np.float64)


# ---- what is kept -------------------------------------------------------------------------------


def test_what_is_kept_goes_into_the_scale_alone(probe):
    table = table_of()
    before = table.stored().tobytes()
    assert table.scale == 1.0
    for keep in (0.5, 1.0, 0.75):
        probe.decay(table, keep)
    assert table.scale == 0.375
    assert table.stored().tobytes() == before


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(1e-12, 1.0), min_size=1, max_size=40))
def test_a_scale_that_updates_find_too_small_is_folded(probe, kept):
    """So that rows stay far from float32's ends; theta is what was kept all along."""
    table = table_of()
    expected, scale = theta(probe, table), 1.0
    for keep in kept:
        probe.decay(table, keep)
        expected *= keep
        # At most one update is below.
        assert table.scale == pytest.approx(scale * keep) or scale < SMALLEST_SCALE
        assert SMALLEST_SCALE * 1e-12 <= table.scale <= 1.0
        scale = table.scale
    np.testing.assert_allclose(theta(probe, table), expected, rtol=1e-5, atol=1e-37)


def test_gains_are_over_the_scale_that_is_added_to(probe):
    table = table_of()
    assert probe.decay(table, 0.5, 3.0) == 6.0
    assert probe.decay(table, 0.25, -1.0) == -8.0
    assert probe.decay(table, 1.0, 0.0) == 0.0


def test_nothing_is_kept(probe):
    """Rows and scale begin anew, at whatever scale they were."""
    table = table_of()
    probe.decay(table, 0.001)
    assert probe.decay(table, 0.0, 2.0) == 2.0
    assert not table.stored().any()
    assert table.scale == 1.0


@pytest.mark.parametrize(
    ("keep", "gain"),
    [
        (np.nan, 1.0),
        (np.inf, 1.0),
        (-np.inf, np.inf),
        (1.0, np.inf),
        (1.0, np.nan),
        (0.0, -np.inf),
        (0.5, 3e38),  # over the scale
        (0.0, 1e39),
    ],
)
def test_an_update_that_is_not_finite_changes_nothing(probe, keep, gain):
    table = table_of()
    before = table.stored().tobytes()
    with pytest.raises(FloatingPointError):
        probe.decay(table, keep, gain)
    assert table.stored().tobytes() == before
    assert table.scale == 1.0
    # Nor does it leave the lock held.
    assert probe.decay(table, 0.5) == 2.0


@pytest.mark.parametrize("scale", [0.0, np.nan, -1.0])
def test_a_scale_that_has_no_inverse(probe, scale):
    table = table_of()
    table.set_scales(scale)
    with pytest.raises(FloatingPointError):
        probe.decay(table, 0.5)


@pytest.mark.parametrize("scale", [1.0, 0.7, 2.0**-31, 1.3e-20, 2.0**-100])
def test_folding_changes_no_bit_of_theta(probe, scale):
    """But of what is too small for float32: what is moved is a power of two."""
    table = table_of()
    table.set_scales(scale)
    before = theta(probe, table)
    rest = probe.fold(table, scale)
    assert 0.5 <= rest < 1.0
    np.testing.assert_array_equal(rest * table.stored().astype(np.float64), before)


def test_clearing_one_copy_leaves_the_others(probe):
    table = table_of(slots=2, replicas=2)
    table.set_scales(0.5)
    before = table.stored(2).tobytes()
    probe.clear(table, 1)
    assert not table.stored(1).any()
    assert table.stored(2).tobytes() == before
    assert probe.scales(table) == [0.5, 1.0, 0.5]


# ---- replicas -----------------------------------------------------------------------------------


def test_slots_have_copies_of_their_own_or_share_theta(probe):
    shared, replicated = table_of(slots=2), table_of(slots=2, replicas=2)
    for table in (shared, replicated):
        for slot in range(2):
            probe.decay(table, 0.5, first=slot)
    assert probe.scales(shared) == [0.25]
    assert probe.scales(replicated) == [1.0, 0.5, 0.5]


def test_theta_is_the_mean_of_the_replicas(probe):
    """At whatever scale each stores it; looking changes none of them."""
    table = table_of(slots=2, replicas=2)
    table.stored(1)[:COLUMNS] = np.arange(COLUMNS)
    for slot, keep in enumerate([0.25, 0.001]):
        probe.decay(table, keep, first=slot)
    before = [table.stored(copy).tobytes() for copy in (1, 2)]
    expected = (theta(probe, table, 1) + theta(probe, table, 2)) / 2
    for look in (probe.mean, probe.settle):
        look(table)
        np.testing.assert_allclose(theta(probe, table), expected, rtol=1e-6)
        assert [table.stored(copy).tobytes() for copy in (1, 2)] == before
        assert probe.scales(table)[1:] == [0.25, 0.001]
    probe.average(table)
    for copy in range(3):
        np.testing.assert_allclose(theta(probe, table, copy), expected, rtol=1e-6)
    assert len(set(probe.scales(table))) == 1


def test_without_replicas_there_is_nothing_to_settle(probe):
    table = table_of(slots=3)
    probe.decay(table, 0.5)
    before = table.stored().tobytes()
    probe.settle(table)
    assert (table.stored().tobytes(), table.scale) == (before, 0.5)


def test_updates_may_overlap_if_that_is_said(probe):
    table = table_of()
    assert not table.overlapping
    table.let_updates_overlap()
    assert table.overlapping


# ---- averages -----------------------------------------------------------------------------------


def parameters(table, copy=0):
    """Return the first row of a copy."""
    return table.stored(copy)[:COLUMNS].astype(np.float64)


def steps(number, seed=1):
    """Return multiples of 1/4, of which no sum is rounded."""
    rng = np.random.default_rng(seed)
    return (rng.integers(-9, 10, (number, COLUMNS)) / 4).astype(np.float32)


def test_theta_is_the_average_after_each_update(probe):
    table = averaged()
    table.stored(0)[:] = table.stored(1)[:] = 0.0
    learned, total = np.zeros(COLUMNS), np.zeros(COLUMNS)
    for number, added in enumerate(steps(20), start=1):
        probe.add_averaged(table, added)
        learned = learned + added
        total += learned
        probe.settle(table)
        np.testing.assert_array_equal(parameters(table, 1), learned)
        np.testing.assert_array_equal(parameters(table), (total / number).astype(np.float32))


def test_before_the_first_update_the_average_is_what_is_learned(probe):
    table = averaged(slots=2, replicas=2)
    before = table.stored(0).tobytes()
    probe.settle(table)
    probe.average(table)
    for copy in range(3):
        assert table.stored(copy).tobytes() == before


def test_one_update_of_several_slots_counts_once(probe):
    table = averaged(slots=3)
    probe.decay(table, 1.0, first=0, last=3)
    table.stored(1)[:COLUMNS] = 1.0
    probe.settle(table)
    np.testing.assert_array_equal(parameters(table), np.ones(COLUMNS, dtype=np.float32))
    probe.add_averaged(table, np.full(COLUMNS, 3.0, dtype=np.float32), slot=2)
    probe.settle(table)
    np.testing.assert_array_equal(parameters(table), np.full(COLUMNS, 2.5))


def test_averages_of_replicas_weigh_by_their_updates(probe):
    """After they are made the same, the average of all updates stays what it was."""
    table = averaged(slots=2, replicas=2)
    for copy in range(3):
        table.stored(copy)[:] = 0.0
    learned, total = [np.zeros(COLUMNS)] * 2, np.zeros(COLUMNS)
    all_steps = steps(12)
    updates = 0
    for turn, slots in enumerate([(0, 0, 1), (1,), (0, 1, 1, 1), (0, 0, 0, 1)]):
        for slot in slots:
            probe.add_averaged(table, all_steps[updates], slot=slot)
            learned[slot] = learned[slot] + all_steps[updates]
            total += learned[slot]
            updates += 1
        if turn == 2:
            probe.average(table)
            learned = [np.mean(learned, axis=0)] * 2
        probe.settle(table)
        np.testing.assert_allclose(parameters(table), total / updates, rtol=1e-6)
        for slot in range(2):
            np.testing.assert_allclose(parameters(table, 1 + slot), learned[slot], rtol=1e-6)


def test_setting_scales_begins_the_average_anew(probe):
    table = averaged()
    probe.add_averaged(table, np.full(COLUMNS, 8.0, dtype=np.float32))
    table.stored(1)[:COLUMNS] = np.arange(COLUMNS)
    table.set_scales(1.0)
    probe.settle(table)
    np.testing.assert_array_equal(parameters(table), np.arange(COLUMNS))
