"""Labelled sentences whose features the labels make."""

from dataclasses import dataclass
from functools import cached_property
from itertools import chain

import numpy as np

from staleness.workflow.corpora.synthetic import Synthetic
from staleness.workflow.corpora.synthetic.sampling import (
    Distributions,
    Numbering,
    Offsets,
    Sequences,
    markov_chains,
    negative_binomial,
    zipf,
)
from staleness.workflow.store import encoded

TYPES = ("LOC", "MISC", "ORG", "PER")
LABELS = ("O", *(f"B-{kind}" for kind in TYPES), *(f"I-{kind}" for kind in TYPES))
# As in CoNLL-2003.
LENGTHS = Distributions(negative_binomial(mean=14.5, shape=1.5, longest=113))
DEVELOPMENT = 3250  # sentences of the development split, but no more than a quarter of training
# How many values each template has: few, as affixes and shapes, or many, as words.
SIZES = tuple(1 << bits for bits in (7, 8, 9, 10, 11, 12, 13, 14) for _ in range(3))
BEGINS = 1 + np.concatenate([[0], np.cumsum(SIZES)])
FEATURES = int(BEGINS[-1])
VALUES = [Distributions(zipf(size)) for size in SIZES]


@dataclass(frozen=True, kw_only=True)
class SyntheticNER(Synthetic):
    """Labels of a Markov chain, and for each token a bias and a feature of each template.

    A template has the values of a Zipf lexicon. With a probability of the template's own, the value
    is instead one of the label's: as frequent, but with the ranks in an order of the label's own.
    Given the features, the labels so are a linear-chain CRF. Besides the arrays of the task there
    are, float64,

    `true.initial` [labels], `true.transitions` [labels, labels] and `true.emissions` [features,
    labels], the probability of a feature among those of its template.
    """

    name = "ner"
    size = "any number of sentences, 9 labels and 98,000 features"
    splits = ("train", "dev")
    texts = frozenset({"features.txt"})

    @cached_property
    def truth(self):
        """The `Distributions` initial and transitions, and how the labels' own values come about.

        That is: the probability of an own value, [templates]; and the step and the shift by which a
        label's own rank is moved around the values, [templates, labels] each.
        """
        random = self.random("model")
        transitions = np.zeros((len(LABELS), len(LABELS)))
        transitions[:, 0] = 0.8
        transitions[:, 1 : 1 + len(TYPES)] = 0.2 / len(TYPES)
        for kind in range(len(TYPES)):
            begin, inside = 1 + kind, 1 + len(TYPES) + kind
            transitions[[begin, inside], inside] = 0.6
        shape = (len(SIZES), len(LABELS))
        sizes = np.array(SIZES)[:, None]
        # Sizes are powers of two, so that an odd step comes to every value.
        steps = 2 * (random.random(shape) * sizes / 2).astype(np.int64) + 1
        shifts = (random.random(shape) * sizes).astype(np.int64)
        own = random.random(len(SIZES)) * 0.8
        return Distributions(transitions[0]), Distributions(transitions), own, steps, shifts

    def sample(self, random, count):
        """Return labels, and features as the model numbers them; see the base."""
        initial, transitions, own, steps, shifts = self.truth
        lengths = LENGTHS.draw(random, count).astype(np.int64)
        labels = markov_chains(random, initial, transitions, lengths)
        features = np.zeros((len(labels), 1 + len(SIZES)), dtype=np.int32)
        for template, (size, values) in enumerate(zip(SIZES, VALUES, strict=True)):
            rank = values.draw(random, len(labels))
            moved = (rank * steps[template, labels] + shifts[template, labels]) % size
            of_label = random.random(len(labels)) < own[template]
            features[:, 1 + template] = BEGINS[template] + np.where(of_label, moved, rank)
        return {"labels": Sequences(lengths, labels), "features": Sequences(lengths, features)}

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`."""
        examples = {"train": self.examples, "dev": min(-(-self.examples // 4), DEVELOPMENT)}
        numbering = Numbering(FEATURES)
        for block in self.blocks("train", self.examples):
            numbering.add(block["features"].values.reshape(-1))
        initial, transitions, *_ = self.truth
        true = {
            "true.initial": initial.probabilities[0],
            "true.transitions": transitions.probabilities,
            "true.emissions": self._emissions()[numbering.used],
        }
        counts = {
            split: {"sentences": n, "tokens": 0, "features": 0} for split, n in examples.items()
        }
        about = {
            **about,
            "labels": list(LABELS),
            "label_scheme": "BIO",
            "features": len(numbering.used),
            "template": ["bias", *(f"t{template}" for template in range(len(SIZES)))],
            "counts": counts,
        }
        parts = (self._parts(split, n, numbering, counts[split]) for split, n in examples.items())
        texts = {"features.txt": map(_name, numbering.used)}
        encoded.save_in_parts(folder, about, chain([true], *parts), texts)

    def _parts(self, split, examples, numbering, counts):
        """Yield the arrays of a split, block by block, and count what is in them."""
        offsets, feature_offsets = Offsets(), Offsets()
        for block in self.blocks(split, examples):
            features = numbering.numbers[block["features"].values]
            # Features that training does not have are none.
            known = features >= 0
            counts["tokens"] += len(features)
            counts["features"] += int(np.count_nonzero(known))
            yield {
                f"{split}.offsets": offsets(block["labels"].lengths),
                f"{split}.labels": block["labels"].values,
                f"{split}.feature_offsets": feature_offsets(known.sum(axis=1)),
                f"{split}.features": features[known],
            }

    def _emissions(self):
        """Return the probability of each feature of the model, given the label."""
        _, _, own, steps, shifts = self.truth
        emissions = np.ones((FEATURES, len(LABELS)))
        for template, size in enumerate(SIZES):
            shared = VALUES[template].probabilities[0]
            rows = emissions[BEGINS[template] : BEGINS[template + 1]]
            for label in range(len(LABELS)):
                moved = (np.arange(size) * steps[template, label] + shifts[template, label]) % size
                rows[:, label] = (1 - own[template]) * shared
                rows[moved, label] += own[template] * shared
        return emissions


def _name(feature):
    """Return what features.txt calls a feature of the model: "t3=17", "bias"."""
    if feature == 0:
        return "bias"
    template = np.searchsorted(BEGINS, feature, side="right") - 1
    return f"t{template}={feature - BEGINS[template]}"
