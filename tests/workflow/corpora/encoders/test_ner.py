"""The encoder, against a plain one that works on strings."""

import tempfile
from collections import Counter
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from staleness.algorithms.arrays import load
from staleness.algorithms.errors import CorpusError
from staleness.kernels.core.validation import MOST_LABELS
from staleness.workflow.corpora.encoders import ner
from staleness.workflow.corpora.features import DERIVED, NER_TEMPLATES, template_name, templates_for
from staleness.workflow.corpora.formats import LabelledSentences

EDGE = "<boundary>"


def corpus(sentences, columns=("word", "pos", "chunk")):
    """Make a corpus of sentences of (label, word, pos, chunk)."""
    tokens = [token for sentence in sentences for token in sentence]
    return LabelledSentences(
        path="a.txt",
        columns={name: [token[1 + i] for token in tokens] for i, name in enumerate(columns)},
        labels=[token[0] for token in tokens],
        offsets=np.cumsum([0] + [len(sentence) for sentence in sentences], dtype=np.int64),
        scheme="BIO",
        documents=0,
        sha256=("",),
    )


def slow_features(sentences, columns, templates):
    """Return, for each token, its features: (template, values) pairs."""
    found = []
    for sentence in sentences:
        for here in range(len(sentence)):
            features = []
            for template in templates:
                values = []
                for column, offset in template:
                    there = here + offset
                    if not 0 <= there < len(sentence):
                        values.append(EDGE)
                    elif column in DERIVED:
                        values.append(DERIVED[column](sentence[there][1]))
                    else:
                        values.append(sentence[there][1 + columns.index(column)])
                if None not in values:
                    features.append((template, tuple(values)))
            found.append(features)
    return found


def slow_rows(splits, columns, templates, min_count):
    """Return the features in the order of their rows."""
    appeared = {}
    for sentences in (splits["train"], splits.get("dev", [])):
        for token in (token for sentence in sentences for token in sentence):
            values = dict(zip(columns, token[1:], strict=False))
            values |= {name: derive(token[1]) for name, derive in DERIVED.items()}
            for item in values.items():
                appeared.setdefault(item, len(appeared))
    count = Counter(
        feature
        for features in slow_features(splits["train"], columns, templates)
        for feature in features
    )

    def order(feature):
        template, values = feature
        digits = [
            appeared.get((column, value), -1)
            for (column, _), value in zip(template, values, strict=True)
        ]
        return -count[feature], templates.index(template), digits

    return sorted((feature for feature in count if count[feature] >= min_count), key=order)


def encode(splits, columns, min_count=1, **options):
    with tempfile.TemporaryDirectory() as folder:
        corpora = {name: corpus(sentences, columns) for name, sentences in splits.items()}
        encoder = ner.LabelledFeatures(min_count=min_count, **options)
        encoder.encode(corpora, f"{folder}/e", {"corpus": "tiny"})
        made = load(f"{folder}/e")
        with open(f"{folder}/e/features.txt", encoding="utf-8", newline="\n") as file:
            names = file.read().split("\n")[:-1]
        return made.about, {name: np.array(array) for name, array in made.arrays.items()}, names


tokens = st.tuples(
    st.sampled_from(["O", "B-X", "I-X", "B-Y"]),
    st.text("aAbB1.-", min_size=1, max_size=5),
    st.sampled_from(["NN", "VB"]),
    st.sampled_from(["O", "B-NP"]),
)
sentence_lists = st.lists(st.lists(tokens, min_size=1, max_size=5), min_size=1, max_size=4)


@settings(max_examples=40, deadline=None)
@given(
    st.fixed_dictionaries({"train": sentence_lists, "dev": sentence_lists}),
    st.sampled_from([("word",), ("word", "pos"), ("word", "pos", "chunk")]),
    st.integers(1, 3),
    st.sampled_from([ner.LARGEST, 5]),
)
def test_equals_the_slow_encoder(splits, columns, min_count, largest):
    templates = templates_for(columns)
    rows = slow_rows(splits, columns, templates, min_count)
    assume(rows)
    # With a small LARGEST the mixed-radix numbers are replaced by ranks on the way.
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ner, "LARGEST", largest)
        about, arrays, names = encode(splits, columns, min_count)
    assert about["features"] == len(rows)
    assert names == [
        "=".join([template_name(template), *["|".join(values)] * bool(template)])
        for template, values in rows
    ]
    row_of = {feature: row for row, feature in enumerate(rows)}
    for split, sentences in splits.items():
        expected = [
            [row_of[feature] for feature in features if feature in row_of]
            for features in slow_features(sentences, columns, templates)
        ]
        bounds = arrays[f"{split}.feature_offsets"]
        got = [arrays[f"{split}.features"][start:stop].tolist() for start, stop in pairwise(bounds)]
        assert got == expected
        labels = [about["labels"][label] for label in arrays[f"{split}.labels"]]
        assert labels == [token[0] for sentence in sentences for token in sentence]


SMALL = {
    "train": [[("B-X", "Paris", "NNP", "B-NP"), ("O", "is", "VBZ", "B-VP")]],
    "dev": [[("I-Z", "Rome", "NNP", "B-NP")]],
    "test": [[("O", "is", "VBZ", "B-VP")], [("B-A", "Oslo", "NNP", "B-NP")]],
}
COLUMNS = ("word", "pos", "chunk")


