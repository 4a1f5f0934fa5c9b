"""Encoding sentence pairs for the task `alignment`."""

from array import array
from dataclasses import dataclass

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import words
from staleness.workflow.corpora.encoders import Encoder, option
from staleness.workflow.corpora.words import Vocabulary, printable
from staleness.workflow.store import encoded

SIDES = ("source", "target")


@dataclass(frozen=True, kw_only=True)
class WordPairs(Encoder):
    """Words of both sides and gold links, given as `pairs.SentencePairs`.

    Notes
    -----
    The source is what is given, the target what is predicted. The arrays are

    ======================== ===== ============= =============================================
    `train.source_offsets`   int64 [pairs+1]     first word of each source sentence
    `train.source`           int32 [words]       lines of source-words.txt, from 0
    `train.target_offsets`   int64 [pairs+1]     the same of the target
    `train.target`           int32 [words]       lines of target-words.txt, from 0
    `train.link_offsets`     int64 [pairs+1]     first gold link of each pair
    `train.links`            int32 [links, 2]    position in the source, and in the target; sorted
    `train.links_sure`       uint8 [links]       1 for a sure link, 0 for a possible one
    ======================== ===== ============= =============================================

    Words are numbered by falling frequency, ties by first appearance. The null word is not among
    them. Without any gold links the last three are not there. `linked_pairs` of corpus.json is the
    number of pairs that have gold links: only on those can an alignment be scored.
    """

    name = "alignment"
    corpus = "sblgnt-bsb"
    format = "parallel"
    texts = frozenset(f"{side}-words.txt" for side in SIDES)
    modules = (words,)

    lower_case: bool = option(False, "put words into lower case")
    max_length: int | None = option(
        None, "the most words that either sentence of a pair may have", "N", least=1
    )
    skip_bad_pairs: bool = option(
        False, "leave out pairs with an empty or too long sentence, instead of refusing them"
    )

    def check(self, corpora, paths):
        """Do nothing, since pairs are checked as they are read; see `Encoder.check`."""

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`.

        Raises
        ------
        CorpusError
            If a pair has an empty or a too long sentence and `skip_bad_pairs` is false, or no pair
            is left.
        """
        train = corpora["train"]
        sides = {side: _Side() for side in SIDES}
        links, link_counts = array("i"), array("q")
        skipped = {"skipped_empty": 0, "skipped_long": 0}
        for pair in train:
            bad = self._bad(pair)
            if bad and not self.skip_bad_pairs:
                raise _refusal(train, pair, *bad)
            if bad:
                skipped[bad[0]] += 1
                continue
            for side in SIDES:
                sentence = getattr(pair, side)
                sides[side].add(map(str.lower, sentence) if self.lower_case else sentence)
            link_counts.append(len(pair.links))
            for link in pair.links:
                links.extend(link)
            if len(link_counts) == self.examples:
                break
        if not link_counts:
            message = f"no pairs are left ({sum(skipped.values()):,} skipped): expected at least 1"
            raise CorpusError(train.paths[0], None, f"{message}; check the files and --max-length")

        counts = {"pairs": len(link_counts)}
        arrays, texts = {}, {}
        for name, side in sides.items():
            ids, vocabulary = side.words.by_frequency()
            arrays[f"train.{name}_offsets"] = side.offsets()
            arrays[f"train.{name}"] = ids
            texts[f"{name}-words.txt"] = list(map(printable, vocabulary))
            counts[f"{name}_tokens"] = len(ids)
        if links:
            table = np.array(links, dtype=np.int32).reshape(-1, 3)
            arrays["train.link_offsets"] = _offsets(link_counts)
            arrays["train.links"] = table[:, :2]
            arrays["train.links_sure"] = table[:, 2].astype(np.uint8)
        about = {
            **about,
            **train.about,
            "source_words": len(texts["source-words.txt"]),
            "target_words": len(texts["target-words.txt"]),
            "linked_pairs": int(np.count_nonzero(link_counts)),
            "counts": {"train": {**counts, "links": len(links) // 3, **skipped, **train.counts}},
        }
        encoded.save(folder, about, arrays, texts)

    def _bad(self, pair):
        """Return what is wrong with a pair and what is expected of it, None if nothing is."""
        lengths = len(pair.source), len(pair.target)
        if min(lengths) == 0:
            return "skipped_empty", lengths.index(0), "at least 1"
        if self.max_length is not None and max(lengths) > self.max_length:
            return "skipped_long", lengths.index(max(lengths)), f"at most {self.max_length}"
        return None

    @classmethod
    def describe(cls, about):
        """Yield how much there is, then what was skipped."""
        counts = about["counts"]["train"]
        yield (
            f"{counts['pairs']:,} pairs, {counts['source_tokens']:,} source and "
            f"{counts['target_tokens']:,} target words "
            f"({about['source_words']:,} and {about['target_words']:,} different ones)"
        )
        yield f"{counts['links']:,} gold links in {about['linked_pairs']:,} pairs"
        left_out = {
            key.replace("_", " "): count
            for key, count in counts.items()
            if key.startswith(("skipped_", "unpaired_", "links_")) and count
        }
        if left_out:
            yield "; ".join(f"{what}: {count:,}" for what, count in left_out.items())


def _refusal(train, pair, _, side, expected):
    """Return the error for a pair that is not skipped."""
    message = f"the {SIDES[side]} sentence has {len(pair[side + 1])} words, expected {expected}"
    return CorpusError(
        train.paths[side],
        pair.line,
        f"{message}: mend it, or leave such pairs out with --skip-bad-pairs",
    )


class _Side:
    """The sentences of one language."""

    def __init__(self):
        self.words = Vocabulary()
        self._lengths = array("q")

    def add(self, words):
        """Add a sentence."""
        before = len(self.words)
        self.words.add(words)
        self._lengths.append(len(self.words) - before)

    def offsets(self):
        """Return where each sentence begins and the last ends."""
        return _offsets(self._lengths)


def _offsets(lengths):
    """Return the running sums of lengths, from 0."""
    offsets = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=offsets[1:])
    return offsets
