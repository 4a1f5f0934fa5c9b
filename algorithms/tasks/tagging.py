"""Part-of-speech induction: a bigram HMM of words, its states judged by gold tags."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from staleness.algorithms.components import parameter
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.seeds import generator
from staleness.algorithms.tasks import Metric, Task


@dataclass(frozen=True)
class Words:
    """What a HMM is learned from, and where it begins.

    Attributes
    ----------
    offsets, tokens : ndarray
    words : int
    responsibilities, transitions : ndarray
        See `HiddenMarkovModel`.
    """

    offsets: np.ndarray
    tokens: np.ndarray
    words: int
    responsibilities: np.ndarray
    transitions: np.ndarray

    def model(self, statistics="expected counts"):
        """Return a `HiddenMarkovModel`."""
        from staleness.kernels.models.hmm import HiddenMarkovModel

        return HiddenMarkovModel(
            self.offsets,
            self.tokens,
            words=self.words,
            responsibilities=self.responsibilities,
            transitions=self.transitions,
        )


@dataclass(frozen=True)
class Tagging(Task):
    """Sentences of words, tagged by the states of a HMM without supervision.

    Gimpel, Das & Smith (2010), section 6.3; the number of `states` is that of the Penn Treebank's
    tags. Evaluated on what it learns from, as unsupervised learning is, by the most probable state
    of each token (posterior decoding).
    """

    name = "tagging"
    title = "Part-of-speech tagging"
    update = "stepwise-em"
    work_unit = "tokens"
    model = "bigram HMM"
    convex = False
    random_start = True
    judged_by = ("log_likelihood", "many_to_one")
    statistics = ("expected counts", "kept expected counts")
    metrics: ClassVar = {
        "log_likelihood": Metric("log-likelihood", "log-likelihood of the words", "log-likelihood"),
        "many_to_one": Metric("many-to-1 accuracy", "many-to-1 accuracy of the states"),
        "one_to_one": Metric("1-to-1 accuracy", "one-to-one accuracy of the states"),
        "v_measure": Metric("V-measure", "V-measure of the states"),
    }

    layout: ClassVar = {"offsets": {"words": None, "tags": None}}

    states: int = parameter(45, "of the HMM; as many as tags of the Penn Treebank")

    def examples(self, corpus):
        """Return the number of sentences of the training set."""
        return len(corpus["train.offsets"]) - 1

    def work(self, corpus):
        """Return the tokens of each sentence of the training set."""
        return np.diff(corpus["train.offsets"]).astype(np.int32)

    def training(self, corpus, seed):
        """Return the `Words`, with random numbers of the seed to begin from.

        Every word begins with posteriors of its own over the states, and every state with
        probabilities of its own of the next: proportional to squares of uniform numbers. Were they
        all alike, EM would never tell states apart; the less alike, the sooner batch EM does.
        """
        from staleness.kernels.core.validation import MOST_LABELS

        if not 1 <= self.states <= MOST_LABELS:
            raise StalenessError(f"states must be 1 to {MOST_LABELS}, not {self.states}")
        words = corpus.about["words"]
        random = generator(seed, "initial", "tagging", self.states)
        responsibilities = (1 - random.random((words, self.states))) ** 2
        transitions = (1 - random.random((self.states, self.states))) ** 2
        return Words(
            offsets=corpus["train.offsets"],
            tokens=corpus["train.words"],
            words=words,
            responsibilities=responsibilities / responsibilities.sum(axis=1, keepdims=True),
            transitions=transitions / transitions.sum(axis=1, keepdims=True),
        )

    def tally(self, learner, corpus):
        """Return the likelihood of the training set, and how often states and gold tags meet."""
        from staleness.algorithms.metrics.gold.clustering import contingency

        sentences = corpus["train.offsets"], corpus["train.words"]
        states, log_likelihood = learner.model.evaluate(*sentences)
        tally = {"log_likelihood": log_likelihood}
        if corpus.about["tags"]:
            met = contingency(states, corpus["train.tags"])
            # Of one shape, whatever there is in a part of the corpus.
            tally["table"] = np.zeros((self.states, len(corpus.about["tags"])), dtype=np.int64)
            tally["table"][: met.shape[0], : met.shape[1]] = met
        return tally

    def score(self, tally):
        """Return the metrics; without gold tags, the likelihood."""
        from staleness.algorithms.metrics.gold.clustering import many_to_one, one_to_one, v_measure

        metrics = {"log_likelihood": tally["log_likelihood"]}
        if "table" in tally:
            table = tally["table"]
            metrics["many_to_one"] = many_to_one(table)
            metrics["one_to_one"] = one_to_one(table)
            metrics["v_measure"] = v_measure(table)
        return metrics
