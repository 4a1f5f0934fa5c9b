"""Model 1 in both directions by partitions: a row a pair of words that co-occurs anywhere.

Keys sort as the parameters of `IBMModel1` do, by the rarer word of a pair, and those of the second
direction behind those of the first: rows are in the order of `BothDirections.theta`. Behind them
there is a row for each word given, the weight of all words that it never co-occurs with: t begins
uniform over these, too, and a part of it stays there under stepwise EM.
"""

import threading

import numpy as np

from staleness.algorithms.arrays import EncodedCorpus
from staleness.algorithms.mapreduce.models import ALL, WHOLE, Model, Multinomials, stretches
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.alignment import BothDirections
from staleness.kernels.models.model1 import IBMModel1
from staleness.kernels.rules.batch_em import ExpectationMaximization

_KEPT = threading.local()


class Alignment(Model):
    """Both directions, with the pairs of words that its partition has."""

    name = "alignment"
    keys_are_rows = False

    def __init__(self, task, corpus, seed, piece=WHOLE):
        if piece == WHOLE:
            self.corpus = corpus
            model = task.training(corpus, seed).model()
        else:
            self.corpus = EncodedCorpus(corpus.about | {"linked_pairs": 0}, {})
            model = _piece(corpus, piece)
        self.learner = Learner(model, ExpectationMaximization())

    @property
    def keys(self):
        """What its rows are called; made when asked for, as they are larger than the learner."""
        base = _base(self.corpus.about)
        first, second = (_keys(base, one.parameter_words) for one in self._both())
        return np.concatenate([first, 2 * base**2 + second])

    def begin(self):
        """Return the weights of the words given, a row each: those of the first, then the second.

        Whether a pair of words has a parameter is not known here, where it does not co-occur.
        """
        weights = np.concatenate([one.totals for one in self._both()])
        return np.arange(len(weights)), weights[:, None]

    def touched(self, examples):
        """Return the keys of the pairs of words that co-occur in some sentence pairs."""
        first, second = self._both()
        theirs = second.parameters_of(examples)
        theirs += first.parameters
        return np.concatenate([first.parameters_of(examples), theirs])

    def set(self, theta, keys=ALL):
        """Make parameters these."""
        begin = 0
        for direction, own in self._directions(keys):
            count = direction.parameters if own is ALL else len(own)
            direction.set_theta(own, theta[begin : begin + count, 0])
            begin += count

    def compute(self, examples, keys=ALL):
        """Return expected counts."""
        self.learner.compute(examples)
        counts = [_counts(one, own) for one, own in self._directions(keys)]
        return np.concatenate(counts)[:, None], 0.0

    def _both(self):
        return self.learner.model.first, self.learner.model.second

    def _directions(self, keys):
        """Return both directions, and which of their parameters some keys are."""
        first, second = self._both()
        if keys is ALL:
            return (first, ALL), (second, ALL)
        ours, theirs = np.split(keys, np.searchsorted(keys, [first.parameters]))
        return (first, ours), (second, theirs - np.int32(first.parameters))

    @staticmethod
    def shape(task, about, keys):
        """Return a row a key and one a word given, and 1."""
        return len(keys) + about["source_words"] + about["target_words"] + 2, 1

    @staticmethod
    def multinomials(task, about, keys):
        """Return one for each word given, the null words among them."""
        given, predicted = about["source_words"] + 1, about["target_words"]
        base = _base(about)
        second = np.searchsorted(keys, 2 * base**2)
        groups = np.empty(len(keys) + given + predicted + 1, dtype=np.int32)
        for some in stretches(len(keys)):
            groups[some] = _given(base, keys[some] % (2 * base**2))
        groups[second : len(keys)] += given
        groups[len(keys) :] = np.arange(given + predicted + 1)
        return Multinomials(groups, np.repeat([predicted, given - 1], [given, predicted + 1]))

    @staticmethod
    def initial(begun, rows, multinomials):
        """Return counts of a uniform t, with the weights of all partitions together."""
        groups, outcomes = multinomials
        weights = begun.dense(len(outcomes))[:, 0]
        counts = (weights / outcomes)[groups]
        pairs = rows - len(outcomes)
        counts[pairs:] = weights - np.bincount(groups[:pairs], counts[:pairs], len(outcomes))
        return counts


def _counts(direction, keys):
    """Return the expected counts of those keys that a mini-batch has touched, or of all.

    The zeros that mini-batches are added up in are kept, by thread.
    """
    if keys is ALL:
        return direction.statistics()
    if len(getattr(_KEPT, "zeros", ())) < direction.parameters:
        _KEPT.zeros = np.zeros(direction.parameters)
    return direction.statistics_of(keys, _KEPT.zeros[: direction.parameters])


def _piece(corpus, piece):
    """Return both directions, but only for every so-many-th of the words predicted.

    Posteriors of a word need no parameters but its own: pieces are models for themselves, but that
    a word given has its probabilities in all of them.
    """
    source, target = (
        (corpus[f"train.{side}_offsets"], corpus[f"train.{side}"]) for side in ("source", "target")
    )
    words = [corpus.about[f"{side}_words"] for side in ("source", "target")]
    return BothDirections(
        *(
            IBMModel1(*given, *_some(predicted, piece), source_words=w, target_words=v)
            for given, predicted, (w, v) in (
                (source, target, words),
                (target, source, words[::-1]),
            )
        )
    )


def _some(sentences, piece):
    """Return offsets and words, of those words that belong to a piece."""
    offsets, words = sentences
    ours = words % piece.pieces == piece.number
    return np.concatenate([[0], np.cumsum(ours)])[offsets], words[ours]


def _base(about):
    """Return a number above those of all words."""
    return max(about["source_words"], about["target_words"]) + 1


def _keys(base, words):
    """Return a number below 2 base^2 for each pair of words of a direction.

    It is made of the rarer word, whether that is the word given, and the other.
    """
    target, given = words.T
    rarer = np.maximum(target, given).astype(np.int64)
    return (2 * rarer + (given > target)) * base + np.minimum(target, given)


def _given(base, keys):
    """Return the word given of each key."""
    rarer, other = np.divmod(keys, base)
    rarer, rarer_is_given = np.divmod(rarer, 2)
    return np.where(rarer_is_given, rarer, other)
