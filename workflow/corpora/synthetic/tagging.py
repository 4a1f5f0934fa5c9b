"""Sentences from a bigram hidden Markov model."""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from staleness.workflow.corpora.encoders import option
from staleness.workflow.corpora.synthetic import Synthetic
from staleness.workflow.corpora.synthetic.sampling import (
    Distributions,
    Numbering,
    Offsets,
    Sequences,
    markov_chains,
    negative_binomial,
    uneven,
    zipf,
)
from staleness.workflow.store import encoded

WORDS = 60_000
# As in the Brown Corpus.
LENGTHS = Distributions(negative_binomial(mean=20.25, shape=2.4, longest=180))


@dataclass(frozen=True, kw_only=True)
class SyntheticTagging(Synthetic):
    """Words of the states of a Markov chain; the tags are the states.

    Besides the arrays of the task there are, float64,

    `true.initial` [states], `true.transitions` [states, states] and `true.emissions` [states,
    words], the last without the words that the corpus does not have.
    """

    name = "tagging"
    size = "any number of sentences, 45 states and 60,000 words"
    texts = frozenset({"words.txt"})

    states: int = option(45, "states of the model", "N", least=1)

    @cached_property
    def truth(self):
        """The `Distributions` initial, transitions and emissions.

        A state is mostly followed by few others, so that the chain can be learned. A word has
        Zipf's share, most of it in one state and the rest in two others; each of the most frequent
        words is mostly in a state of its own.
        """
        random = self.random("model", self.states)
        initial = uneven(random, self.states)
        transitions = uneven(random, (self.states, self.states), squarings=5) + 0.1 / self.states
        shares, words = zipf(WORDS), np.arange(WORDS)
        home = np.where(words < self.states, words, random.random(WORDS) * self.states)
        emissions = np.zeros((self.states, WORDS))
        emissions[home.astype(np.int64), words] = shares
        for _ in range(2):
            other = (random.random(WORDS) * self.states).astype(np.int64)
            emissions[other, words] += shares * uneven(random, WORDS)
        return Distributions(initial), Distributions(transitions), Distributions(emissions)

    def sample(self, random, count):
        """Return words, as the model numbers them, and states; see the base."""
        initial, transitions, emissions = self.truth
        lengths = LENGTHS.draw(random, count).astype(np.int64)
        states = markov_chains(random, initial, transitions, lengths)
        words = emissions.draw(random, states)
        return {"words": Sequences(lengths, words), "tags": Sequences(lengths, states)}

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`."""
        numbering = Numbering(WORDS)
        for block in self.blocks("train", self.examples):
            numbering.add(block["words"].values)
        initial, transitions, emissions = (found.probabilities for found in self.truth)
        true = {
            "true.initial": initial[0],
            "true.transitions": transitions,
            "true.emissions": emissions[:, numbering.used],
        }
        about = {
            **about,
            "words": len(numbering.used),
            "tags": [f"S{state:02}" for state in range(self.states)],
            "counts": {"train": {"sentences": self.examples, "tokens": numbering.tokens}},
        }
        texts = {"words.txt": (f"w{word}" for word in numbering.used)}
        encoded.save_in_parts(folder, about, chain([true], self._parts(numbering)), texts)

    def _parts(self, numbering):
        """Yield the arrays of the training split, block by block."""
        offsets = Offsets()
        for block in self.blocks("train", self.examples):
            yield {
                "train.offsets": offsets(block["words"].lengths),
                "train.words": numbering.numbers[block["words"].values],
                "train.tags": block["tags"].values,
            }
