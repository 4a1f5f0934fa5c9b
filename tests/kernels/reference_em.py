"""Plain float64 references of expectation maximisation, and random input for both.

Statistics and mu are dense arrays: what the kernels keep as counts, totals and a scale.
"""

import itertools
from dataclasses import dataclass

import numpy as np

from staleness.kernels.core.learner import Learner
from staleness.kernels.models.hmm import HiddenMarkovModel
from staleness.kernels.models.model1 import IBMModel1
from staleness.kernels.rules.batch_em import ExpectationMaximization
from staleness.kernels.rules.incremental_em import IncrementalEM
from staleness.kernels.rules.stepwise_em import StepwiseEM

from .reference import by_recursion, logsumexp

RULES = {
    "em": ExpectationMaximization,
    "stepwise": StepwiseEM,
    "incremental": IncrementalEM,
}


class Corpus:
    """What a model is learned from; a subclass says which."""

    def learner(self, rule="em", *, slots=1, workspaces=1, replicas=0, **hyper_parameters):
        """Return a learner of the model by a rule of these hyper-parameters."""
        return Learner(
            self.model(),
            RULES[rule](**hyper_parameters),
            slots=slots,
            workspaces=workspaces,
            replicas=replicas,
        )


def offsets_of(lengths):
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def log(values):
    with np.errstate(divide="ignore"):
        return np.log(values)


def over(counts, totals):
    """Return counts over totals, 0 over 0 as 0."""
    return np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)


def random_rows(rng, rows, columns, concentration=1.0):
    """Return float64 [rows, columns], each row of sum 1."""
    return rng.dirichlet(np.full(columns, concentration), size=rows)


# ---- hidden Markov model ------------------------------------------------------------------------


@dataclass(frozen=True)
class HMM(Corpus):
    """A corpus of sentences and where to begin; mu is [words + states + 1, states], as theta."""

    offsets: np.ndarray
    tokens: np.ndarray
    words: int
    responsibilities: np.ndarray
    transitions: np.ndarray

    @property
    def states(self):
        return len(self.transitions)

    def __len__(self):
        return len(self.offsets) - 1

    def model(self):
        return HiddenMarkovModel(
            self.offsets,
            self.tokens,
            words=self.words,
            responsibilities=self.responsibilities,
            transitions=self.transitions,
        )

    def evaluate(self, learner):
        """Return the most probable states and the log-likelihood of the corpus."""
        return learner.model.evaluate(self.offsets, self.tokens)

    def viterbi(self, learner):
        """Return the most probable state sequences and the log-likelihood of the corpus."""
        return learner.model.viterbi(self.offsets, self.tokens)

    def sentence(self, number):
        return self.tokens[self.offsets[number] : self.offsets[number + 1]]

    def parts(self, values):
        """Return the emission, transition and start rows of theta or counts."""
        return values[: self.words], values[self.words : -1], values[-1]

    def theta_of(self, learner):
        return learner.theta.astype(np.float64)

    def counts_of(self, learner, slot=0):
        return learner.model.statistics(slot)

    def scores(self, theta, number):
        """Return log-probabilities of emission, with the start in the first, and transition."""
        emission, transition, start = (log(part) for part in self.parts(theta))
        scores = emission[self.sentence(number)]
        if len(scores):
            scores[0] += start
        return scores, transition

    def statistics(self, theta, examples, infer=by_recursion):
        """Return the log-likelihood of some sentences and their expected counts."""
        total, counts = 0.0, np.zeros(theta.shape)
        emissions, transitions, starts = self.parts(counts)
        for number in examples:
            found = infer(*self.scores(theta, number))
            total += found.log_z
            np.add.at(emissions, self.sentence(number), found.nodes)
            transitions += found.edges
            if len(found.nodes):
                starts += found.nodes[0]
        return total, counts

    def normalised(self, mu, smoothing=0.0):
        """Return theta."""
        emissions, transitions, starts = self.parts(mu + smoothing)
        rows = over(transitions, transitions.sum(axis=1, keepdims=True))
        return np.concatenate(
            [over(emissions, emissions.sum(axis=0)), rows, over(starts, starts.sum())[None]]
        )

    def begun(self, number):
        """Return the counts of a sentence with the posteriors that learning begins with."""
        counts = np.zeros((self.words + self.states + 1, self.states))
        emissions, transitions, starts = self.parts(counts)
        sentence = self.sentence(number)
        np.add.at(emissions, sentence, self.responsibilities[sentence])
        transitions += max(len(sentence) - 1, 0) / self.states * self.transitions
        if len(sentence):
            starts += self.responsibilities[sentence[0]]
        return counts

    def initial(self):
        """Return mu before learning."""
        return sum(self.begun(number) for number in range(len(self)))


def random_hmm(rng, lengths, words=6, states=3, concentration=1.0):
    """Return random sentences of given lengths, and posteriors to begin from."""
    return HMM(
        offsets=offsets_of(lengths),
        tokens=rng.integers(0, words, size=int(np.sum(lengths)), dtype=np.int32),
        words=words,
        responsibilities=random_rows(rng, words, states, concentration),
        transitions=random_rows(rng, states, states, concentration),
    )


# ---- IBM Model 1 --------------------------------------------------------------------------------


