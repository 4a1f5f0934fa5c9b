"""Plain float64 references of the kernels, and random input for both."""

import itertools
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from staleness.kernels.core.learner import Learner


@dataclass(frozen=True)
class Sentences:
    """Labelled sentences with features, as a CRF's constructor takes them."""

    offsets: np.ndarray
    labels: np.ndarray
    feature_offsets: np.ndarray
    features: np.ndarray
    label_count: int
    feature_count: int

    @property
    def arrays(self):
        return self.offsets, self.labels, self.feature_offsets, self.features

    @property
    def sizes(self):
        return {"label_count": self.label_count, "feature_count": self.feature_count}

    def __len__(self):
        return len(self.offsets) - 1

    def learner(self, kind, rule, theta=None, **sizes):
        """Return a learner of a model of this kind, that begins from theta."""
        learner = Learner(kind(*self.arrays, **self.sizes), rule, **sizes)
        if theta is not None:
            learner.theta = theta
        return learner

    def tokens(self, sentence):
        return range(self.offsets[sentence], self.offsets[sentence + 1])

    def features_of(self, token):
        return self.features[self.feature_offsets[token] : self.feature_offsets[token + 1]]


def random_sentences(rng, lengths, label_count, feature_count=12, most_features=6):
    """Return sentences of the given lengths, with 0 to `most_features` features a token.

    A feature may come twice at one token, as with hashed features.
    """
    offsets = np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)
    tokens = int(offsets[-1])
    counts = rng.integers(0, most_features + 1, size=tokens)
    return Sentences(
        offsets=offsets,
        labels=rng.integers(0, label_count, size=tokens, dtype=np.int32),
        feature_offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        features=rng.integers(0, feature_count, size=counts.sum(), dtype=np.int32),
        label_count=label_count,
        feature_count=feature_count,
    )


def random_theta(rng, corpus, spread=1.0):
    """Return normal parameters, float32 [features + labels, labels]."""
    shape = (corpus.feature_count + corpus.label_count, corpus.label_count)
    return (spread * rng.standard_normal(shape)).astype(np.float32)


def scores(theta, corpus, sentence):
    """Return emission scores [n, labels] and transition scores [labels, labels] in float64."""
    theta = theta.astype(np.float64)
    emission = [theta[corpus.features_of(t)].sum(axis=0) for t in corpus.tokens(sentence)]
    return np.reshape(emission, (-1, corpus.label_count)), theta[corpus.feature_count :]


def path_score(emission, transition, path):
    """Return the score of one label sequence."""
    nodes = sum(emission[t, j] for t, j in enumerate(path))
    return nodes + sum(transition[i, j] for i, j in itertools.pairwise(path))


class Inference(NamedTuple):
    """What is known of a sentence: log Z, posteriors of labels and of pairs, the best path."""

    log_z: float
    nodes: np.ndarray  # [n, labels]
    edges: np.ndarray  # [labels, labels], summed over positions
    best: tuple
    best_score: float


def by_enumeration(emission, transition):
    """Sum over all label paths, one by one.

    Of equally good paths the best is the one with the lowest labels, compared from the end on.
    """
    n, labels = emission.shape
    paths = list(itertools.product(range(labels), repeat=n))
    values = np.array([path_score(emission, transition, path) for path in paths])
    log_z = logsumexp(values)
    probabilities = np.exp(values - log_z)
    nodes, edges = np.zeros((n, labels)), np.zeros((labels, labels))
    for path, probability in zip(paths, probabilities, strict=True):
        for t, j in enumerate(path):
            nodes[t, j] += probability
        for i, j in itertools.pairwise(path):
            edges[i, j] += probability
    ties = [path for path, value in zip(paths, values, strict=True) if value == values.max()]
    best = min(ties, key=lambda path: path[::-1])
    return Inference(log_z, nodes, edges, best, values.max())


def by_recursion(emission, transition):
    """Forward, backward and Viterbi recursions in log space."""
    n, labels = emission.shape
    forward, backward = np.zeros((n, labels)), np.zeros((n, labels))
    best, back = np.zeros((n, labels)), np.zeros((n, labels), dtype=int)
    edges = np.zeros((labels, labels))
    if n == 0:
        return Inference(0.0, forward, edges, (), 0.0)
    forward[0] = best[0] = emission[0]
    for t in range(1, n):
        forward[t] = logsumexp(forward[t - 1][:, None] + transition, axis=0) + emission[t]
        candidates = best[t - 1][:, None] + transition
        back[t] = candidates.argmax(axis=0)
        best[t] = candidates.max(axis=0) + emission[t]
    log_z = logsumexp(forward[-1])
    for t in range(n - 1, 0, -1):
        onward = transition + (emission[t] + backward[t])[None, :]
        backward[t - 1] = logsumexp(onward, axis=1)
        edges += np.exp(forward[t - 1][:, None] + onward - log_z)
    path = [int(best[-1].argmax())]
    for t in range(n - 1, 0, -1):
        path.append(int(back[t, path[-1]]))
    nodes = np.exp(forward + backward - log_z)
    return Inference(log_z, nodes, edges, tuple(path[::-1]), best[-1].max())


