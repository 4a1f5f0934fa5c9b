"""What the driver of MapReduce does alone, while its workers wait."""

import numpy as np

from staleness.algorithms.mapreduce.counts import Counts
from staleness.algorithms.mapreduce.models import Multinomials
from staleness.algorithms.mapreduce.state import Expected

from .data import WORDS
from .sampling import OneThread

ROWS = 1_000_000
TOUCHED = 250_000


class Driver(OneThread):
    """Expected counts of Model 1's size, a quarter of which a mini-batch touches."""

    def setup(self):
        random = np.random.default_rng(0)
        groups = random.integers(0, WORDS, ROWS, dtype=np.int32)
        multinomials = Multinomials(groups, np.full(WORDS, WORDS))
        self.state = Expected(random.random((ROWS, 1)), multinomials, 0.0)
        self.rows = np.sort(random.permutation(ROWS)[:TOUCHED].astype(np.int32))
        self.counts = Counts(self.rows, random.random((TOUCHED, 1), dtype=np.float32))
        self.state.theta(self.rows)

    def time_update(self):
        self.state.mix(0.1, self.counts, 10.0)

    def time_theta(self):
        self.state.theta(self.rows)
