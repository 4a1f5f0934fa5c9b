"""Errors for people."""

import pytest

from staleness.algorithms.errors import LONGEST, CorpusError, StalenessError, said


def test_a_message_is_one_line_whatever_a_file_is_called():
    assert str(CorpusError("a\nb\r", 3, "no word")) == r"a\nb\r:3: no word"
    assert str(StalenessError("caf\u00e9\x1b[2J")) == "caf\u00e9\\x1b[2J"


def test_a_long_message_keeps_both_ends_however_often_it_is_told():
    error = StalenessError("file: " + "a" * 3 * LONGEST + ": what to do")
    again = str(StalenessError(f"{error}"))
    assert again == str(error)
    assert len(again) < LONGEST + 10
    assert again.startswith("file: aaa")
    assert again.endswith("aaa: what to do")
    assert again.count(" ... ") == 1


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ValueError("wrong:\n   - a\n\n- b"), "wrong: - a - b"), (TimeoutError(), "TimeoutError")],
)
def test_what_others_say_is_one_line(error, expected):
    assert said(error) == expected
