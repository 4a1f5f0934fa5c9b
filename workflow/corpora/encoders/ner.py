"""Encoding labelled sentences for the task `ner`: features of a linear-chain CRF, row by row.

Everything is a whole-corpus numpy operation. The values of a column become ids by the order of
their first appearance, training split first; a feature's value is the mixed-radix number whose
digits are the ids of its template's columns. Which features there are, and their order, therefore
depends on the training split alone, and on no hash.
"""

from dataclasses import dataclass

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import features, words
from staleness.workflow.corpora.encoders import Encoder, option
from staleness.workflow.corpora.features import (
    DERIVED,
    NER_TEMPLATES,
    template_name,
    templates_for,
)
from staleness.workflow.corpora.words import printable
from staleness.workflow.store import encoded

# The digits of a feature's value: a position outside the sentence, no value there, else from 1.
OUTSIDE, MISSING = 0, -1
OUTSIDE_NAME = "<boundary>"
LARGEST = 2**63 - 1


@dataclass(frozen=True, kw_only=True)
class LabelledFeatures(Encoder):
    """Features and labels of sentences, given as `formats.LabelledSentences`.

    Notes
    -----
    For every split the arrays are

    ========================= ===== ============== ====================================
    `<split>.offsets`         int64 [sentences+1]  first token of each sentence
    `<split>.labels`          int32 [tokens]       index into `labels` of corpus.json
    `<split>.feature_offsets` int64 [tokens+1]     first feature of each token
    `<split>.features`        int32 [nnz]          rows of theta, in template order
    ========================= ===== ============== ====================================

    Rows are ordered by falling frequency in the training split, so that the rows used most lie
    together; ties by template, then value. `features.txt` names one row a line.
    """

    name = "ner"
    corpus = "conll2003-en"
    format = "conll"
    splits = ("train", "dev", "test")
    needed = ("train", "dev")
    texts = frozenset({"features.txt"})
    modules = (features, words)

    # With 2, CoNLL-2003 has |theta| = features x labels between 1 and 4 million.
    min_count: int = option(2, "leave out features that occur less often in training", "N", least=1)

    def check(self, corpora, paths):
        """Refuse splits of different columns, no entities in training, and too many labels."""
        # Not at the top: who plans a workflow needs no kernels.
        from staleness.kernels.core.validation import MOST_LABELS  # noqa: PLC0415

        wanted = list(corpora["train"].columns)
        for split, corpus in corpora.items():
            if list(corpus.columns) != wanted:
                message = (
                    f"has the columns {', '.join(corpus.columns)} and label, but the training "
                    f"split has {', '.join(wanted)} and label: give all splits the same columns"
                )
                raise CorpusError(paths[split], None, message)
        if set(self._training(corpora).labels) == {"O"}:
            message = "every label is O, so there is nothing to learn"
            raise CorpusError(paths["train"], None, f"{message}: put the label in the last column")
        labels = self._labels({**corpora, "train": self._training(corpora)})
        if len(labels) > MOST_LABELS:
            message = (
                f"{len(labels):,} different labels, such as {labels[-1]!r}, expected at most "
                f"{MOST_LABELS:,}: put the label in the last column, or take fewer types"
            )
            raise CorpusError(paths["train"], None, message)

    def encode(self, corpora, folder, about, templates=NER_TEMPLATES):
        """Write the arrays; see `Encoder.encode`.

        Parameters
        ----------
        corpora : dict of str to LabelledSentences
            "train" and, where wanted, "dev" and "test".
        folder : path-like
        about : dict
        templates : tuple, optional
            Feature templates, as in `features`.

        Raises
        ------
        CorpusError
            If no feature is frequent enough.
        """
        corpora = {**corpora, "train": self._training(corpora)}
        corpora = {split: corpora[split] for split in self.splits if split in corpora}
        templates = templates_for(corpora["train"].columns, templates)
        labels = self._labels(corpora)
        label_ids = {label: index for index, label in enumerate(labels)}

        bounds = np.cumsum([0] + [len(corpus.labels) for corpus in corpora.values()])
        columns = _columns(corpora)
        before, after = _room(corpora, bounds)
        rows, names = _rows(columns, before, after, templates, bounds[1], self.min_count)
        if not names:
            message = (
                f"{bounds[1]:,} tokens, and no feature that occurs {self.min_count} times in them: "
                "give more text, or fewer times as --min-count"
            )
            raise CorpusError(corpora["train"].path, None, message)

        arrays, counts = {}, {}
        for (split, corpus), start, stop in zip(corpora.items(), bounds, bounds[1:], strict=False):
            here = rows[start:stop]
            kept = here >= 0
            offsets = np.zeros(stop - start + 1, dtype=np.int64)
            np.cumsum(kept.sum(axis=1), out=offsets[1:])
            of_tokens = np.array([label_ids[label] for label in corpus.labels], "int32")
            arrays[f"{split}.offsets"] = corpus.offsets
            arrays[f"{split}.labels"] = of_tokens
            arrays[f"{split}.feature_offsets"] = offsets
            arrays[f"{split}.features"] = here[kept]
            counts[split] = {
                "sentences": len(corpus.offsets) - 1,
                "tokens": len(corpus.labels),
                "features": int(offsets[-1]),
                "documents": corpus.documents,
                "label_scheme_read": corpus.scheme,
            }
        about = {
            **about,
            "labels": labels,
            "label_scheme": "BIO",
            "features": len(names),
            "template": [template_name(template) for template in templates],
            "counts": counts,
        }
        encoded.save(folder, about, arrays, {"features.txt": names})

    @classmethod
    def describe(cls, about):
        """Yield the sizes of the splits, then what there is to learn."""
        yield ", ".join(
            f"{split} {counts['sentences']:,} sentences and {counts['tokens']:,} tokens"
            for split, counts in about["counts"].items()
        )
        yield (
            f"{about['features']:,} features that training has at least "
            f"{about['options'].get('min_count', 1)} times, {len(about['labels'])} labels"
        )

    def _training(self, corpora):
        """Return the part of the training split that counts."""
        return corpora["train"].first(self.examples)

    def _labels(self, corpora):
        """Return the labels of all splits, "O" first."""
        labels = {label for corpus in corpora.values() for label in corpus.labels}
        return ["O", *sorted(labels - {"O"})]


