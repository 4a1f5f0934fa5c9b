"""Encoded corpora: what is written is what is read, and nothing else is taken for one."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from staleness.algorithms.arrays import FORMAT, digest, load
from staleness.algorithms.errors import StalenessError
from staleness.workflow.store import encoded

ARRAYS = {
    "train.offsets": np.array([0, 2, 5], dtype=np.int64),
    "train.labels": np.array([1, 0, 2, 2, 1], dtype=np.int32),
    "dev.weights": np.array([[0.5, -0.0], [np.nan, 3e-9]], dtype=np.float32),
}
PINNED = "7a647f05360c8c89f59940945c2155b510c0249e46617d2b9ff79719860b31e1"
ABOUT = {"task": "ner", "corpus": "Übung", "labels": ["O", "B-X"], "features": 7}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "corpus"
    encoded.save(path, ABOUT, ARRAYS, texts={"labels.txt": ["O", "Ü"]})
    return path


def test_round_trip(folder):
    corpus = load(folder)
    assert corpus.about.items() >= ABOUT.items()
    assert corpus.about["format"] == FORMAT
    assert corpus.about["digest"] == digest(ARRAYS) == digest(corpus.arrays)
    assert sorted(corpus.arrays) == sorted(ARRAYS)
    for name, values in ARRAYS.items():
        assert corpus[name].dtype == values.dtype
        assert corpus[name].shape == values.shape
        assert corpus[name].tobytes() == values.tobytes()
    assert (folder / "labels.txt").read_text(encoding="utf-8") == "O\nÜ\n"


def test_arrays_are_mapped_and_cannot_be_changed(folder):
    labels = load(folder)["train.labels"]
    assert isinstance(labels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        labels[0] = 3


def test_empty_and_strided_arrays(tmp_path):
    arrays = {
        "a": np.zeros(0, dtype=np.int32),
        "b": np.arange(12).reshape(3, 4)[:, ::2],
        "c": np.arange(12).reshape(3, 4).T,
    }
    encoded.save(tmp_path / "corpus", ABOUT, arrays)
    corpus = load(tmp_path / "corpus")
    for name, values in arrays.items():
        np.testing.assert_array_equal(corpus[name], values)
        assert corpus[name].dtype == values.dtype
    assert corpus.about["digest"] == digest(corpus.arrays)


def test_parts_are_the_same_as_the_whole(tmp_path, folder):
    def parts():
        yield {"train.offsets": ARRAYS["train.offsets"], "dev.weights": ARRAYS["dev.weights"][:1]}
        yield {"train.labels": ARRAYS["train.labels"][:0]}
        for label in range(5):
            yield {"train.labels": ARRAYS["train.labels"][label : label + 1]}
        yield {"dev.weights": ARRAYS["dev.weights"][1:]}

    encoded.save_in_parts(tmp_path / "parts", ABOUT, parts(), {"labels.txt": iter(["O", "Ü"])})
    for path in folder.iterdir():
        assert (tmp_path / "parts" / path.name).read_bytes() == path.read_bytes()
    np.save(tmp_path / "plain.npy", ARRAYS["dev.weights"])
    plain = (tmp_path / "plain.npy").read_bytes()
    assert (folder / "dev.weights.npy").read_bytes() == plain


@pytest.mark.parametrize("second", [np.zeros(2), np.zeros((1, 3), "int32"), np.zeros(1, "int64")])
def test_parts_that_do_not_fit_leave_nothing(tmp_path, second):
    parts = [{"a": np.zeros((2, 2), dtype=np.int32)}, {"a": second}]
    with pytest.raises(ValueError, match="cannot be joined to one of int32"):
        encoded.save_in_parts(tmp_path / "corpus", ABOUT, parts)
    assert list(tmp_path.iterdir()) == []


def test_what_was_there_goes(folder):
    encoded.save(folder, ABOUT, {"train.labels": ARRAYS["train.labels"]})
    assert list(load(folder).arrays) == ["train.labels"]


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_digest_changes_with_every_byte(data):
    name = data.draw(st.sampled_from(sorted(ARRAYS)))
    raw = bytearray(ARRAYS[name].tobytes())
    position = data.draw(st.integers(0, len(raw) - 1))
    raw[position] ^= 1 << data.draw(st.integers(0, 7))
    values = np.frombuffer(bytes(raw), dtype=ARRAYS[name].dtype).reshape(ARRAYS[name].shape)
    assert digest(ARRAYS | {name: values}) != digest(ARRAYS)


def test_digest_is_of_names_types_and_shapes_too():
    values = np.arange(6, dtype=np.int32)
    variants = [
        {"a": values},
        {"b": values},
        {"a": values.reshape(2, 3)},
        {"a": values.reshape(3, 2)},
        {"a": values.view(np.uint32)},
        {"a": values, "b": values},
        {"a": np.concatenate([values, values])},
        {},
    ]
    assert len({digest(arrays) for arrays in variants}) == len(variants)


def test_digest_is_pinned():
    """It names results on disk: the order in which arrays are given does not count."""
    arrays = {"a": np.arange(3, dtype=np.int32), "b": np.zeros(2)}
    assert digest(arrays) == digest(dict(reversed(arrays.items())))
    assert digest(arrays) == PINNED


def spoil_json(folder, **changes):
    path = folder / "corpus.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | changes))


def spoil_array(folder):
    np.save(folder / "train.labels.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)


SPOILT = {
    "no such folder": lambda folder: folder.rename(folder.with_name("elsewhere")),
    "no json": lambda folder: (folder / "corpus.json").unlink(),
    "half a json": lambda folder: (folder / "corpus.json").write_text('{"format": 1,'),
    "not text": lambda folder: (folder / "corpus.json").write_bytes(b"\xff\xfe"),
    "other format": lambda folder: spoil_json(folder, format=FORMAT + 1),
    "no format": lambda folder: (folder / "corpus.json").write_text("{}"),
    "a list": lambda folder: (folder / "corpus.json").write_text("[]"),
    "pickled array": spoil_array,
    "no array": lambda folder: (folder / "train.labels.npy").write_text("something else"),
    "half an array": lambda folder: (folder / "train.labels.npy").write_bytes(
        (folder / "train.labels.npy").read_bytes()[:-4]
    ),
    "empty array file": lambda folder: (folder / "train.labels.npy").write_bytes(b""),
}


@pytest.mark.parametrize(
    "spoil",
    [
        pytest.param(
            spoil,
            id=name,
        )
        for name, spoil in SPOILT.items()
    ],
)
def test_what_is_no_corpus_is_refused(folder, spoil):
    spoil(folder)
    with pytest.raises(StalenessError) as caught:
        load(folder)
    message = str(caught.value)
    assert message.startswith(
        (f"{folder}: not an encoded corpus (", f"{folder / 'train.labels.npy'}: not as it was")
    )
    assert message.endswith("with 'staleness encode'")
    assert "\n" not in message


def test_a_save_that_fails_leaves_nothing(tmp_path):
    with pytest.raises(ValueError, match="Object arrays cannot be saved"):
        encoded.save(tmp_path / "corpus", ABOUT, {"a": np.array([None])})
    assert list(tmp_path.iterdir()) == []
