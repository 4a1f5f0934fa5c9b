"""Decoding and likelihood of every model, and the metrics of every task."""

import numpy as np

from staleness.algorithms.configuration import TASKS, UPDATES
from staleness.algorithms.metrics.gold.alignment import alignment_error, symmetrise
from staleness.algorithms.metrics.gold.clustering import (
    contingency,
    many_to_one,
    one_to_one,
    v_measure,
)
from staleness.algorithms.metrics.gold.entities import precision_recall_f1

from . import data
from .sampling import OneThread


class Evaluation(OneThread):
    """A model after a pass over its corpus: decoding, likelihood and metrics together."""

    params = (tuple(TASKS),)
    param_names = ("task",)

    def setup(self, task):
        self.corpus = data.corpus(task)
        self.task = TASKS[task]()
        update = UPDATES[TASKS[task].update]()
        self.learner = update.learner(data.training(task), slots=1, workspaces=1)
        for mini_batch in np.array_split(np.arange(len(self.learner.work)), 100):
            self.learner.compute(mini_batch)
            self.learner.update()

    def time_evaluate(self, task):
        self.task.evaluate(self.learner, self.corpus)

    def peakmem_evaluate(self, task):
        self.task.evaluate(self.learner, self.corpus)


class Metrics(OneThread):
    """The metrics alone, of answers a third of which are wrong."""

    def setup(self):
        random = np.random.default_rng(3)
        self.ner, self.tagging = data.corpus("ner"), data.corpus("tagging")
        self.labels = spoil(random, self.ner["dev.labels"])
        self.states = spoil(random, self.tagging["train.tags"])
        self.pairs = data.corpus("alignment")
        ends = self.pairs["train.source_offsets"], self.pairs["train.target_offsets"]
        # Positions in the sentence of the other side, -1 for the null word.
        self.directions = [
            (random.random(there[-1]) * (1 + lengths) - 1).round().astype(np.int32)
            for here, there in (ends, ends[::-1])
            for lengths in [np.repeat(np.diff(here), np.diff(there)) - 1]
        ]
        self.ends = ends
        self.gold = [
            self.pairs[f"train.{part}"] for part in ("link_offsets", "links", "links_sure")
        ]

    def time_entities(self):
        precision_recall_f1(
            self.ner["dev.labels"], self.labels, self.ner["dev.offsets"], self.ner.about["labels"]
        )

    def time_alignment(self):
        alignment_error(*symmetrise(*self.directions, *self.ends, "grow-diag-final"), *self.gold)

    def time_clustering(self):
        table = contingency(self.states, self.tagging["train.tags"])
        many_to_one(table)
        one_to_one(table)
        v_measure(table)


def spoil(random, values):
    """Return int32 values, a third of which are drawn anew from among them."""
    return np.where(random.random(len(values)) < 1 / 3, random.permutation(values), values)
