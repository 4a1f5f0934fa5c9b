"""Clustering of texts by their topics."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from mixture_for_tests import MixtureOfUnigrams

from staleness.algorithms.seeds import generator
from staleness.algorithms.tasks import Metric, Task


@dataclass(frozen=True)
class Texts:
    """What a mixture is learned from, and the counts that it begins with."""

    offsets: np.ndarray
    words: np.ndarray
    counts: np.ndarray

    def model(self, statistics="expected counts"):
        """Return the model."""
        return MixtureOfUnigrams(self.offsets, self.words, self.counts)


@dataclass(frozen=True)
class Clustering(Task):
    """Texts, each with a topic that nobody has told."""

    name = "clustering"
    title = "Clustering"
    update = "stepwise-em"
    work_unit = "tokens"
    statistics = ("expected counts",)
    metrics: ClassVar = {
        "log_likelihood": Metric("log-likelihood", "log-likelihood of the words", "log-likelihood")
    }
    layout: ClassVar = {"offsets": {"words": None}}

    topics: int = 3

    def examples(self, corpus):
        """Return the number of texts."""
        return len(corpus["train.offsets"]) - 1

    def work(self, corpus):
        """Return the words of each text."""
        return np.diff(corpus["train.offsets"]).astype(np.int32)

    def training(self, corpus, seed):
        """Return the `Texts`, with random counts to begin from."""
        words, offsets = corpus["train.words"], corpus["train.offsets"]
        random = generator(seed, "initial", self.name).random((corpus.about["words"], self.topics))
        seen = np.bincount(words, minlength=len(random))[:, None]
        counts = np.vstack([seen * random, np.full(self.topics, len(offsets) / self.topics)])
        return Texts(offsets, words, counts.astype(np.float32))

    def tally(self, learner, corpus):
        """Return the likelihood of what is learned from."""
        return {"log_likelihood": learner.model.evaluate()[1]}

    def score(self, tally):
        """Return the metrics."""
        return tally
