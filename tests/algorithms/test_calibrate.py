"""Calibration: linear costs from noisy durations."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.calibrate import MINI_BATCH_SIZES, calibrate, fit, write
from staleness.algorithms.costs import Costs
from staleness.algorithms.costs.measured import Measured


def durations(rng, coefficients, noise=0.0, outliers=0.0, count=3000):
    """Return columns and seconds as a calibration's: sizes of 1 to 256, multiplicative noise."""
    examples = rng.choice(MINI_BATCH_SIZES, size=count).astype(float)
    work = np.round(examples * rng.uniform(5, 25, size=count))
    columns = [np.ones(count), examples, work]
    seconds = np.stack(columns, axis=1) @ coefficients
    seconds *= rng.lognormal(sigma=noise, size=count)
    interrupted = rng.random(count) < outliers
    seconds[interrupted] += rng.uniform(1e-3, 1e-2, size=interrupted.sum())
    return columns, seconds


TRUE = np.array([2e-6, 8e-7, 1.5e-7])


def test_exact_durations_give_exact_costs():
    columns, seconds = durations(np.random.default_rng(0), TRUE)
    coefficients, r2 = fit(columns, seconds)
    np.testing.assert_allclose(coefficients, TRUE, rtol=1e-6)
    assert r2 == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("outliers", [0.0, 0.02, 0.1])
def test_noise_and_interruptions(outliers):
    columns, seconds = durations(np.random.default_rng(1), TRUE, 0.05, outliers)
    coefficients, r2 = fit(columns, seconds)
    np.testing.assert_allclose(coefficients, TRUE, rtol=0.15)
    assert 0.95 < r2 <= 1.0
    # What counts: the times that the costs predict, for small mini-batches as for large ones.
    design = np.stack(columns, axis=1)
    np.testing.assert_allclose(design @ coefficients, design @ TRUE, rtol=0.05)


def test_a_cost_that_is_not_there_is_zero():
    """Least squares alone would make it negative for about half of the seeds."""
    for seed in range(10):
        true = np.array([0.0, 0.0, 1.5e-7])
        columns, seconds = durations(np.random.default_rng(seed), true, 0.1)
        coefficients, _ = fit(columns, seconds)
        assert (coefficients >= 0).all()
        np.testing.assert_allclose(coefficients[2], true[2], rtol=0.1)
        assert (coefficients[:2] < 2e-7).all()


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32 - 1),
    st.lists(st.floats(0, 1e-5), min_size=3, max_size=3),
    st.floats(0, 0.3),
)
def test_costs_are_never_negative(seed, true, noise):
    true = np.maximum(true, [0.0, 0.0, 1e-8])
    columns, seconds = durations(np.random.default_rng(seed), true, noise, count=300)
    # A clock that is too coarse for the shortest.
    seconds[:5] = 0.0
    coefficients, _ = fit(columns, seconds)
    assert np.isfinite(coefficients).all()
    assert (coefficients >= 0).all()
    assert coefficients.any()


@pytest.mark.slow
def test_a_calibration_is_a_cost_model(corpus, tmp_path):
    sizes = []
    found = calibrate("ner", "sgd", corpus, progress=sizes.append)
    assert sizes == list(MINI_BATCH_SIZES)
    costs = Costs(**found["costs"])
    assert all(cost >= 0 for cost in costs)
    tokens = len(corpus["train.labels"]) / 60
    assert 0 < costs.calc_fixed + costs.calc_example + costs.calc_work * tokens < 1e-2
    assert found["corpus"] == "synthetic-tests"
    assert found["mini_batches"] > 100
    path = tmp_path / "own" / "calibration.json"
    write(path, {"ner": {"sgd": found}})
    assert Measured(path).costs("ner", "sgd", None) == costs
    assert json.loads(path.read_text())["machine"]["cores"] >= 1
