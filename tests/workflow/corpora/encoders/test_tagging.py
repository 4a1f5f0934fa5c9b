"""The encoder of tagged sentences, against a plain one."""

import tempfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.arrays import load
from staleness.workflow.corpora.encoders.tagging import TaggedWords
from staleness.workflow.corpora.formats import TaggedSentences


def encode(sentences, tagged=True, **options):
    tokens = [token for sentence in sentences for token in sentence]
    corpus = TaggedSentences(
        words=[word for word, _ in tokens],
        tags=[tag for _, tag in tokens] if tagged else None,
        offsets=np.cumsum([0, *map(len, sentences)], dtype=np.int64),
        sha256=("",),
    )
    with tempfile.TemporaryDirectory() as folder:
        encoder = TaggedWords(**options)
        encoder.check({"train": corpus}, {"train": "train.txt"})
        encoder.encode({"train": corpus}, f"{folder}/e", {"corpus": "tiny"})
        made = load(f"{folder}/e")
        with open(f"{folder}/e/words.txt", encoding="utf-8", newline="\n") as file:
            lines = file.read().split("\n")[:-1]
        return made.about, {name: np.array(array) for name, array in made.arrays.items()}, lines


tokens = st.tuples(st.text("aAbBß", min_size=1, max_size=2), st.sampled_from(["NN", "VB", "."]))
sentence_lists = st.lists(st.lists(tokens, min_size=1, max_size=5), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(sentence_lists, st.booleans(), st.booleans(), st.none() | st.integers(1, 8))
def test_equals_a_plain_encoder(sentences, tagged, lower_case, examples):
    about, arrays, lines = encode(sentences, tagged, lower_case=lower_case, examples=examples)
    kept = sentences[:examples]
    words = [word.lower() if lower_case else word for sentence in kept for word, _ in sentence]
    count = Counter(words)
    vocabulary = sorted(count, key=lambda word: (-count[word], words.index(word)))
    assert lines == vocabulary
    assert about["words"] == len(vocabulary)
    assert [lines[word] for word in arrays["train.words"]] == words
    np.testing.assert_array_equal(np.diff(arrays["train.offsets"]), list(map(len, kept)))
    gold = [tag for sentence in kept for _, tag in sentence]
    assert about["tags"] == (sorted(set(gold)) if tagged else [])
    assert ("train.tags" in arrays) == tagged
    if tagged:
        assert [about["tags"][tag] for tag in arrays["train.tags"]] == gold
    assert about["counts"] == {"train": {"sentences": len(kept), "tokens": len(words)}}


def test_types():
    _, arrays, _ = encode([[("a", "X")]])
    types = {name: array.dtype.name for name, array in arrays.items()}
    assert types == {"train.offsets": "int64", "train.words": "int32", "train.tags": "int32"}


def test_words_keep_to_their_lines():
    _, _, lines = encode([[("a\u2028b", "X"), ("b", "X")]])
    assert lines == ["a\\u2028b", "b"]


@pytest.mark.parametrize(("tagged", "said"), [(True, "2 gold tags"), (False, "no gold tags")])
def test_what_is_told_of_it(tagged, said):
    about, _, _ = encode([[("a", "X"), ("b", "Y")], [("a", "X")]], tagged)
    assert list(TaggedWords.describe(about)) == [
        "train 2 sentences and 3 tokens",
        f"2 words, {said}",
    ]
