"""Tagged text: `word/tag` tokens separated by blanks, a sentence a line."""

import numpy as np

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora.formats import Format, TaggedSentences, read_text


class Tagged(Format):
    """Words with a tag behind the last slash: "The/DT", "1/2/CD" is the word "1/2"."""

    name = "tagged"
    task = "tagging"

    def read(self, path):
        """Read a file; see `Format.read`. Empty lines are no sentences."""
        text, sha256 = read_text(path)
        tokens, ends = [], [0]
        # Only LF ends a line and only blank and tab separate: words may hold other white space.
        for line in text.replace("\t", " ").split("\n"):
            tokens += filter(None, line.split(" "))
            if ends[-1] != len(tokens):
                ends.append(len(tokens))
        if not tokens:
            message = "no sentences: expected lines of word/tag tokens separated by blanks"
            raise CorpusError(path, None, f"{message}; check that this is the right file")
        parts = {token: token.rpartition("/") for token in dict.fromkeys(tokens)}
        wrong = {token for token, (word, _, tag) in parts.items() if not (word and tag)}
        if wrong:
            raise _no_tag(path, text, wrong)
        tags = {token: self.tag(tag) for token, (_, _, tag) in parts.items()}
        return TaggedSentences(
            words=[parts[token][0] for token in tokens],
            tags=[tags[token] for token in tokens],
            offsets=np.array(ends, dtype=np.int64),
            sha256=(sha256,),
        )

    def tag(self, tag):
        """Return what becomes of a tag of the file."""
        return tag


def _no_tag(path, text, wrong):
    """Return the error for the first of some tokens that are no word/tag."""
    for number, line in enumerate(text.replace("\t", " ").split("\n"), start=1):
        for token in line.split(" "):
            if token in wrong:
                message = f"token {token!r}, expected word/tag: give every word a tag"
                return CorpusError(path, number, f"{message}, behind its last slash")
    raise AssertionError("the tokens are from this text")
