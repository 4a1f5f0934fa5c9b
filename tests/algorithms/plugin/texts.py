"""Synthetic texts on a topic."""

from dataclasses import dataclass

import numpy as np

from staleness.workflow.corpora.synthetic import Synthetic
from staleness.workflow.corpora.synthetic.sampling import Distributions, Sequences, uneven
from staleness.workflow.store import encoded

TOPICS, WORDS = 3, 40


@dataclass(frozen=True, kw_only=True)
class SyntheticTexts(Synthetic):
    """Texts of 4 to 11 words from one of three topics, the true ones as `true.topics`."""

    name = "clustering"
    size = "any number of texts"

    def sample(self, random, count):
        """Return the words of some texts, and their topics; see the base."""
        topics = (TOPICS * random.random(count)).astype(np.int64)
        lengths = 4 + (8 * random.random(count)).astype(np.int64)
        choice = Distributions(uneven(self.random("model"), (TOPICS, WORDS)))
        words = choice.draw(random, np.repeat(topics, lengths))
        return {
            "words": Sequences(lengths, words),
            "topics": Sequences(np.ones_like(topics), topics),
        }

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`."""
        (block,) = self.blocks("train", self.examples)
        arrays = {
            "train.offsets": np.concatenate([[0], np.cumsum(block["words"].lengths)]),
            "train.words": block["words"].values,
            "true.topics": block["topics"].values,
        }
        encoded.save(folder, {**about, "words": WORDS}, arrays)

    @classmethod
    def describe(cls, about):
        """Yield what people are told of it."""
        yield f"{about['words']} words"
