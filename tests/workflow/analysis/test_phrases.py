import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.analysis.phrases import (
    MINUS,
    Scale,
    duration,
    listed,
    number,
    percent,
    reached,
    setting,
    time_unit,
)

from ..figures import toy


@pytest.mark.parametrize(
    ("seconds", "unit"),
    [(0, "s"), (1e-9, "µs"), (0.01, "ms"), (1.9, "ms"), (2, "s"), (119, "s"), (120, "min"),
     (7199, "min"), (7200, "h"), (1e6, "h")],
)  # fmt: skip
def test_time_unit_makes_sensible_numbers(seconds, unit):
    assert time_unit(seconds)[0] == unit


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [(0.71811, 3, "0.718"), (3.0, 3, "3.00"), (234.6, 3, "235"), (12345.6, 3, "12,346"),
     (0.0, 3, "0.00"), (2.1, 2, "2.1"), (10.4, 2, "10"), (99.96, 3, "100")],
)  # fmt: skip
def test_numbers_have_as_many_digits_as_asked(value, digits, text):
    assert number(value, digits) == text


def scale(folder, task, metric, **values):
    (cell,) = runs.load([
        toy.run(folder, metric=metric, **values, **{"configuration.task": task})
    ])  # fmt: skip
    return Scale.of([cell], metric)


def test_shares_are_written_as_they_are(tmp_path):
    found = scale(tmp_path / "a", "ner", "f1", values=[0.0, 0.9])
    assert (found.axis, found.number(0.89123), found.value(0.5)) == ("F1", "0.8912", "0.5000")
    assert found.target == "99 % of the best F1 of the single processor"
    found = scale(tmp_path / "b", "alignment", "aer", values=[1.0, 0.3])
    assert found.target == "99 % of the way from 1 to the best AER of the single processor"


@pytest.mark.parametrize(
    ("final", "unit", "text"),
    [
        (-512.5, "nats", "512.50 nats"),
        (-1500.0, "thousand nats", "1.5000 thousand nats"),
        (-2_345_678.0, "million nats", "2.3457 million nats"),
        (-5e10, "billion nats", "50.000 billion nats"),
    ],
)
def test_log_likelihoods_have_a_unit_by_their_size(tmp_path, final, unit, text):
    found = scale(tmp_path / "a", "tagging", "log_likelihood", values=[2 * final, final])
    assert found.axis == f"log-likelihood ({unit})"
    assert found.value(final) == f"{MINUS}{text}"
    assert found.target == (
        "99 % of the way from the start to the best log-likelihood of the single processor"
    )


def test_setting_tells_batch_from_mini_batches(tmp_path):
    said = setting(runs.load(toy.batch(tmp_path)))
    assert said == (
        "corpus toy-corpus, update stepwise-em, mini-batches of m = 4 examples, 3 epochs; "
        "update em, once an epoch, 3 epochs"
    )


@pytest.mark.parametrize(
    ("share", "text"),
    [(0.0, "0 %"), (0.0004, "0 %"), (0.0631, "6.3 %"), (0.0996, "10 %"), (0.4, "40 %"),
     (0.889, "89 %"), (0.988, "98.8 %"), (0.9996, "100 %"), (1.0, "100 %")],
)  # fmt: skip
def test_percentages_have_a_decimal_where_it_matters(share, text):
    assert percent(share) == text


def test_lists():
    assert [listed([1]), listed([1, 2]), listed("abc")] == ["1", "1 and 2", "a, b and c"]


def row(median, reach, ratio=2.0):
    return {
        "label": "asynchronous, P = 4",
        "schedule": "asynchronous",
        "seeds": [0, 1, 2],
        "time_to_target_s": {"median": median, "low": None, "high": None, "reached": reach},
        "speed_up": None if ratio is None else {"median": ratio},
    }


def test_reached_says_when_and_how_many():
    assert (
        reached(row(3600.0, 3), "min", 60)
        == "after 60.0 min by asynchronous, P = 4 (2.0 times as fast)"
    )
    assert "2 of 3 seeds reach it" in reached(row(3600.0, 2), "h", 3600)
    assert reached(row(None, 0, None), "h", 3600) == (
        "not at all by asynchronous, P = 4 (0 of 3 seeds reach it)"
    )


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.04, "0.0 s"), (9.94, "9.9 s"), (9.96, "10 s"), (99.4, "99 s"), (99.6, "2 min"),
     (5900, "98 min"), (6000, "1 h 40 min")],
)  # fmt: skip
def test_durations(seconds, text):
    assert duration(seconds) == text
