"""The HMM by partitions: a row a word, a row a state before, a row for the first token."""

from dataclasses import replace

import numpy as np

from staleness.algorithms.encoded import EncodedCorpus
from staleness.algorithms.mapreduce.models import Model, Multinomials


class Tagging(Model):
    """A HMM of the words that its partition has, and one more that stands for all others."""

    name = "tagging"

    def __init__(self, task, corpus, seed):
        words, tokens = np.unique(corpus["train.words"], return_inverse=True)
        arrays = corpus.arrays | {"train.words": tokens.astype(np.int32)}
        self.corpus = EncodedCorpus(corpus.about, arrays)
        training = task.training(self.corpus, seed)
        # Those of the other words are not needed: any one will do.
        responsibilities = training.responsibilities[np.append(words, 0)]
        self.learner = replace(
            training, words=len(words) + 1, responsibilities=responsibilities
        ).learner(rule="em")
        behind = np.arange(corpus.about["words"], corpus.about["words"] + task.states + 1)
        self.keys = np.concatenate([words, behind]).astype(np.int64)
        self._words = len(words)

    def begin(self):
        """Return the counts that the learner begins with."""
        return self.keys, self._without_others(self.learner.counts)

    def set(self, theta):
        """Make its parameters these; the other words have what is left."""
        words, behind = np.split(theta.astype(np.float64), [self._words])
        others = np.maximum(1.0 - words.sum(axis=0, keepdims=True), 0.0)
        self.learner.theta = np.concatenate([words, others, behind])

    def calculate(self, examples):
        """Return expected counts."""
        self.learner.calculate(examples)
        return self._without_others(self.learner.expected_counts()), 0.0

    def _without_others(self, counts):
        return np.delete(counts, self._words, axis=0)

    @staticmethod
    def shape(task, about, keys):
        """Return words + states + 1, and states."""
        return about["words"] + task.states + 1, task.states

    @staticmethod
    def multinomials(task, about, keys):
        """Return emissions by state, transitions by state before, and the first state."""
        states, words = task.states, about["words"]
        emissions = np.tile(np.arange(states, dtype=np.int32), words)
        behind = np.repeat(np.arange(states, 2 * states + 1, dtype=np.int32), states)
        return Multinomials(
            np.concatenate([emissions, behind]), np.repeat([words, states], [states, states + 1])
        )

    @staticmethod
    def initial(begun, rows, multinomials):
        """Return the sum of the partitions' counts."""
        return begun.dense(rows).ravel()
