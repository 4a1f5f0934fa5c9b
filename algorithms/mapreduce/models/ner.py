"""The CRF by partitions: a row a feature, then a row a label before."""

import numpy as np

from staleness.algorithms.arrays import EncodedCorpus
from staleness.algorithms.mapreduce.models import ALL, WHOLE, Model
from staleness.kernels.core.learner import Learner
from staleness.kernels.rules.lbfgs import BatchGradient


class NamedEntityRecognition(Model):
    """A CRF with the features that its partition has."""

    name = "ner"

    def __init__(self, task, corpus, seed, piece=WHOLE):
        self.refuse(piece)
        names = [name for name in corpus.arrays if name.endswith(".features")]
        features, numbers = np.unique(
            np.concatenate([corpus[name] for name in names]), return_inverse=True
        )
        ends = np.cumsum([len(corpus[name]) for name in names])
        parts = np.split(numbers.astype(np.int32), ends[:-1])
        about = corpus.about | {"features": len(features)}
        self.corpus = EncodedCorpus(about, corpus.arrays | dict(zip(names, parts, strict=True)))
        model = task.training(self.corpus, seed).model("gradient")
        # Only the driver makes updates.
        self.learner = Learner(model, BatchGradient(l2=0.0, optimiser=None))
        behind = np.arange(model.labels) + corpus.about["features"]
        self.keys = np.concatenate([features, behind]).astype(np.int64)

    def begin(self):
        """Return nothing: theta begins at 0."""
        return self.keys[:0], np.zeros((0, self.learner.model.labels))

    def set(self, theta, keys=ALL):
        """Make its parameters these, all of them."""
        self.learner.theta = theta

    def compute(self, examples, keys=ALL):
        """Return the gradient of the negative log-likelihood, and that itself as the objective."""
        self.learner.compute(examples)
        objective, gradient = self.learner.model.objective(0, 1)
        return gradient, objective

    @staticmethod
    def shape(task, about, keys):
        """Return features + labels, and labels."""
        labels = len(about["labels"])
        return about["features"] + labels, labels

    @staticmethod
    def initial(begun, rows, multinomials):
        """Return zeros."""
        return begun.dense(rows).ravel()
