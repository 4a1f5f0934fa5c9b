"""Two aligned text files, as Moses and GIZA++ take them, and gold links beside them."""

import itertools

from staleness.workflow.corpora import lines, pairs
from staleness.workflow.corpora.formats import Format
from staleness.workflow.corpora.lines import TextFile, split_words
from staleness.workflow.corpora.pairs import Pair, SentencePairs, check_same_length, read_links


class Parallel(Format):
    """One sentence a line, words separated by blanks; line n of the files is pair n."""

    name = "parallel"
    task = "alignment"
    example = "a {}"
    parts = ("source", "target", "links")
    optional = ("links",)
    modules = (lines, pairs)

    def read(self, source, target, links=None):
        """Read two files and, where given, their gold links (`pairs.read_links`).

        See `Format.read`. Files that differ in their number of lines are an error at once; other
        errors come while the pairs are read.
        """
        files = [TextFile(path) for path in (source, target, links) if path is not None]
        for file in files[1:]:
            check_same_length(files[0], file)
        return SentencePairs(
            read=lambda: _read(*files),
            paths=(source, target),
            sha256=(*(file.sha256 for file in files), *[None] * (3 - len(files))),
        )


def _read(source, target, links=None):
    """Yield the pairs of `TextFile`s."""
    rows = zip(source, target, itertools.repeat("") if links is None else links, strict=False)
    for number, row in enumerate(rows, start=1):
        sides = split_words(row[0]), split_words(row[1])
        yield Pair(number, *sides, links=read_links(links, number, row[2], *sides))
