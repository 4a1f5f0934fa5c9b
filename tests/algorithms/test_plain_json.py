"""JSON files that hold what JSON cannot: refused, by an error that every reader expects."""

import pytest

from staleness.algorithms.plain_json import read_json


def test_what_was_written_is_read(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"é": [1, -2.5, 1e300, true, null, "NaN", 123456789012345678901]}', "utf-8")
    assert read_json(path) == {"é": [1, -2.5, 1e300, True, None, "NaN", 123456789012345678901]}


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "[Infinity]",
        "-Infinity",
        "1e999",
        "-1e999",
        "9" * 400,
        "9" * 9000,
        "[" * 9000,
        "",
        "{",
    ],
)
def test_what_cannot_be_written_again_is_refused(tmp_path, text):
    path = tmp_path / "a.json"
    path.write_text(text, "utf-8")
    with pytest.raises(ValueError, match=r".") as caught:
        read_json(path)
    assert len(str(caught.value).splitlines()) == 1


def test_what_is_not_utf_8_is_refused(tmp_path):
    path = tmp_path / "a.json"
    path.write_bytes(b'"\xe9"')
    with pytest.raises(ValueError, match="utf-8"):
        read_json(path)
