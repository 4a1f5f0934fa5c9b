"""Corpora of realistic shape from fixed seeds: Zipf words, sentence lengths as in the real ones.

They are not the package's own synthetic corpora, which may change from one commit to the next.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np

from staleness.algorithms.arrays import EncodedCorpus, load
from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.encoders import encoder

EXAMPLES = 2000
REAL = Path(__file__).parents[2] / "results" / "encoded"
# A token of CoNLL-2003 has about 28 features: the words around it, and smaller sets of values.
TEMPLATES = (20_000,) * 5 + (2000,) * 23
ENTITIES = ("LOC", "MISC", "ORG", "PER")
TAGS = 45
WORDS = 12_000


def corpus(task):
    """Return an `EncodedCorpus` of `EXAMPLES` examples, the same one every time."""
    return _made(task, EXAMPLES)


def training(task):
    """Return what the task makes of that corpus; see `Task.training`."""
    return _training(task, EXAMPLES)


@lru_cache
def real(task):
    """Return the task's default corpus if it has been fetched and encoded.

    Raises
    ------
    NotImplementedError
        If not, whereupon asv leaves the benchmark out.
    """
    try:
        return load(REAL / encoder(task).corpus)
    except StalenessError as error:
        raise NotImplementedError(str(error)) from error


@lru_cache
def _made(task, examples):
    makers = {"ner": named_entities, "tagging": tagged_words, "alignment": sentence_pairs}
    return makers[task](np.random.default_rng(0), examples)


@lru_cache
def _training(task, examples):
    return TASKS[task]().training(_made(task, examples), seed=0)


def zipf(random, count, words=WORDS):
    """Return words, the r-th most frequent with a probability proportional to 1 / (r + 2)."""
    return random.choice(words, count, p=normal(1 / (np.arange(words) + 2))).astype(np.int32)


def normal(weights):
    """Return weights over their sum."""
    return weights / weights.sum()


def offsets(random, sentences, mean, shape):
    """Return where sentences begin, and the end of the last: int64 [sentences + 1]."""
    lengths = np.clip(random.gamma(shape, mean / shape, sentences).round(), 1, 120)
    return np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)


def named_entities(random, sentences):
    """Return a corpus for `ner`: features of the words around a token, labels of the words."""
    arrays = {}
    for split, count in (("train", sentences), ("dev", sentences // 4)):
        ends = offsets(random, count, mean=14.5, shape=2.0)
        words = zipf(random, ends[-1], TEMPLATES[0])
        firsts = np.cumsum((0, *TEMPLATES[:-1]))
        features = [
            first + np.roll(words, k % 5 - 2) * (1 + k // 5) % values
            for k, (first, values) in enumerate(zip(firsts, TEMPLATES, strict=True))
        ]
        # Every seventh word or so is a name, and its neighbour goes on with it.
        names = np.where(words % 7 == 3, words % len(ENTITIES), -1)
        before = np.roll(names, 1)
        before[ends[:-1]] = -1
        labels = np.where(names < 0, 0, 1 + 2 * names + (names == before))
        arrays |= {
            f"{split}.offsets": ends,
            f"{split}.labels": labels.astype(np.int32),
            f"{split}.feature_offsets": np.arange(len(words) + 1, dtype=np.int64) * len(TEMPLATES),
            f"{split}.features": np.stack(features, axis=1).astype(np.int32).ravel(),
        }
    labels = ["O", *(f"{prefix}-{name}" for name in ENTITIES for prefix in "BI")]
    return EncodedCorpus({"task": "ner", "labels": labels, "features": sum(TEMPLATES)}, arrays)


def tagged_words(random, sentences):
    """Return a corpus for `tagging`: most of a word's tokens have one tag."""
    ends = offsets(random, sentences, mean=20.25, shape=2.4)
    words = zipf(random, ends[-1])
    tags = np.where(random.random(len(words)) < 0.8, words, zipf(random, len(words))) % TAGS
    about = {"task": "tagging", "words": WORDS, "tags": [f"T{tag}" for tag in range(TAGS)]}
    arrays = {"train.offsets": ends, "train.words": words, "train.tags": tags.astype(np.int32)}
    return EncodedCorpus(about, arrays)


def sentence_pairs(random, pairs):
    """Return a corpus for `alignment`: about half of the target words translate their neighbour."""
    sources = offsets(random, pairs, mean=17.4, shape=3.0)
    lengths = np.maximum((np.diff(sources) * random.normal(1.46, 0.2, pairs)).round(), 1)
    targets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    source = zipf(random, sources[-1])
    pair = np.repeat(np.arange(pairs), np.diff(targets))
    position = np.arange(targets[-1]) - targets[pair]
    to = (position * np.diff(sources)[pair]) // np.diff(targets)[pair]
    linked = random.random(len(to)) < 0.5
    target = np.where(linked, source[sources[pair] + to], zipf(random, len(to)))
    links = np.stack([to, position], axis=1)[linked].astype(np.int32)
    about = {
        "task": "alignment",
        "source_words": WORDS,
        "target_words": WORDS,
        "linked_pairs": pairs,
    }
    arrays = {
        "train.source_offsets": sources,
        "train.source": source,
        "train.target_offsets": targets,
        "train.target": target.astype(np.int32),
        "train.link_offsets": np.searchsorted(pair[linked], np.arange(pairs + 1)),
        "train.links": links,
        "train.links_sure": (random.random(len(links)) < 0.7).astype(np.uint8),
    }
    return EncodedCorpus(about, arrays)
