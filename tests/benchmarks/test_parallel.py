"""What the clock costs by itself."""

import numpy as np

from benchmarks.parallel import seconds_alone
from staleness.algorithms.run import Configuration


def test_the_clock_alone_takes_some_time():
    configuration = Configuration(task="ner", schedule="single", clock="wall", epochs=2)
    assert 0 < seconds_alone(configuration, np.full(50, 7)) < np.inf
