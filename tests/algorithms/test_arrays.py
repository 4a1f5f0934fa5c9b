"""An encoded corpus that is not as it was written is refused, and the file is named."""

import json

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from staleness.algorithms import arrays
from staleness.algorithms.errors import StalenessError
from staleness.workflow.store import encoded

ARRAYS = {
    "train.offsets": np.array([0, 2, 5], dtype=np.int64),
    "train.labels": np.array([1, 0, 2, 2, 1], dtype=np.int32),
    "dev.weights": np.array([[0.5, -0.0], [np.nan, 3e-9]], dtype=np.float32),
}
ABOUT = {"task": "ner", "corpus": "Übung", "labels": ["O", "B-X"], "features": 7}


@pytest.fixture
def folder(tmp_path):
    encoded.save(tmp_path / "corpus", ABOUT, ARRAYS)
    return tmp_path / "corpus"


def flip(path, bit):
    """Flip a bit of a file, counted from its end, and return what the file was."""
    before = path.read_bytes()
    after = bytearray(before)
    after[-1 - bit // 8] ^= 1 << bit % 8
    path.write_bytes(bytes(after))
    return before


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_bit_of_an_array_is_missed(folder, data):
    name = data.draw(st.sampled_from(sorted(ARRAYS)))
    path = folder / f"{name}.npy"
    before = flip(path, data.draw(st.integers(0, 8 * ARRAYS[name].nbytes - 1)))
    with pytest.raises(StalenessError) as caught:
        arrays.load(folder)
    assert str(caught.value) == (
        f"{path}: not as it was written: make the corpus anew with 'staleness encode'"
    )
    assert arrays.load(folder, check=False).about["features"] == 7
    path.write_bytes(before)
    arrays.load(folder)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"}", b" "),  # each of these four is another error, or a warning, of Python's parsers
        (b"(5,)", b"(5L,)"),
        (b"(5,)", b"(%s,)" % (b"9" * 20)),
        (b"'<i4'", b"'i4,(2'"),
        (b"\x93NUMPY", b"PK\x03\x04"),
    ],
)
def test_a_header_that_is_none_is_missed(folder, old, new, recwarn):
    path = folder / "train.labels.npy"
    assert old in path.read_bytes()
    path.write_bytes(path.read_bytes().replace(old, new, 1))
    for check in (True, False):
        with pytest.raises(StalenessError, match=r"train\.labels\.npy: not as it was written"):
            arrays.load(folder, check)
    assert not recwarn


def test_more_than_the_array_is_missed(folder):
    path = folder / "train.labels.npy"
    path.write_bytes(path.read_bytes() + b"\n")
    for check in (True, False):
        with pytest.raises(StalenessError, match=r"train\.labels\.npy: not as it was written"):
            arrays.load(folder, check)


def test_what_corpus_json_says_is_missed(folder):
    path = folder / "corpus.json"
    path.write_text(path.read_text().replace("B-X", "B-Y"))
    for check in (True, False):
        with pytest.raises(StalenessError, match=r"corpus\.json: not as it was written"):
            arrays.load(folder, check)


def test_arrays_must_be_those_that_were_written(folder):
    np.save(folder / "test.labels.npy", ARRAYS["train.labels"])
    with pytest.raises(StalenessError, match=r"test\.labels\.npy: not as it was written"):
        arrays.load(folder)
    (folder / "test.labels.npy").unlink()
    (folder / "dev.weights.npy").unlink()
    for check in (True, False):
        with pytest.raises(StalenessError, match=r"dev\.weights\.npy: not as it was written"):
            arrays.load(folder, check)


def test_the_same_values_of_another_type_are_others(folder):
    np.save(folder / "train.labels.npy", ARRAYS["train.labels"].astype(np.int64))
    with pytest.raises(StalenessError, match=r"train\.labels\.npy: not as it was written"):
        arrays.load(folder)


def test_each_array_has_a_digest_beside_that_of_all(folder):
    about = json.loads((folder / "corpus.json").read_text(encoding="utf-8"))
    assert about["digest"] == arrays.digest(ARRAYS)
    assert about["arrays"] == {name: arrays.digest({name: ARRAYS[name]}) for name in ARRAYS}