def logsumexp(values, axis=None):
    """Return log sum exp; that of nothing but minus infinities is minus infinity."""
    greatest = np.maximum(values.max(axis=axis, keepdims=True), np.finfo(np.float64).min)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(values - greatest).sum(axis=axis, keepdims=True)) + greatest
    return total.squeeze(axis) if axis is not None else float(total.squeeze())


def log_likelihood(theta, corpus, sentences=None, infer=by_recursion):
    """Return log p(gold | x) in nats, summed over the sentences."""
    total = 0.0
    for sentence in range(len(corpus)) if sentences is None else sentences:
        emission, transition = scores(theta, corpus, sentence)
        gold = corpus.labels[corpus.tokens(sentence)]
        total += path_score(emission, transition, gold)
        total -= infer(emission, transition).log_z
    return total


def gradient(theta, corpus, sentences=None, infer=by_recursion):
    """Return the gradient of the negative log-likelihood, summed over the sentences."""
    out = np.zeros(theta.shape)
    transitions = out[corpus.feature_count :]
    for sentence in range(len(corpus)) if sentences is None else sentences:
        emission, transition = scores(theta, corpus, sentence)
        found = infer(emission, transition)
        gold = corpus.labels[corpus.tokens(sentence)]
        residuals = found.nodes.copy()
        residuals[np.arange(len(gold)), gold] -= 1.0
        for t, residual in zip(corpus.tokens(sentence), residuals, strict=True):
            for feature in corpus.features_of(t):
                out[feature] += residual
        transitions += found.edges
        for i, j in itertools.pairwise(gold):
            transitions[i, j] -= 1.0
    return out


def path_features(corpus, sentence, path):
    """Return how often each entry of theta counts in a path's score, float64 like theta."""
    out = np.zeros((corpus.feature_count + corpus.label_count, corpus.label_count))
    for t, j in zip(corpus.tokens(sentence), path, strict=True):
        np.add.at(out[:, j], corpus.features_of(t), 1.0)
    for i, j in itertools.pairwise(path):
        out[corpus.feature_count + i, j] += 1.0
    return out


class Mistake(NamedTuple):
    """What a sentence is decoded as, and what it takes to step from there towards gold."""

    path: tuple
    loss: int  # tokens
    margin: float  # score of gold less that of the path
    difference: np.ndarray  # features of gold less those of the path


def mistake(theta, corpus, sentence, infer=by_recursion):
    """Return the `Mistake` of a sentence; its loss is 0 where there is none."""
    emission, transition = scores(theta, corpus, sentence)
    gold = corpus.labels[corpus.tokens(sentence)]
    path = infer(emission, transition).best
    return Mistake(
        path,
        int(np.sum(gold != np.array(path, dtype=int))),
        path_score(emission, transition, gold) - path_score(emission, transition, path),
        path_features(corpus, sentence, gold) - path_features(corpus, sentence, path),
    )


def perceptron_step(found):
    """Return the step of the perceptron from a `Mistake`."""
    return 1.0 if found.loss else 0.0


def mira_step(found, limit):
    """Return the step of 1-best MIRA from a `Mistake`."""
    squares = np.sum(found.difference**2)
    return min(limit, (found.loss - found.margin) / squares) if squares else 0.0


def steps_of(theta, corpus, mini_batch, step, infer=by_recursion):
    """Return the mean of the steps of a mini-batch, float64 like theta."""
    found = [mistake(theta, corpus, sentence, infer) for sentence in mini_batch]
    return sum(step(one) * one.difference for one in found) / len(mini_batch)


def averaged(theta, corpus, mini_batches, step, infer=by_recursion):
    """Learn from decoded sentences; return the last theta, and the mean of all after an update."""
    theta = theta.astype(np.float64)
    total = np.zeros(theta.shape)
    for mini_batch in mini_batches:
        theta = theta + steps_of(theta, corpus, mini_batch, step, infer)
        total += theta
    return theta, total / len(mini_batches)


def exactly(*arrays):
    """Return arrays of fractions, of which sums are not rounded."""
    return [np.vectorize(Fraction, otypes=[object])(array) for array in arrays]


def by_exact_enumeration(emission, transition):
    """Sum over all label paths, their scores added up without rounding: in any range of numbers.

    `log_z` is less the best score, which float64 may not hold well enough to be of any use.
    """
    n, labels = emission.shape
    emission, transition = exactly(emission, transition)
    paths = list(itertools.product(range(labels), repeat=n))
    values = [path_score(emission, transition, path) for path in paths]
    best = max(values)
    shares = np.exp([float(max(value - best, -1000)) for value in values])
    nodes, edges = np.zeros((n, labels)), np.zeros((labels, labels))
    for path, share in zip(paths, shares / shares.sum(), strict=True):
        nodes[range(n), path] += share
        for i, j in itertools.pairwise(path):
            edges[i, j] += share
    ties = [path for path, value in zip(paths, values, strict=True) if value == best]
    return Inference(
        float(np.log(shares.sum())), nodes, edges, min(ties, key=lambda path: path[::-1]), best
    )
