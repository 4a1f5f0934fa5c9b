"""The feature templates of named-entity recognition, as data.

The usual template of linear-chain CRFs for CoNLL-2003 (as in CRFsuite's and Stanford's examples):
the words around a token, its affixes and its shape, parts of speech and chunks around it.

A template is a tuple of (column, offset) pairs; the feature it makes at token t is the conjunction
of the values of these columns at t + offset. A position outside the sentence has a value of its
own. The empty template is the bias. A column with no value for a word (the 4-letter prefix of a
3-letter word) makes no feature there.
"""

from itertools import groupby

AFFIX_LENGTHS = (1, 2, 3, 4)


def shape(word):
    """Return the shape of a word: X for upper case, x for other letters, d for digits.

    Other characters stand for themselves: `shape("U.S.-1996")` is "X.X.-dddd".
    """
    return "".join(
        "X" if char.isupper() else "x" if char.isalpha() else "d" if char.isdigit() else char
        for char in word
    )


def short_shape(word):
    """Return the shape with every run of one character cut to one: "X.X.-d"."""
    return "".join(char for char, _ in groupby(shape(word)))


def _prefix(length):
    return lambda word: word[:length] if len(word) >= length else None


def _suffix(length):
    return lambda word: word[-length:] if len(word) >= length else None


# Columns that follow from the word: computed once a word type, not once a token.
DERIVED = {
    "lower": str.lower,
    "shape": shape,
    "short_shape": short_shape,
    **{f"prefix{length}": _prefix(length) for length in AFFIX_LENGTHS},
    **{f"suffix{length}": _suffix(length) for length in AFFIX_LENGTHS},
}


def _window(column, first, last):
    return tuple(((column, offset),) for offset in range(first, last + 1))


NER_TEMPLATES = (
    (),
    *_window("word", -2, 2),
    (("lower", 0),),
    (("word", -1), ("word", 0)),
    (("word", 0), ("word", 1)),
    *_window("shape", -1, 1),
    (("short_shape", -1), ("short_shape", 0), ("short_shape", 1)),
    *((((f"prefix{length}"), 0),) for length in AFFIX_LENGTHS),
    *((((f"suffix{length}"), 0),) for length in AFFIX_LENGTHS),
    *_window("pos", -2, 2),
    (("pos", -1), ("pos", 0)),
    (("pos", 0), ("pos", 1)),
    *_window("chunk", -1, 1),
)


def template_name(template):
    """Return the name of a template: "word[-1]|word[0]", "bias"."""
    return "|".join(f"{column}[{offset}]" for column, offset in template) or "bias"


def templates_for(columns, templates=NER_TEMPLATES):
    """Return the templates that need only these columns of a file and what follows from "word".

    Parameters
    ----------
    columns : iterable of str
        The columns of the file.
    templates : tuple, optional
        All the templates.

    Returns
    -------
    tuple
        In their order.
    """
    known = {*columns, *DERIVED}
    return tuple(
        template for template in templates if all(column in known for column, _ in template)
    )
