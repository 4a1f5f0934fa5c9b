"""What the driver of MapReduce does alone, while its workers wait."""

import numpy as np

from staleness.kernels.core.learner import Learner
from staleness.kernels.models.summed import SummedCounts
from staleness.kernels.rules.stepwise_em import StepwiseEM

from .data import WORDS
from .sampling import OneThread

ROWS = 1_000_000
TOUCHED = 250_000
EXAMPLES = 10_000


class Driver(OneThread):
    """Expected counts of Model 1's size, a quarter of which a mini-batch touches."""

    def setup(self):
        random = np.random.default_rng(0)
        groups = random.integers(0, WORDS, ROWS, dtype=np.int32)
        outcomes = np.full(WORDS, WORDS)
        work = np.ones(EXAMPLES, dtype=np.int32)
        model = SummedCounts(random.random((ROWS, 1)), work, groups, outcomes)
        self.learner = Learner(model, StepwiseEM())
        self.rows = np.sort(random.permutation(ROWS)[:TOUCHED].astype(np.int32))
        self.sums = random.random((TOUCHED, 1), dtype=np.float32)

    def time_update(self):
        self.learner.model.put(self.rows, self.sums, EXAMPLES // 10)
        self.learner.update()

    def time_theta(self):
        self.learner.model.theta_of(self.rows)
