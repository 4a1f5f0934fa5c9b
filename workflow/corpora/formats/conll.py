"""The column format of the CoNLL shared tasks: a token a line, an empty line between sentences.

Tjong Kim Sang & De Meulder (2003), "Introduction to the CoNLL-2003 shared task". The word comes
first and the label last. Labels are in BIO (Ramshaw & Marcus's IOB2: every entity begins with B-)
or in IOB1 (B- only where an entity follows another of its own type), which is converted to BIO.
"""

import re

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines
from staleness.workflow.corpora.formats import Format, LabelledSentences
from staleness.workflow.corpora.lines import TextFile, split_words

DOCUMENT = "-DOCSTART-"
LABEL = re.compile(r"O|[BI]-.+", re.DOTALL)
OUTSIDE, BEGIN, INSIDE = range(3)


class Conll(Format):
    """Columns separated by spaces or tabs: word, then part of speech, chunk, ..., label."""

    name = "conll"
    task = "ner"
    example = "{} NN O"
    modules = (lines,)

    def read(self, path):
        """Read a file of 2 or more columns; see `Format.read`.

        With 3 columns the second is the part of speech; with 4 or more the second is the part of
        speech and the third the chunk.
        """
        file = TextFile(path)
        columns, places, offsets, documents = _columns(file)
        _check_labels(path, columns[-1], places)
        labels, scheme = _to_bio(path, columns[-1], places, offsets)
        names = ("word", "pos", "chunk")[: max(len(columns) - 1, 1)]
        return LabelledSentences(
            path=path,
            columns=dict(zip(names, columns, strict=False)),
            labels=labels,
            offsets=offsets,
            scheme=scheme,
            documents=documents,
            sha256=(file.sha256,),
        )


def _columns(file):
    """Split a `TextFile` into its columns.

    Returns
    -------
    columns : list of list of str
        One value a token each.
    places : list of int
        The line of each token.
    offsets : numpy.ndarray of int64
        Where each sentence begins, and the end of the last.
    documents : int
        The number of -DOCSTART- lines.
    """
    fields, places, starts = [], [], [0]
    documents = 0
    width = None
    for number, line in enumerate(file, start=1):
        row = split_words(line)
        if not row or row[0] == DOCUMENT:
            documents += bool(row)
            if starts[-1] != len(places):
                starts.append(len(places))
            continue
        if len(row) != width:
            if width is not None or len(row) == 1:
                raise _wrong_width(file.path, number, row, width, places)
            width = len(row)
        fields += row
        places.append(number)
    if not places:
        message = "no sentences: expected lines of a word, other columns and a label"
        raise CorpusError(file.path, None, f"{message}; check that this is the right file")
    if starts[-1] != len(places):
        starts.append(len(places))
    columns = [fields[column::width] for column in range(width)]
    return columns, places, np.array(starts, dtype=np.int64), documents


def _wrong_width(path, number, row, width, places):
    """Return the error for a line whose number of columns is wrong."""
    if width is None:
        found, wanted = "1 column", "at least 2, the word first and the label last"
    else:
        found = f"{len(row)} column{'s' if len(row) > 1 else ''}"
        wanted = f"{width}, as in line {places[0]}"
    return CorpusError(
        path,
        number,
        f"{found}, expected {wanted}: separate the columns of this line with blanks or tabs, "
        "and sentences with an empty line",
    )


def _check_labels(path, labels, places):
    """Raise an error at the first label that is none."""
    wrong = {label for label in set(labels) if not LABEL.fullmatch(label)}
    if wrong:
        index = next(index for index, label in enumerate(labels) if label in wrong)
        message = (
            f"label {labels[index]!r}, expected O, B-TYPE or I-TYPE in the last column: "
            "convert the labels to BIO"
        )
        raise CorpusError(path, places[index], message)


def _to_bio(path, labels, places, offsets):
    """Find the scheme of the labels and return them in BIO.

    BIO is ruled out by an I-X that follows neither B-X nor I-X, IOB1 by a B-X that does not follow
    an entity of the type X. Labels that both allow mean the same in both.

    Returns
    -------
    labels : list of str
    scheme : str
    """
    distinct = {label: index for index, label in enumerate(dict.fromkeys(labels))}
    types = {}
    prefix_of = np.array(["OBI".index(label[0]) for label in distinct])
    type_of = np.array([types.setdefault(label[2:], len(types)) for label in distinct])
    ids = np.fromiter(map(distinct.__getitem__, labels), np.int64, len(labels))
    prefix, kind = prefix_of[ids], type_of[ids]

    # continues[t]: token t-1 of the same sentence is in an entity of the type of token t.
    continues = np.zeros(len(labels), dtype=bool)
    continues[1:] = (kind[1:] == kind[:-1]) & (prefix[1:] != OUTSIDE) & (prefix[:-1] != OUTSIDE)
    continues[offsets[:-1]] = False

    not_bio = np.flatnonzero((prefix == INSIDE) & ~continues)
    if not not_bio.size:
        return labels, "BIO"
    not_iob1 = np.flatnonzero((prefix == BEGIN) & ~continues)
    if not_iob1.size:
        raise _no_scheme(path, labels, places, not_bio[0], not_iob1[0])
    labels = list(labels)
    for index in not_bio:
        labels[index] = "B" + labels[index][1:]
    return labels, "IOB1"


def _no_scheme(path, labels, places, not_bio, not_iob1):
    """Return the error for labels in neither scheme, at the line that rules out the second."""
    line_of = {"BIO": places[not_bio], "IOB1": places[not_iob1]}
    why = {
        "BIO": f"{labels[not_bio]} begins an entity, which BIO does with B",
        "IOB1": f"{labels[not_iob1]} follows no entity of its type, where IOB1 has I",
    }
    first, last = sorted(line_of, key=line_of.get)
    message = (
        f"{why[last]}, and at line {line_of[first]} {why[first]}: "
        "expected one scheme throughout; mend one of the two lines"
    )
    return CorpusError(path, line_of[last], message)
