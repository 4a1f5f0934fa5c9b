"""CoNLL-U, the format of Universal Dependencies: a token a line, an empty line between sentences.

https://universaldependencies.org/format.html
"""

import re

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines
from staleness.workflow.corpora.formats import Format, TaggedSentences
from staleness.workflow.corpora.lines import TextFile, is_blank

COLUMNS = 10
ID = re.compile(r"[1-9][0-9]*")
# A multiword token ("1-2"), whose words follow, and a word that is not in the text ("1.1").
SKIPPED_ID = re.compile(r"[1-9][0-9]*-[1-9][0-9]*|[0-9]+\.[1-9][0-9]*")
NONE = "_"


class Conllu(Format):
    """Ten columns separated by tabs; words are FORM, tags UPOS, or XPOS where UPOS is "_"."""

    name = "conllu"
    task = "tagging"
    example = "1\t{}\t_\tX" + 6 * "\t_"
    modules = (lines,)

    def read(self, path):
        """Read a file; see `Format.read`. If no token has a tag, the corpus has none."""
        file = TextFile(path)
        words, tags, places, ends = [], [], [], [0]
        for number, line in enumerate(file, start=1):
            if is_blank(line):
                if ends[-1] != len(words):
                    ends.append(len(words))
            elif not line.startswith("#"):
                columns = line.split("\t")
                _check(path, number, columns)
                if ID.fullmatch(columns[0]):
                    words.append(columns[1])
                    tags.append(columns[3] if columns[3] != NONE else columns[4])
                    places.append(number)
        if not words:
            message = "no sentences: expected lines of 10 columns separated by tabs"
            raise CorpusError(path, None, f"{message}; check that this is the right file")
        if ends[-1] != len(words):
            ends.append(len(words))
        tagged = [tag != NONE for tag in tags]
        if any(tagged) and not all(tagged):
            message = f"word {words[tagged.index(False)]!r} has no tag, but others have"
            raise CorpusError(
                path, places[tagged.index(False)], f"{message}: give it one as UPOS or XPOS"
            )
        return TaggedSentences(
            words=words,
            tags=tags if all(tagged) else None,
            offsets=np.array(ends, dtype=np.int64),
            sha256=(file.sha256,),
        )


def _check(path, number, columns):
    """Raise an error at a line that is none of CoNLL-U."""
    message = None
    if len(columns) != COLUMNS:
        found = f"{len(columns)} column{'s' if len(columns) > 1 else ''}"
        message = f"{found}, expected {COLUMNS}: separate them with tabs, and put '_' for none"
    elif not (ID.fullmatch(columns[0]) or SKIPPED_ID.fullmatch(columns[0])):
        message = f"{columns[0]!r} in the first column, expected a number (1), a range of words "
        message += "(1-2) or an empty node (1.1): number the words of a sentence from 1"
    elif not (columns[1] and columns[3] and columns[4]):
        message = "an empty column, expected a value: put '_' for none"
    if message:
        raise CorpusError(path, number, message)
