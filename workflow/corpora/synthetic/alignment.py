"""Sentence pairs from IBM Model 1."""

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
    negative_binomial,
    poisson,
    zipf,
)
from staleness.workflow.store import encoded

TRANSLATIONS = 4  # of a word
# That the null word has for translations. With as many words a side, those of a word still differ.
NULL_WORDS = 100
# As in the Brown Corpus, but of at most 40 words, as aligners are mostly given.
LONGEST = 40
LENGTHS = Distributions(negative_binomial(mean=20.25, shape=2.4, longest=LONGEST))
TARGET_LENGTHS = Distributions(poisson(1.05 * np.arange(LONGEST + 1), LONGEST))
SIDES = ("source", "target")


@dataclass(frozen=True, kw_only=True)
class SyntheticAlignment(Synthetic):
    """Target words translated from source words, or the null word, chosen uniformly.

    Brown et al. (1993), equation 5. The gold links, all of them sure, are the true ones; words that
    the null word made have none. Besides the arrays of the task there are

    `true.translations` int32 [source words, 4], the target words that a source word becomes, -1 for
    one that the corpus does not have; `true.probabilities` float64 of the same shape; and
    `true.null` float64 [target words], what the null word becomes.
    """

    name = "alignment"
    size = "any number of pairs, 50,000 words a side"
    texts = frozenset(f"{side}-words.txt" for side in SIDES)

    words: int = option(50_000, "words of the model, on either side", "N", least=NULL_WORDS)

    @cached_property
    def truth(self):
        """The `Distributions` of source words, of translations and of the null word's.

        A word has translations about as frequent as it is, the first the likeliest; the third value
        has which target words they are.
        """
        random = self.random("model")
        word = np.arange(self.words)[:, None]
        steps = random.random((self.words, TRANSLATIONS - 1)) * (1 + word / 4)
        steps = 1 + steps.astype(np.int64)
        translations = np.hstack([word, word + np.cumsum(steps, axis=1)]) % self.words
        weights = random.random((self.words, TRANSLATIONS)) / 2
        weights[:, 0] = 1
        shares = zipf(self.words)
        null = Distributions(np.where(word[:, 0] < NULL_WORDS, shares, 0))
        return Distributions(shares), Distributions(weights), translations, null

    def sample(self, random, count):
        """Return source and target words, as the model numbers them, and links; see the base."""
        lexicon, choice, translations, null = self.truth
        lengths = LENGTHS.draw(random, count).astype(np.int64)
        target_lengths = TARGET_LENGTHS.draw(random, lengths).astype(np.int64)
        source = lexicon.draw(random, lengths.sum())

        pair = np.repeat(np.arange(count), target_lengths)
        linked = (random.random(len(pair)) * (lengths[pair] + 1)).astype(np.int64) - 1
        # A product may have been rounded up.
        linked = np.minimum(linked, lengths[pair] - 1)
        links = np.flatnonzero(linked >= 0)
        target = null.draw(random, len(pair))
        # The token that each link comes from, in all of the source.
        given = (np.cumsum(lengths) - lengths)[pair[links]] + linked[links]
        target[links] = translations[source[given], choice.draw(random, source[given])]

        position = np.arange(len(pair)) - (np.cumsum(target_lengths) - target_lengths)[pair]
        positions = np.stack([linked[links], position[links]], axis=1).astype(np.int32)
        return {
            "source": Sequences(lengths, source),
            "target": Sequences(target_lengths, target),
            "links": Sequences(
                np.bincount(pair[links], minlength=count),
                positions[np.argsort(given, kind="stable")],
            ),
        }

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`."""
        source, target = (Numbering(self.words) for _ in SIDES)
        links = linked_pairs = 0
        for block in self.blocks("train", self.examples):
            source.add(block["source"].values)
            target.add(block["target"].values)
            links += len(block["links"].values)
            linked_pairs += np.count_nonzero(block["links"].lengths)
        _, choice, translations, null = self.truth
        true = {
            "true.translations": target.numbers[translations[source.used]],
            "true.probabilities": choice.probabilities[source.used],
            "true.null": null.probabilities[0, target.used],
        }
        counts = {
            "pairs": self.examples,
            "source_tokens": source.tokens,
            "target_tokens": target.tokens,
            "links": links,
            "skipped_empty": 0,
            "skipped_long": 0,
        }
        about = {
            **about,
            "source_words": len(source.used),
            "target_words": len(target.used),
            "linked_pairs": int(linked_pairs),
            "counts": {"train": counts},
        }
        texts = {
            f"{side}-words.txt": (f"{side[0]}{word}" for word in numbering.used)
            for side, numbering in zip(SIDES, (source, target), strict=True)
        }
        encoded.save_in_parts(folder, about, chain([true], self._parts(source, target)), texts)

    def _parts(self, source, target):
        """Yield the arrays of the training split, block by block."""
        offsets = {name: Offsets() for name in ("source", "target", "links")}
        for block in self.blocks("train", self.examples):
            links = block["links"]
            yield {
                "train.source_offsets": offsets["source"](block["source"].lengths),
                "train.source": source.numbers[block["source"].values],
                "train.target_offsets": offsets["target"](block["target"].lengths),
                "train.target": target.numbers[block["target"].values],
                "train.link_offsets": offsets["links"](links.lengths),
                "train.links": links.values,
                "train.links_sure": np.ones(len(links.values), dtype=np.uint8),
            }
