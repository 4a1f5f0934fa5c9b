"""Batch EM for the HMM beside hmmlearn's CategoricalHMM, from the same start."""

import logging
from functools import cached_property
from typing import ClassVar

import numpy as np

from benchmarks.peers import Pass, Peer, clock
from staleness.algorithms.tasks.tagging import Words
from staleness.kernels.core.learner import Learner
from staleness.kernels.rules.batch_em import ExpectationMaximization

SENTENCES, STATES = 2000, 45
LOG_LIKELIHOOD = "log-likelihood"


class Scaling:
    """Both from one random start, on the first sentences of Brown."""

    library = "hmmlearn"
    program = "hmmlearn scaling"
    tolerance: ClassVar = {LOG_LIKELIHOOD: 1e-5}

    @cached_property
    def words(self):
        """What both learn from."""
        return first_sentences(self.corpus("brown"), SENTENCES, STATES)

    @cached_property
    def learner(self):
        """Ours."""
        return Learner(self.words.model(), ExpectationMaximization())

    @cached_property
    def examples(self):
        """The numbers of all sentences."""
        return np.arange(len(self.learner.work), dtype=np.int32)

    @cached_property
    def start(self):
        """The parameters that both begin with, a copy."""
        return Learner(self.words.model(), ExpectationMaximization()).theta.copy()

    def found(self):
        """Return the log-likelihood at our parameters."""
        _, log_likelihood = self.learner.model.evaluate(self.words.offsets, self.words.tokens)
        return {LOG_LIKELIHOOD: log_likelihood}


class Expectation(Scaling, Peer):
    """The E-step alone."""

    name = "HMM E-step"

    def ours(self):
        """Do E-steps with ours."""
        seconds, busy = clock(lambda: self.learner.compute(self.examples), 20)
        return Pass(seconds, busy, len(self.words.tokens), self.found())

    def theirs(self):
        """Do an E-step with what hmmlearn's `fit` calls for it; there is no public name."""
        model, corpus = theirs_from(self.words, self.start, iterations=1)
        steps = []
        seconds, busy = clock(lambda: steps.append(model._do_estep(*corpus)))
        (_, log_likelihood), *_ = steps
        return Pass(seconds, busy, len(self.words.tokens), {LOG_LIKELIHOOD: log_likelihood})


class Iteration(Scaling, Peer):
    """Whole iterations of EM, from the start."""

    name = "HMM iteration of EM"
    iterations = 5

    def ours(self):
        """Iterate with ours."""
        self.learner.theta = self.start

        def iterate():
            self.learner.compute(self.examples)
            self.learner.update()

        seconds, busy = clock(iterate, self.iterations)
        return Pass(seconds, busy, len(self.words.tokens), self.found())

    def theirs(self):
        """Iterate with hmmlearn; what it tells of an iteration is the likelihood before it."""
        model, corpus = theirs_from(self.words, self.start, self.iterations)
        seconds, busy = clock(lambda: model.fit(*corpus))
        amount = self.iterations * len(self.words.tokens)
        return Pass(seconds, busy, amount, {LOG_LIKELIHOOD: model.score(*corpus)})


def first_sentences(corpus, count, states):
    """Return `Words` of the first sentences, with the words that they have and a random start."""
    offsets = np.array(corpus["train.offsets"][: count + 1])
    occurring, tokens = np.unique(corpus["train.words"][: offsets[-1]], return_inverse=True)
    random = np.random.default_rng(0)
    return Words(
        offsets=offsets,
        tokens=tokens.astype(np.int32),
        words=len(occurring),
        responsibilities=random.dirichlet(np.ones(states), len(occurring)),
        transitions=random.dirichlet(np.ones(states), states),
    )


def theirs_from(words, theta, iterations):
    """Return hmmlearn's model with these parameters, and its two arguments of a corpus."""
    from hmmlearn.hmm import CategoricalHMM  # noqa: PLC0415

    # It warns of every corpus with more parameters than tokens.
    logging.getLogger("hmmlearn").setLevel(logging.ERROR)
    theta = theta.astype(np.float64)
    emissions, transitions, start = theta[: words.words], theta[words.words : -1], theta[-1]
    model = CategoricalHMM(
        n_components=len(start),
        n_features=words.words,
        implementation="scaling",
        init_params="",
        n_iter=iterations,
        tol=-np.inf,
    )
    model.startprob_ = start / start.sum()
    model.transmat_ = transitions / transitions.sum(axis=1, keepdims=True)
    model.emissionprob_ = (emissions / emissions.sum(axis=0)).T.copy()
    return model, (words.tokens[:, None].astype(np.int64), np.diff(words.offsets))
