"""The real corpora, where `results/` of this working copy has them."""

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.run import run

from . import data
from .sampling import OneThread
from .schedules import configuration


class RealCorpora(OneThread):
    """One epoch of the task's own update rule on one processor, m = 4, and the making of it."""

    params = (tuple(TASKS),)
    param_names = ("task",)
    timeout = 120

    def setup(self, task):
        self.corpus = data.real(task)
        self.configuration = configuration(task, "single", epochs=1)

    def time_run(self, task):
        run(self.configuration, self.corpus, judge=False)

    def peakmem_run(self, task):
        run(self.configuration, self.corpus, judge=False)