def _columns(corpora):
    """Return every column of all splits, one after the other, as digits.

    Returns
    -------
    dict of str to (numpy.ndarray of int64 [tokens], list of str)
        The digit of each token, and what a digit stands for.
    """
    columns = {}
    for name in corpora["train"].columns:
        values = [value for corpus in corpora.values() for value in corpus.columns[name]]
        columns[name] = _digits(values)
    word_digits, words = columns["word"]
    for name, derive in DERIVED.items():
        of_type, values = _digits([derive(word) for word in words[1:]])
        columns[name] = of_type[word_digits - 1], values
    return columns


def _digits(values):
    """Give values numbers from 1 in the order of their first appearance; None is `MISSING`."""
    distinct = dict.fromkeys(values)
    distinct.pop(None, None)
    digit_of = {value: digit for digit, value in enumerate(distinct, start=1)}
    digit_of[None] = MISSING
    digits = np.fromiter(map(digit_of.__getitem__, values), np.int64, len(values))
    return digits, [OUTSIDE_NAME, *distinct]


def _room(corpora, bounds):
    """Return how many tokens stand before and after each token in its sentence."""
    starts = [
        corpus.offsets[:-1] + bound for corpus, bound in zip(corpora.values(), bounds, strict=False)
    ]
    edges = np.append(np.concatenate(starts), bounds[-1])
    lengths = np.diff(edges)
    before = np.arange(bounds[-1]) - np.repeat(edges[:-1], lengths)
    return before, np.repeat(lengths, lengths) - 1 - before


def _rows(columns, before, after, templates, train_tokens, min_count):
    """Extract the features of every token.

    Returns
    -------
    rows : numpy.ndarray of int32, shape [tokens, templates]
        The row of theta; -1 where there is no feature.
    names : list of str
        The name of each row.
    """
    rows = np.empty((len(before), len(templates)), dtype=np.int32)
    counts, names = [], []
    first = 0
    for position, template in enumerate(templates):
        digits = [_shift(columns[column][0], before, after, offset) for column, offset in template]
        radices = [len(columns[column][1]) for column, _ in template]
        values = _values(digits, radices, len(before))
        kept, count = _frequent(values, train_tokens, min_count)
        rows[:, position] = found = _find(kept, values, first)
        counts.append(count)
        names += _names(template, columns, digits, found, first, len(kept))
        first += len(kept)
    # Stable, so that ties stay in the order of template, then value.
    order = np.argsort(-np.concatenate(counts), kind="stable")
    rank = np.empty(len(order) + 1, dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    rank[-1] = -1
    return rank[rows], [names[index] for index in order]


def _shift(digits, before, after, offset):
    """Return the digits `offset` tokens away, `OUTSIDE` beyond the ends of the sentence."""
    inside = (before >= -offset) & (after >= offset)
    return np.where(inside, np.roll(digits, -offset), OUTSIDE)


def _values(digits, radices, tokens):
    """Combine digits into one number a token, -1 where one of them is missing."""
    values = np.zeros(tokens, dtype=np.int64)
    missing = np.zeros(tokens, dtype=bool)
    size = 1
    for digit, radix in zip(digits, radices, strict=True):
        if size * radix > LARGEST:
            # Ranks keep the order of the values and are no more than there are tokens.
            ranked, values = np.unique(values, return_inverse=True)
            size = len(ranked)
        values = values * radix + np.maximum(digit, 0)
        missing |= digit == MISSING
        size *= radix
    values[missing] = -1
    return values


def _few(values):
    """Return whether a table of all values, which are -1 or more, is no longer than they are."""
    return values.max(initial=-1) < len(values)


def _frequent(values, train_tokens, min_count):
    """Return the values that training has so often, sorted, and how often; -1 is none."""
    values, few = values[:train_tokens], _few(values)
    if few:
        # Without sorting: most templates have fewer values than there are tokens.
        count = np.bincount(values[values >= 0])
        kept = np.arange(len(count))
    else:
        kept, count = np.unique(values, return_counts=True)
    frequent = (count >= min_count) & (kept >= 0)
    return kept[frequent], count[frequent]


def _find(kept, values, first):
    """Return `first` + the index of each value in the sorted array `kept`, -1 where it is not."""
    if not len(kept):
        return np.full(len(values), -1, dtype=np.int32)
    if _few(values):
        table = np.full(values.max() + 2, -1, dtype=np.int32)  # the last for -1
        table[kept] = np.arange(first, first + len(kept))
        return table[values]
    index = np.searchsorted(kept, values)
    index[index == len(kept)] = 0
    return np.where(kept[index] == values, index + first, -1).astype(np.int32)


def _names(template, columns, digits, found, first, count):
    """Return readable names of the features `first:first + count`, such as "word[0]=Paris"."""
    name = template_name(template)
    if not template:
        return [name] * count
    example = np.empty(count, dtype=np.int64)
    tokens = np.flatnonzero(found >= 0)
    example[found[tokens] - first] = tokens
    parts = []
    for (column, _), digit in zip(template, digits, strict=True):
        values = [printable(value) for value in columns[column][1]]
        parts.append([values[index] for index in digit[example].tolist()])
    return [f"{name}={'|'.join(part)}" for part in zip(*parts, strict=True)]
