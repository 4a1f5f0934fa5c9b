"""The CRF and its features: statistics, updates and decoding."""

import numpy as np

from staleness.kernels.mira import MarginInfusedRelaxedAlgorithm
from staleness.kernels.perceptron import StructuredPerceptron
from staleness.kernels.sgd import StochasticGradientDescent

from .data import LABELS, labelled_features

FEATURES = 145_000


def make_learner(corpus):
    """Return a learner of the suite's size on a corpus."""
    return StochasticGradientDescent(
        *corpus,
        label_count=LABELS,
        feature_count=FEATURES,
        step_size=0.3,
        decay=0.3,
        l2=1.0,
    )


class StochasticGradient:
    """An epoch of `calc` and `up`, by mini-batch size; `theta` starts from zero every time."""

    params = (1, 4, 64)
    param_names = ("mini_batch_size",)

    def setup(self, mini_batch_size):
        self.corpus = labelled_features(features=FEATURES)
        self.batches = np.array_split(
            np.random.default_rng(1).permutation(len(self.corpus[0]) - 1).astype(np.int32),
            (len(self.corpus[0]) - 1) // mini_batch_size,
        )
        self.learner = make_learner(self.corpus)
        self.zeros = np.zeros((FEATURES + LABELS, LABELS), dtype=np.float32)

    def time_calc(self, mini_batch_size):
        for batch in self.batches:
            self.learner.calculate(batch)

    def time_epoch(self, mini_batch_size):
        self.learner.theta = self.zeros
        for batch in self.batches:
            self.learner.calculate(batch)
            self.learner.update()


class DecodedLabels:
    """An epoch of the rules that decode, by mini-batches of 4; most sentences have mistakes."""

    params = ("perceptron", "mira")
    param_names = ("update",)

    def setup(self, update):
        corpus = labelled_features(features=FEATURES)
        rule = {"perceptron": StructuredPerceptron, "mira": MarginInfusedRelaxedAlgorithm}[update]
        options = {"step_limit": 0.03} if update == "mira" else {}
        self.learner = rule(*corpus, label_count=LABELS, feature_count=FEATURES, **options)
        self.zeros = np.zeros((FEATURES + LABELS, LABELS), dtype=np.float32)
        self.batches = np.arange(2000, dtype=np.int32).reshape(-1, 4)

    def time_epoch(self, update):
        self.learner.theta = self.zeros
        for batch in self.batches:
            self.learner.calculate(batch)
            self.learner.update()


class Evaluation:
    """Viterbi decoding and log-likelihood."""

    def setup(self):
        self.corpus = labelled_features(features=FEATURES)
        self.learner = make_learner(self.corpus)
        shape = (FEATURES + LABELS, LABELS)
        self.learner.theta = np.random.default_rng(2).normal(size=shape).astype(np.float32)

    def time_evaluate(self):
        self.learner.evaluate(*self.corpus)