def test_types_and_about():
    about, arrays, names = encode(SMALL, COLUMNS)
    for split, sentences in SMALL.items():
        count = sum(map(len, sentences))
        assert arrays[f"{split}.offsets"].dtype == np.int64
        assert arrays[f"{split}.labels"].dtype == np.int32
        assert arrays[f"{split}.feature_offsets"].dtype == np.int64
        assert arrays[f"{split}.features"].dtype == np.int32
        assert arrays[f"{split}.offsets"].shape == (len(sentences) + 1,)
        assert arrays[f"{split}.labels"].shape == (count,)
        assert arrays[f"{split}.feature_offsets"].shape == (count + 1,)
        assert about["counts"][split]["sentences"] == len(sentences)
        assert about["counts"][split]["tokens"] == count
        assert about["counts"][split]["features"] == len(arrays[f"{split}.features"])
    assert about["labels"] == ["O", "B-A", "B-X", "I-Z"]
    assert about["features"] == len(names) == len(set(names))
    assert about["template"] == [template_name(template) for template in NER_TEMPLATES]
    assert names[0] == "bias"


def test_training_does_not_depend_on_the_other_splits():
    _, alone, names_alone = encode({"train": SMALL["train"]}, COLUMNS)
    _, arrays, names = encode(SMALL, COLUMNS)
    assert names_alone == names
    for name in ("train.features", "train.feature_offsets", "train.offsets"):
        np.testing.assert_array_equal(alone[name], arrays[name])


def test_names_keep_to_their_lines():
    odd = [[("B-X", "a\x0b\x85\u2028b", "NN", "O"), ("O", "b", "NN", "O")]]
    about, _, names = encode({"train": odd}, COLUMNS)
    assert len(names) == about["features"]
    assert "word[0]=a\\x0b\\x85\\u2028b" in names
    assert all(name.isprintable() for name in names)


def test_nothing_frequent_enough_is_an_error():
    said = r"^a\.txt: \d+ tokens, and no feature that occurs 99 times in them: .* --min-count$"
    with pytest.raises(CorpusError, match=said):
        encode(SMALL, COLUMNS, min_count=99)


def test_too_many_labels():
    def check(types):
        several = corpus([[(f"B-{number}", "w") for number in range(types)]], ["word"])
        ner.LabelledFeatures().check({"train": several, "dev": several}, {"train": "a.txt"})

    check(MOST_LABELS - 1)
    said = "^a.txt: 1,025 different labels, such as 'B-999', expected at most 1,024: put the label"
    with pytest.raises(CorpusError, match=said):
        check(MOST_LABELS)


@pytest.mark.parametrize("examples", [1, 2, 9])
def test_the_first_examples_are_a_smaller_corpus(examples):
    splits = {"train": [*SMALL["dev"], *SMALL["train"], *SMALL["test"]], "dev": SMALL["dev"]}
    shorter = {**splits, "train": splits["train"][:examples]}
    about, arrays, names = encode(splits, COLUMNS, examples=examples)
    expected, arrays_expected, names_expected = encode(shorter, COLUMNS)
    assert (about["counts"], about["labels"], names) == (
        expected["counts"],
        expected["labels"],
        names_expected,
    )
    for name, values in arrays_expected.items():
        np.testing.assert_array_equal(arrays[name], values)


def test_what_is_told_of_it():
    about, _, names = encode(SMALL, COLUMNS)
    about["options"] = {"min_count": 1}
    first, second = ner.LabelledFeatures().describe(about)
    assert first.startswith("train 1 sentences and 2 tokens, dev 1 sentences and 1 tokens, test")
    assert second == f"{len(names)} features that training has at least 1 times, 4 labels"


@settings(deadline=None)
@given(
    st.lists(st.integers(-1, 40), max_size=60), st.integers(0, 60), st.integers(1, 3), st.booleans()
)
def test_many_values_and_few_are_counted_and_found_alike(values, train_tokens, min_count, many):
    # Beyond the number of tokens, and in the same order.
    values = np.array(values, dtype=np.int64)
    values = np.where(values >= 0, values * (10**6 if many else 1), -1)
    kept, count = ner._frequent(values, train_tokens, min_count)
    times = Counter(value for value in values[:train_tokens].tolist() if value >= 0)
    wanted = {value: times[value] for value in sorted(times) if times[value] >= min_count}
    assert dict(zip(kept.tolist(), count.tolist(), strict=True)) == wanted
    assert kept.tolist() == list(wanted)
    rows = {value: 7 + index for index, value in enumerate(wanted)}
    found = ner._find(kept, values, 7)
    assert found.dtype == np.int32
    assert found.tolist() == [rows.get(value, -1) for value in values.tolist()]


def test_values_beyond_64_bits_stay_apart():
    digits = [np.array([1, 2]), np.array([0, 0]), np.array([0, 0])]
    values = ner._values(digits, [2**32] * 3, 2)
    assert 0 <= values[0] < values[1]


def test_labels_of_sentences_that_are_left_out_do_not_count():
    labels = ["B-X", *(f"B-{k}" for k in range(MOST_LABELS + 1))]
    corpus = LabelledSentences(
        path="train.txt",
        columns={"word": ["a"] * len(labels)},
        labels=labels,
        offsets=np.array([0, 1, len(labels)]),
        scheme="BIO",
        documents=0,
        sha256=("",),
    )
    given = {"train": corpus}, {"train": "train.txt"}
    ner.LabelledFeatures(examples=1).check(*given)
    with pytest.raises(CorpusError, match="different labels"):
        ner.LabelledFeatures().check(*given)
