"""From text to arrays: the reader and the encoder of every task."""

import tempfile
from itertools import pairwise
from pathlib import Path

from staleness.algorithms.configuration import TASKS
from staleness.workflow.corpora.encode import encode

from . import data
from .sampling import OneThread

FORMATS = {"ner": "conll", "tagging": "tagged", "alignment": "parallel"}


class Encoding(OneThread):
    """Text of the corpora of the suite, written once a process."""

    params = (tuple(TASKS),)
    param_names = ("task",)

    def setup(self, task):
        self.folder = tempfile.TemporaryDirectory()
        folder = Path(self.folder.name)
        self.out = folder / "encoded"
        self.files = {}
        for key, lines in TEXTS[task](data.corpus(task)).items():
            self.files[key] = folder / f"{key}.txt"
            self.files[key].write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")

    def teardown(self, task):
        self.folder.cleanup()

    def time_encode(self, task):
        encode(self.files, FORMATS[task], self.out, "suite")

    def peakmem_encode(self, task):
        encode(self.files, FORMATS[task], self.out, "suite")


def columns(corpus):
    """Return the lines of both splits, with a word, its part of speech and its chunk."""
    names = corpus.about["labels"]
    texts = {}
    for split in ("train", "dev"):
        words = corpus[f"{split}.features"][corpus[f"{split}.feature_offsets"][:-1] + 2]
        labels = corpus[f"{split}.labels"]
        texts[split] = [
            "\n".join(
                f"{spelling(word)} T{word % 40} C{word % 12} {names[label]}"
                for word, label in zip(words[begin:end], labels[begin:end], strict=True)
            )
            + "\n"
            for begin, end in pairwise(corpus[f"{split}.offsets"])
        ]
    return texts


def tagged(corpus):
    """Return the lines of words with their tags."""
    tokens = [
        f"{spelling(word)}/T{tag}"
        for word, tag in zip(corpus["train.words"], corpus["train.tags"], strict=True)
    ]
    return {"train": sentences(tokens, corpus["train.offsets"])}


def parallel(corpus):
    """Return the lines of both sides."""
    return {
        f"train-{side}": sentences(
            [spelling(word) for word in corpus[f"train.{side}"]], corpus[f"train.{side}_offsets"]
        )
        for side in ("source", "target")
    }


def sentences(tokens, offsets):
    """Return a line a sentence."""
    return [" ".join(tokens[begin:end]) for begin, end in pairwise(offsets)]


def spelling(number):
    """Return a word for a number: letters, of the length of words."""
    letters = "etaoinshrdlu"
    word = ""
    while True:
        number, rest = divmod(int(number), len(letters))
        word += letters[rest] + "aeiou"[(number + rest) % 5]
        if not number:
            return word.capitalize() if rest % 3 == 0 else word


TEXTS = {"ner": columns, "tagging": tagged, "alignment": parallel}
