"""One file of pairs, `source ||| target` a line, as fast_align takes it (Dyer et al. 2013)."""

import itertools

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines, pairs
from staleness.workflow.corpora.formats import Format
from staleness.workflow.corpora.lines import TextFile, split_words
from staleness.workflow.corpora.pairs import Pair, SentencePairs, check_same_length, read_links

SEPARATOR = "|||"


class Bitext(Format):
    """A pair a line: the words of the source, `|||`, the words of the target."""

    name = "bitext"
    task = "alignment"
    example = "a {} ||| b"
    parts = ("", "links")
    optional = ("links",)
    modules = (lines, pairs)

    def read(self, path, links=None):
        """Read a file and, where given, its gold links (`pairs.read_links`).

        See `Format.read`. Errors but those of `TextFile` come while the pairs are read.
        """
        files = [TextFile(each) for each in (path, links) if each is not None]
        check_same_length(files[0], files[-1])
        return SentencePairs(
            read=lambda: _read(*files),
            paths=(path, path),
            sha256=(files[0].sha256, files[1].sha256 if links is not None else None),
        )


def _read(file, links=None):
    """Yield the pairs of `TextFile`s."""
    rows = zip(file, itertools.repeat("") if links is None else links, strict=False)
    for number, (text, of_links) in enumerate(rows, start=1):
        row = split_words(text)
        if row.count(SEPARATOR) != 1:
            message = f"{row.count(SEPARATOR)} times {SEPARATOR} with blanks around it, expected 1"
            raise CorpusError(file.path, number, f"{message}: write SOURCE {SEPARATOR} TARGET")
        middle = row.index(SEPARATOR)
        sides = row[:middle], row[middle + 1 :]
        yield Pair(number, *sides, links=read_links(links, number, of_links, *sides))
