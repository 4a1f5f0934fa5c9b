"""Errors for people."""

from staleness.algorithms.errors import CorpusError


def test_a_message_is_one_line_whatever_a_file_is_called():
    assert str(CorpusError("a\nb\r", 3, "no word")) == r"a\nb\r:3: no word"
