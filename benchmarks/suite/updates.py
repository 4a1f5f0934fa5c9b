"""Every update rule of every task: statistics, an epoch, memory."""

from statistics import median
from time import process_time

import numpy as np

from staleness.algorithms.configuration import TASKS, UPDATES

from . import data
from .sampling import OneThread

RULES = tuple(
    f"{task} {name}"
    for task in TASKS
    for name, update in UPDATES.items()
    if update.skip(task) is None
)
ROUNDS = 3


class Learning(OneThread):
    """A pass over 2,000 examples from where learning begins, by rule and mini-batch size.

    `compute` alone leaves the parameters where they are. The statistics of a mini-batch are those
    of the whole corpus where the rule needs that.
    """

    params = (RULES, (4, 64))
    param_names = ("rule", "mini_batch_size")

    def setup(self, rule, mini_batch_size):
        task, name = rule.split()
        update = UPDATES[name]
        if update.batch and mini_batch_size != self.params[1][0]:
            raise NotImplementedError("the mini-batch is the whole corpus")
        self.learner = update().learner(data.training(task), slots=1, workspaces=1)
        examples = len(self.learner.work)
        order = np.random.default_rng(1).permutation(examples).astype(np.int32)
        parts = 1 if update.batch else -(-examples // mini_batch_size)
        self.mini_batches = np.array_split(order, parts)

    def teardown(self, rule, mini_batch_size):
        if hasattr(self, "learner"):
            self.learner.close()

    def compute(self):
        for mini_batch in self.mini_batches:
            self.learner.compute(mini_batch)

    def learn(self):
        for mini_batch in self.mini_batches:
            self.learner.compute(mini_batch)
            self.learner.update()

    def time_calc(self, rule, mini_batch_size):
        self.compute()

    def time_epoch(self, rule, mini_batch_size):
        self.learn()

    def peakmem_epoch(self, rule, mini_batch_size):
        self.learn()

    def track_speed(self, rule, mini_batch_size):
        """Return tokens or cells a second; the median, each from where learning begins."""
        seconds = []
        for _ in range(ROUNDS):
            self.teardown(rule, mini_batch_size)
            self.setup(rule, mini_batch_size)
            start = process_time()
            self.learn()
            seconds.append(process_time() - start)
        return int(self.learner.work.sum()) / median(seconds)

    track_speed.unit = "tokens or cells/s"
