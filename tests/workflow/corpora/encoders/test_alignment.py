"""The encoder of sentence pairs, against a plain one."""

import itertools
import tempfile
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.arrays import load
from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.encoders import encoders
from staleness.workflow.corpora.encoders.alignment import WordPairs
from staleness.workflow.corpora.pairs import Pair, SentencePairs

SIDES = ("source", "target")


def corpus(pairs, **more):
    numbered = [Pair(line, *pair) for line, pair in enumerate(pairs, start=1)]
    return SentencePairs(lambda: iter(numbered), ("s.txt", "t.txt"), (None, None, None), **more)


def encode(pairs, **options):
    """Return the contents of corpus.json, the arrays and the lists of words."""
    with tempfile.TemporaryDirectory() as folder:
        WordPairs(**options).encode({"train": pairs}, f"{folder}/e", {"corpus": "tiny"})
        made = load(f"{folder}/e")
        words = {}
        for side in SIDES:
            with open(f"{folder}/e/{side}-words.txt", encoding="utf-8", newline="\n") as file:
                words[side] = file.read().split("\n")[:-1]
        return made.about, {name: np.array(array) for name, array in made.arrays.items()}, words


def slow_vocabulary(sentences):
    count = Counter(itertools.chain(*sentences))
    return sorted(count, key=lambda word: (-count[word], list(count).index(word)))


def links_of(source, target):
    if not source or not target:
        return st.just([])
    positions = st.tuples(st.integers(0, len(source) - 1), st.integers(0, len(target) - 1))
    found = st.dictionaries(positions, st.booleans(), max_size=4)
    return found.map(lambda links: sorted((*link, sure) for link, sure in links.items()))


sentences = st.lists(st.sampled_from(["a", "A", "b", "\u03a3", "\u03c3", "c"]), max_size=5)
pair_lists = st.lists(
    st.tuples(sentences, sentences).flatmap(lambda p: st.tuples(*map(st.just, p), links_of(*p))),
    min_size=1,
    max_size=6,
)


@settings(deadline=None)
@given(
    pair_lists,
    st.booleans(),
    st.sampled_from([None, 1, 3]),
    st.sampled_from([None, 1, 2]),
)
def test_equals_the_slow_encoder(pairs, lower_case, max_length, examples):
    options = {"lower_case": lower_case, "max_length": max_length, "examples": examples}
    kept, skipped = [], Counter()
    for source, target, links in pairs:
        if len(kept) == examples:
            break
        if not source or not target:
            skipped["empty"] += 1
        elif max_length and max(len(source), len(target)) > max_length:
            skipped["long"] += 1
        else:
            sides = [[w.lower() if lower_case else w for w in side] for side in (source, target)]
            kept.append((*sides, links))
    if not kept:
        with pytest.raises(CorpusError, match=r"no pairs are left \(\d skipped\)"):
            encode(corpus(pairs), skip_bad_pairs=True, **options)
        return

    about, arrays, words = encode(corpus(pairs), skip_bad_pairs=True, **options)
    for index, side in enumerate(SIDES):
        of_side = [pair[index] for pair in kept]
        assert words[side] == slow_vocabulary(of_side)
        assert about[f"{side}_words"] == len(words[side])
        assert arrays[f"train.{side}_offsets"].tolist() == [
            0,
            *itertools.accumulate(map(len, of_side)),
        ]
        ids = arrays[f"train.{side}"]
        assert [words[side][number] for number in ids] == list(itertools.chain(*of_side))
        assert about["counts"]["train"][f"{side}_tokens"] == len(ids)
    counts = about["counts"]["train"]
    links = [link for pair in kept for link in pair[2]]
    assert (counts["pairs"], counts["links"]) == (len(kept), len(links))
    assert (counts["skipped_empty"], counts["skipped_long"]) == (skipped["empty"], skipped["long"])
    assert about["linked_pairs"] == sum(bool(pair[2]) for pair in kept)
    if links:
        ends = itertools.accumulate(len(pair[2]) for pair in kept)
        assert arrays["train.link_offsets"].tolist() == [0, *ends]
        assert arrays["train.links"].tolist() == [[s, t] for s, t, _ in links]
        assert arrays["train.links_sure"].tolist() == [int(sure) for _, _, sure in links]
    else:
        assert not any("link" in name for name in arrays)


PAIRS = [(["Das", "Haus"], ["the", "house"], [(0, 0, True), (1, 1, False)]), (["Ja"], ["yes"], [])]


def test_types_and_about():
    counts, notes = {"unpaired_source_verses": 3}, {"tokenizer": "some 1.0"}
    about, arrays, words = encode(corpus(PAIRS, counts=counts, about=notes))
    assert {name: array.dtype for name, array in arrays.items()} == {
        "train.source_offsets": np.int64,
        "train.source": np.int32,
        "train.target_offsets": np.int64,
        "train.target": np.int32,
        "train.link_offsets": np.int64,
        "train.links": np.int32,
        "train.links_sure": np.uint8,
    }
    assert arrays["train.links"].shape == (2, 2)
    assert words["source"] == ["Das", "Haus", "Ja"]
    assert (about["tokenizer"], about["counts"]["train"]["unpaired_source_verses"]) == (
        "some 1.0",
        3,
    )
    assert list(WordPairs.describe(about)) == [
        "2 pairs, 3 source and 3 target words (3 and 3 different ones)",
        "2 gold links in 1 pairs",
        "unpaired source verses: 3",
    ]


def test_encoder_is_found():
    assert encoders()["alignment"] is WordPairs


@pytest.mark.parametrize(
    ("pair", "options", "where", "said"),
    [
        (([], ["x"], []), {}, "s.txt:3", "the source sentence has 0 words, expected at least 1"),
        ((["a"], [], []), {}, "t.txt:3", "the target sentence has 0 words, expected at least 1"),
        (([], ["x"] * 9, []), {"max_length": 2}, "s.txt:3", "the source sentence has 0 words"),
        ((["a"] * 3, ["x"], []), {"max_length": 2}, "s.txt:3", "has 3 words, expected at most 2"),
        ((["a"], ["x"] * 3, []), {"max_length": 2}, "t.txt:3", "has 3 words, expected at most 2"),
    ],
)
def test_bad_pairs_are_refused_unless_they_are_skipped(pair, options, where, said):
    pairs = corpus([*PAIRS, pair])
    with pytest.raises(CorpusError) as caught:
        encode(pairs, **options)
    assert str(caught.value).startswith(f"{where}: ")
    assert said in str(caught.value)
    assert "--skip-bad-pairs" in str(caught.value)
    about, arrays, _ = encode(pairs, skip_bad_pairs=True, **options)
    counts = about["counts"]["train"]
    assert (counts["pairs"], counts["skipped_empty"] + counts["skipped_long"]) == (2, 1)
    assert arrays["train.link_offsets"].tolist() == [0, 2, 2]


def test_what_is_skipped_leaves_no_words():
    _, _, words = encode(corpus([(["rare"], [], []), *PAIRS]), skip_bad_pairs=True)
    assert words["source"] == ["Das", "Haus", "Ja"]


def test_pairs_after_the_last_example_are_not_looked_at():
    pairs = corpus([*PAIRS, ([], [], [])])
    about, _, _ = encode(pairs, examples=2)
    assert about["counts"]["train"]["pairs"] == 2
