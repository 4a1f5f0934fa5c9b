"""Small encoded corpora, and one in CoNLL columns, made from a fixed seed."""

import random

import pytest

from ..plugins import install  # noqa: F401
from ..small_corpora import corpora, corpus, corpus_folder  # noqa: F401

NAMES = {"PER": ["Ada", "Grace", "Alan"], "LOC": ["Turin", "Bern", "Oslo"], "ORG": ["Acme", "Uno"]}
WORDS = ["the", "met", "in", "of", "old", "said", "went", "to", "a", "house", "1996", "."]


def sentences(seed, count):
    """Return sentences in columns: word, part of speech, chunk, label."""
    choose = random.Random(seed)
    lines = []
    for _ in range(count):
        for _ in range(choose.randint(1, 12)):
            if choose.random() < 0.3:
                kind = choose.choice(sorted(NAMES))
                lines.append(f"{choose.choice(NAMES[kind])} NNP B-NP B-{kind}")
                if choose.random() < 0.3:
                    lines.append(f"{choose.choice(NAMES[kind])} NNP I-NP I-{kind}")
            else:
                lines.append(f"{choose.choice(WORDS)} XX O O")
        lines.append("")
    return "\n".join(lines) + "\n"


@pytest.fixture
def own_corpus(tmp_path):
    """Return the paths of a training and a development split."""
    paths = {split: tmp_path / f"{split}.txt" for split in ("train", "dev")}
    for seed, path in enumerate(paths.values()):
        path.write_text(sentences(seed, 60), encoding="utf-8")
    return paths
