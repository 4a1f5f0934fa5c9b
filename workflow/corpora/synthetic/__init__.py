"""Synthetic corpora: sampled from a model that is known, at any size. One file a task.

They are made block by block, every block from a seed of its own, twice over: first to number the
words by their frequency, then to write them. So they need not fit into memory, and the first N
examples are the same in every size. The true parameters lie beside them as `true.*.npy`.

Nothing but sums, products and comparisons of uniform random numbers decides what is sampled, so
that it is the same on every machine.
"""

import sys
from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from staleness.algorithms.components import discover
from staleness.algorithms.seeds import generator
from staleness.workflow.corpora.encoders import Encoder, encoder, option
from staleness.workflow.corpora.synthetic import sampling

PREFIX = "synthetic-"
BLOCK = 1 << 12  # examples
SEED = 0


@dataclass(frozen=True, kw_only=True)
class Synthetic(Encoder):
    """A model to sample a corpus from, which takes the place of its task's encoder.

    Subclasses are frozen dataclasses, their fields the options, as those of `Encoder` are; `name`
    is the task, and the corpus is called synthetic-<name>. Their `encode` is given no text.

    Attributes
    ----------
    size : str
        For people: what is sampled.
    """

    size: ClassVar[str]
    modules = (sampling,)

    examples: int = option(2000, "how many examples to sample", "N", least=1)

    def check(self, corpora, paths):
        """Do nothing, there being no text; see `Encoder.check`."""

    @abstractmethod
    def sample(self, random, count):
        """Sample examples.

        Parameters
        ----------
        random : numpy.random.Generator
        count : int

        Returns
        -------
        dict of str to Sequences
            One sequence an example each.
        """

    def random(self, *names):
        """Return the random generator of a part of the corpus or of its model."""
        return generator(SEED, "synthetic", self.name, *names)

    def blocks(self, split, examples):
        """Yield what `sample` returns of a split, block by block.

        Of the last block only what counts is kept, so that a smaller corpus is the beginning of a
        larger one.
        """
        for first in range(0, examples, BLOCK):
            block = self.sample(self.random(split, first // BLOCK), BLOCK)
            yield {name: sampled.first(examples - first) for name, sampled in block.items()}

    @classmethod
    def describe(cls, about):
        """Yield what the task's own encoder tells of it."""
        yield from encoder(cls.name).describe(about)


def models():
    """Return the models found: the names of their corpora to their classes."""
    found = discover(sys.modules[__name__], Synthetic)
    return {PREFIX + task: model for task, model in found.items()}
