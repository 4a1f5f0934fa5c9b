"""The feature templates."""

import pytest

from staleness.workflow.corpora.features import (
    DERIVED,
    NER_TEMPLATES,
    shape,
    short_shape,
    template_name,
    templates_for,
)


@pytest.mark.parametrize(
    ("word", "long", "short"),
    [
        ("European", "Xxxxxxxx", "Xx"),
        ("U.S.-1996", "X.X.-dddd", "X.X.-d"),
        ("Ünal", "Xxxx", "Xx"),
        ("...", "...", "."),
        ("北京", "xx", "x"),
    ],
)
def test_shapes(word, long, short):
    assert (shape(word), short_shape(word)) == (long, short)


def test_affixes_need_their_length():
    assert DERIVED["prefix3"]("Paris") == "Par"
    assert DERIVED["suffix3"]("Paris") == "ris"
    assert DERIVED["prefix3"]("the") == DERIVED["suffix3"]("the") == "the"
    assert DERIVED["prefix3"]("of") is None
    assert DERIVED["suffix4"]("the") is None


def test_templates_are_data():
    assert len(set(NER_TEMPLATES)) == len(NER_TEMPLATES)
    assert template_name(()) == "bias"
    assert template_name((("word", -1), ("word", 0))) == "word[-1]|word[0]"
    columns = {column for template in NER_TEMPLATES for column, _ in template}
    assert columns == {"word", "pos", "chunk", *DERIVED}


def test_templates_for_the_columns_of_a_file():
    assert templates_for(["word", "pos", "chunk"]) == NER_TEMPLATES
    columns = {column for template in templates_for(["word", "pos"]) for column, _ in template}
    assert "pos" in columns
    assert "chunk" not in columns
    assert () in templates_for(["word"])
