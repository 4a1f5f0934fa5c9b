"""Encoding tagged sentences for the task `tagging`: the words and gold tags of an HMM."""

from dataclasses import dataclass

import numpy as np

from staleness.workflow.corpora import words
from staleness.workflow.corpora.encoders import Encoder, option
from staleness.workflow.store import encoded


@dataclass(frozen=True, kw_only=True)
class TaggedWords(Encoder):
    """Words and tags of sentences, given as `formats.TaggedSentences`.

    Notes
    -----
    The arrays are

    =============== ===== ============== =============================================
    `train.offsets` int64 [sentences+1]  first token of each sentence
    `train.words`   int32 [tokens]       ids by falling frequency, ties by first use
    `train.tags`    int32 [tokens]       index into `tags` of corpus.json
    =============== ===== ============== =============================================

    A corpus without gold tags has no `train.tags`, and `tags` is empty. `words.txt` names one
    word a line, by id.
    """

    name = "tagging"
    corpus = "brown"
    format = "tagged"
    texts = frozenset({"words.txt"})
    modules = (words,)

    lower_case: bool = option(False, "put words into lower case")

    def check(self, corpora, paths):
        """Refuse nothing: whatever can be read can be encoded."""

    def encode(self, corpora, folder, about):
        """Write the arrays; see `Encoder.encode`."""
        corpus = corpora["train"]
        sentences = min(self.examples or np.inf, len(corpus.offsets) - 1)
        offsets = corpus.offsets[: sentences + 1]
        tokens = corpus.words[: offsets[-1]]
        ids, vocabulary = words.by_frequency(map(str.lower, tokens) if self.lower_case else tokens)
        arrays = {"train.offsets": offsets, "train.words": ids}
        tags = []
        if corpus.tags is not None:
            gold = corpus.tags[: offsets[-1]]
            tags = sorted(set(gold))
            index = {tag: number for number, tag in enumerate(tags)}
            arrays["train.tags"] = np.fromiter(map(index.__getitem__, gold), np.int32, len(gold))
        about = {
            **about,
            "words": len(vocabulary),
            "tags": tags,
            "counts": {"train": {"sentences": sentences, "tokens": len(tokens)}},
        }
        encoded.save(folder, about, arrays, {"words.txt": map(words.printable, vocabulary)})

    @classmethod
    def describe(cls, about):
        """Yield the size of the training split, then what there is to learn."""
        counts = about["counts"]["train"]
        yield f"train {counts['sentences']:,} sentences and {counts['tokens']:,} tokens"
        yield f"{about['words']:,} words, {len(about['tags']) or 'no'} gold tags"
