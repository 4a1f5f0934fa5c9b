"""The HMM by partitions: a row a word, a row a state before, a row for the first token."""

from dataclasses import replace

import numpy as np

from staleness.algorithms.arrays import EncodedCorpus
from staleness.algorithms.mapreduce.models import ALL, WHOLE, Model, Multinomials
from staleness.kernels.core.learner import Learner
from staleness.kernels.rules.batch_em import ExpectationMaximization


class Tagging(Model):
    """A HMM of the words that its partition has."""

    name = "tagging"

    def __init__(self, task, corpus, seed, piece=WHOLE):
        self.refuse(piece)
        words, tokens = np.unique(corpus["train.words"], return_inverse=True)
        arrays = corpus.arrays | {"train.words": tokens.astype(np.int32)}
        self.corpus = EncodedCorpus(corpus.about, arrays)
        training = task.training(self.corpus, seed)
        training = replace(
            training, words=len(words), responsibilities=training.responsibilities[words]
        )
        self.learner = Learner(training.model(), ExpectationMaximization())
        behind = np.arange(corpus.about["words"], corpus.about["words"] + task.states + 1)
        self.keys = np.concatenate([words, behind]).astype(np.int64)

    def begin(self):
        """Return the counts that the learner begins with."""
        return self.keys, self.learner.model.counts

    def touched(self, examples):
        """Return the keys of the words of some sentences, and those behind."""
        offsets, words = self.corpus["train.offsets"], self.corpus["train.words"]
        there = np.zeros(len(self.keys), dtype=bool)
        for sentence in examples:
            there[words[offsets[sentence] : offsets[sentence + 1]]] = True
        there[self.learner.model.words :] = True
        return np.flatnonzero(there)

    def set(self, theta, keys=ALL):
        """Make parameters these."""
        self.learner.model.set_theta(keys, theta)

    def compute(self, examples, keys=ALL):
        """Return expected counts."""
        self.learner.compute(examples)
        return self.learner.model.statistics()[keys], 0.0

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
