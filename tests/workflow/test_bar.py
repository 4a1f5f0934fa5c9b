"""The progress bar of `staleness run`."""

import io
import logging
import re

import pytest

from staleness.algorithms.configuration import Configuration
from staleness.workflow.bar import LOGGER, Bar


class Terminal(io.StringIO):
    def isatty(self):
        return True


SINGLE = Configuration(task="ner", schedule="single", epochs=2)
JOBS = Configuration(task="alignment", schedule="mapreduce-batch", clock="wall", epochs=4)


def shown(configuration, calls, stream):
    """Return what a bar has written after each of some calls."""
    with Bar(configuration, stream) as bar:
        bar.bar.mininterval = bar.bar.miniters = 0
        before = 0
        for call in calls:
            bar(*call)
            said = stream.getvalue()
            yield said[before:]
            before = len(said)


def test_examples_and_the_latest_metric():
    told = [(50, 200, {"f1": 0.25}), (100, 200, {"f1": 0.5})]
    first, second = shown(SINGLE, told, Terminal())
    assert "single P=1:  25%" in first
    assert "50.0/200 " in first
    assert "f1=0.2500]" in first
    assert "f1=0.5000]" in second


def test_epoch_and_jobs_of_mapreduce_and_the_time_left():
    told = [(100 * k, 400, {}) for k in range(1, 5)]
    said = list(shown(JOBS, told, Terminal()))
    assert [re.search(r"epoch .* jobs", one)[0] for one in said] == [
        "epoch 2/4, 1 jobs",
        "epoch 3/4, 2 jobs",
        "epoch 4/4, 3 jobs",
        "epoch 4/4, 4 jobs",
    ]
    assert all(re.search(r"\d\d:\d\d<\d\d:\d\d", one) for one in said)


def test_what_is_logged_stays_above_the_bar():
    stream = Terminal()
    with Bar(JOBS, stream):
        logging.getLogger("staleness.algorithms.any").info("at %s", "http://127.0.0.1:1/status")
    assert "\rat http://127.0.0.1:1/status\n" in stream.getvalue()


@pytest.mark.parametrize("configuration", [SINGLE, JOBS])
def test_nothing_elsewhere(configuration):
    stream = io.StringIO()
    assert list(shown(configuration, [(100, 200, {})], stream)) == [""]
    with Bar(configuration, stream):
        LOGGER.info("unseen")
    assert stream.getvalue() == ""


def test_logging_is_as_it_was_before():
    before = LOGGER.level, list(LOGGER.handlers)
    with Bar(JOBS, Terminal()):
        assert (LOGGER.level, LOGGER.handlers) != before
    assert (LOGGER.level, LOGGER.handlers) == before
