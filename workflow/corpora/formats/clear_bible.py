"""Word-aligned Bibles of Clear Bible's Alignments repository: two tables of tokens, and JSON.

The tables are tab-separated with a header: a token a line, its `id` saying book, chapter, verse and
word (BBCCCVVVWWW, the source's with a letter before). `source_verse` of the target is the verse of
the source that a token belongs to: numbering differs here and there. The JSON holds records of
token ids, each linking all its source tokens to all its target tokens (Scripture Burrito
alignment, version 0.3).
"""

import json
import re
from itertools import product

from staleness.algorithms.errors import CorpusError
from staleness.workflow.corpora import lines, pairs
from staleness.workflow.corpora.formats import Format
from staleness.workflow.corpora.lines import TextFile
from staleness.workflow.corpora.pairs import Pair, SentencePairs

VERSE = re.compile(r"[a-z]?([0-9]{8})[0-9]{3,4}", re.ASCII)


class ClearBible(Format):
    """Verses as pairs, in the order of the source; every link is sure."""

    name = "clear-bible"
    task = "alignment"
    header = "id\ttext\n"
    example = "n40001001001\t{}"
    parts = ("source", "target", "links")
    modules = (lines, pairs)

    def read(self, source, target, links):
        """Read the two tables and the JSON file; see `Format.read`.

        Verses that only one side has are left out, and links across verses; `counts` tells how
        many. Tokens marked `exclude` (punctuation) are words like any other: they have no links.
        """
        given, found = TextFile(source), TextFile(target)
        sources, targets = _Verses(given), _Verses(found)
        joined = TextFile(links)
        linked, across = _links(links, joined.text(), sources, targets)
        both = [verse for verse in sources.words if verse in targets.words]
        return SentencePairs(
            read=lambda: (
                Pair(
                    sources.line[verse],
                    sources.words[verse],
                    targets.words[verse],
                    [(*link, True) for link in sorted(linked.get(verse, ()))],
                )
                for verse in both
            ),
            paths=(source, target),
            sha256=(given.sha256, found.sha256, joined.sha256),
            counts={
                "unpaired_source_verses": len(sources.words) - len(both),
                "unpaired_target_verses": len(targets.words) - len(both),
                "links_across_verses": across,
            },
        )


class _Verses:
    """The tokens of a table by verse.

    Attributes
    ----------
    words : dict of str to list of str
        Verse to tokens, in the order of the file.
    line : dict of str to int
        Verse to the line of its first token.
    place : dict of str to (str, int)
        Token id to verse and position.
    """

    def __init__(self, file):
        self.words, self.line, self.place = {}, {}, {}
        rows = iter(file)
        header = next(rows, "").split("\t")
        if not {"id", "text"} <= set(header):
            message = f"columns {', '.join(header)}: expected id and text among them"
            raise CorpusError(file.path, 1, f"{message}, separated by tabs; check the file")
        id_column, text_column = header.index("id"), header.index("text")
        verse_column = header.index("source_verse") if "source_verse" in header else id_column
        for number, line in enumerate(rows, start=2):
            row = line.split("\t")
            if len(row) != len(header):
                message = f"{len(row)} columns, expected {len(header)} as in line 1"
                raise CorpusError(file.path, number, f"{message}; mend the line")
            token = row[id_column]
            match = VERSE.fullmatch(token)
            if match is None or token in self.place:
                what = "is there twice" if match else "is no token id"
                message = f"{token!r} {what}: expected BBCCCVVVWWW, every token once"
                raise CorpusError(file.path, number, f"{message}; mend the line")
            word = row[text_column]
            if not word or " " in word:
                message = f"token {token} is {word!r}: expected one word"
                raise CorpusError(file.path, number, f"{message}; mend the line")
            verse = (row[verse_column] if verse_column != id_column else "") or match[1]
            words = self.words.setdefault(verse, [])
            self.line.setdefault(verse, number)
            self.place[token] = verse, len(words)
            words.append(word)


def _links(path, text, sources, targets):
    """Read the links.

    Returns
    -------
    dict of str to set of (int, int)
        Verse to positions.
    int
        How many links were left out because they are between different verses.
    """
    linked, across = {}, 0
    for number, record in enumerate(_records(path, text), start=1):
        try:
            places = [
                [side.place[token] for token in tokens]
                for tokens, side in zip(record, (sources, targets), strict=True)
            ]
        except KeyError as error:
            raise _no_token(path, text, number, error) from error
        for (verse, position), (other, target) in product(*places):
            if verse == other:
                linked.setdefault(verse, set()).add((position, target))
            else:
                across += 1
    return linked, across


def _records(path, text):
    """Yield the ids of source tokens and of target tokens of each record."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        line = getattr(error, "lineno", None)
        message = f"not JSON ({error}): check that this is the right file"
        raise CorpusError(path, line, message) from error
    records = found.get("records") if isinstance(found, dict) else None
    for number, record in enumerate(records if isinstance(records, list) else [None], start=1):
        both = [record.get(key) for key in ("source", "target")] if isinstance(record, dict) else []
        if not (both and all(map(_is_list_of_str, both))):
            message = (
                f"record {number} has no lists of token ids: expected an object with 'records'"
            )
            message += ", each an object with the lists 'source' and 'target'"
            raise CorpusError(path, None, f"{message}; check that this is the right file")
        yield both


def _is_list_of_str(value):
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _no_token(path, text, number, error):
    """Return the error for a record with something that is no token of its table."""
    message = f"record {number}: {error.args[0]!r} is no token"
    # The reader of JSON does not tell where it found what.
    found = json.dumps(error.args[0])
    line = text.count("\n", 0, text.index(found)) + 1 if text.count(found) == 1 else None
    expected = "expected ids of the source's table, and of the target's"
    return CorpusError(path, line, f"{message}: {expected}; check that the files belong together")
