"""Europarl's aligned files (Koehn 2005): raw text, cleaned and tokenised as it is read."""

import re
from importlib.metadata import version

from staleness.workflow.corpora import lines, pairs
from staleness.workflow.corpora.formats import Format
from staleness.workflow.corpora.lines import TextFile
from staleness.workflow.corpora.pairs import Pair, SentencePairs, check_same_length

MARKUP = re.compile(r"\s*<[^<>]*>\s*")


class GermanEnglish(Format):
    """One sentence a line of raw text; line n of the files is pair n.

    Another pair of languages is another class, with another `name` and `languages`.
    """

    name = "europarl-de-en"
    task = "alignment"
    example = "a {}"
    parts = ("source", "target")
    modules = (lines, pairs)
    languages = ("de", "en")

    def read(self, source, target):
        """Read two files; see `Format.read`.

        Words are those of the tokeniser of Moses (Koehn et al. 2007); a line that is nothing but
        markup is an empty sentence.
        """
        files = TextFile(source), TextFile(target)
        check_same_length(*files)
        return SentencePairs(
            read=lambda: _read(files, self.languages),
            paths=(source, target),
            sha256=tuple(file.sha256 for file in files),
            about={"tokenizer": f"sacremoses {version('sacremoses')}"},
        )


def _read(files, languages):
    """Yield the pairs."""
    # Not at the top: importing it takes a third of a second, which no other command needs.
    from sacremoses import MosesTokenizer  # noqa: PLC0415

    tokenizers = [MosesTokenizer(language) for language in languages]
    for number, row in enumerate(zip(*files, strict=True), start=1):
        sides = [
            [] if MARKUP.fullmatch(text) else tokenizer.tokenize(text, escape=False)
            for tokenizer, text in zip(tokenizers, row, strict=True)
        ]
        yield Pair(number, *sides, links=[])