@dataclass(frozen=True)
class Model1(Corpus):
    """A corpus of sentence pairs; mu is [target words, 1 + source words], of all pairs of words.

    Those that never co-occur have their part of the uniform t that learning begins with.
    """

    source_offsets: np.ndarray
    source: np.ndarray
    target_offsets: np.ndarray
    target: np.ndarray
    source_words: int
    target_words: int

    def __len__(self):
        return len(self.source_offsets) - 1

    def model(self):
        return IBMModel1(
            self.source_offsets,
            self.source,
            self.target_offsets,
            self.target,
            source_words=self.source_words,
            target_words=self.target_words,
        )

    def evaluate(self, learner):
        """Return the best alignment and the log-likelihood of the corpus."""
        return learner.model.evaluate()

    def sentences(self, number):
        """Return the source words + 1 of a pair, the null word first, and the target words."""
        source = self.source[self.source_offsets[number] : self.source_offsets[number + 1]]
        target = self.target[self.target_offsets[number] : self.target_offsets[number + 1]]
        return np.concatenate([[0], source + 1]), target

    def dense(self, learner, values):
        """Return values of a learner's parameters as an array of all pairs, 0 elsewhere."""
        out = np.zeros((self.target_words, 1 + self.source_words))
        out[tuple(learner.model.parameter_words.T)] = values
        return out

    def theta_of(self, learner):
        return self.dense(learner, learner.theta)

    def counts_of(self, learner, slot=0):
        return self.dense(learner, learner.model.statistics(slot))

    def statistics(self, theta, examples):
        """Return the log-likelihood of some targets given their sources, and expected counts."""
        total, counts = 0.0, np.zeros(theta.shape)
        for number in examples:
            source, target = self.sentences(number)
            cells = log(theta[np.ix_(target, source)])
            if len(target) == 0:
                continue
            rows = logsumexp(cells, axis=1)
            total += (rows - np.log(len(source))).sum()
            np.add.at(counts, np.ix_(target, source), np.exp(cells - rows[:, None]))
        return total, counts

    def by_enumeration(self, theta, examples):
        """Return the same, one alignment after another."""
        total, counts = 0.0, np.zeros(theta.shape)
        for number in examples:
            source, target = self.sentences(number)
            alignments = list(itertools.product(range(len(source)), repeat=len(target)))
            cells = theta[np.ix_(target, source)] / len(source)
            joint = np.array([np.prod(cells[range(len(target)), a]) for a in alignments])
            total += np.log(joint.sum())
            for alignment, probability in zip(alignments, joint / joint.sum(), strict=True):
                np.add.at(counts, (target, source[list(alignment)]), probability)
        return total, counts

    def normalised(self, mu, smoothing=0.0):
        """Return theta."""
        return over(mu + smoothing, (mu + smoothing).sum(axis=0))

    def begun(self, number):
        """Return the counts of a pair with the posteriors that incremental EM begins with."""
        source, target = self.sentences(number)
        counts = np.zeros((self.target_words, 1 + self.source_words))
        np.add.at(counts, np.ix_(target, source), 1 / len(source))
        return counts

    def initial(self):
        """Return mu before learning."""
        weights = sum(self.begun(number).sum(axis=0) for number in range(len(self)))
        return np.tile(weights / self.target_words, (self.target_words, 1))


def random_model1(rng, source_lengths, target_lengths, source_words=5, target_words=6):
    """Return random sentence pairs of given lengths."""
    return Model1(
        source_offsets=offsets_of(source_lengths),
        source=rng.integers(0, source_words, size=int(np.sum(source_lengths)), dtype=np.int32),
        target_offsets=offsets_of(target_lengths),
        target=rng.integers(0, target_words, size=int(np.sum(target_lengths)), dtype=np.int32),
        source_words=source_words,
        target_words=target_words,
    )


# ---- update rules -------------------------------------------------------------------------------


def batch_em(model, iterations, smoothing=0.0):
    """Yield the log-likelihood and theta before each iteration of batch EM."""
    theta = model.normalised(model.initial(), smoothing)
    for _ in range(iterations):
        log_likelihood, counts = model.statistics(theta, range(len(model)))
        yield log_likelihood, theta
        theta = model.normalised(counts, smoothing)


def stepwise_em(model, mini_batches, alpha, smoothing=0.0):
    """Yield theta after each update: mu <- (1 - eta) mu + eta N/m s, eta = (k + 2)^-alpha."""
    mu = model.initial()
    for k, examples in enumerate(mini_batches):
        _, counts = model.statistics(model.normalised(mu, smoothing), examples)
        eta = (k + 2.0) ** -alpha
        mu = (1 - eta) * mu + eta * len(model) / len(examples) * counts
        yield model.normalised(mu, smoothing)


def incremental_em(model, mini_batches, smoothing=0.0, weight=1.0):
    """Yield theta and mu after each update: mu is the sum of what is kept of every example.

    That is its latest counts, or by its weight on the way to them.
    """
    kept = np.array([model.begun(number) for number in range(len(model))])
    for examples in mini_batches:
        theta = model.normalised(kept.sum(axis=0), smoothing)
        for number in examples:
            kept[number] += weight * (model.statistics(theta, [number])[1] - kept[number])
        mu = kept.sum(axis=0)
        yield model.normalised(mu, smoothing), mu
