"""Tagged text: `word/tag` tokens separated by blanks, a sentence a line."""

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines
from staleness.workflow.corpora.formats import Format, TaggedSentences
from staleness.workflow.corpora.lines import TextFile, split_words


class Tagged(Format):
    """Words with a tag behind the last slash: "The/DT", "1/2/CD" is the word "1/2"."""

    name = "tagged"
    task = "tagging"
    example = "a/X {}/Y"
    modules = (lines,)

    def read(self, path):
        """Read a file; see `Format.read`. Empty lines are no sentences."""
        file = TextFile(path)
        tokens, ends = [], [0]
        for line in file:
            tokens += split_words(line)
            if ends[-1] != len(tokens):
                ends.append(len(tokens))
        if not tokens:
            message = "no sentences: expected lines of word/tag tokens separated by blanks"
            raise CorpusError(path, None, f"{message}; check that this is the right file")
        parts = {token: token.rpartition("/") for token in dict.fromkeys(tokens)}
        wrong = {token for token, (word, _, tag) in parts.items() if not (word and tag)}
        if wrong:
            raise _no_tag(file, wrong)
        tags = {token: self.tag(tag) for token, (_, _, tag) in parts.items()}
        return TaggedSentences(
            words=[parts[token][0] for token in tokens],
            tags=[tags[token] for token in tokens],
            offsets=np.array(ends, dtype=np.int64),
            sha256=(file.sha256,),
        )

    def tag(self, tag):
        """Return what becomes of a tag of the file."""
        return tag


def _no_tag(file, wrong):
    """Return the error for the first of some tokens that are no word/tag."""
    number, token = next(
        (number, token)
        for number, line in enumerate(file, start=1)
        for token in split_words(line)
        if token in wrong
    )
    message = f"token {token!r}, expected word/tag: give every word a tag, behind its last slash"
    return CorpusError(file.path, number, message)
