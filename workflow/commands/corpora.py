"""`staleness corpora`: what corpora there are."""

import json
import textwrap
from dataclasses import asdict

from staleness.workflow.commands import Command
from staleness.workflow.corpora import registry

COLUMNS = ("name", "task", "size", "licence", "from")
LICENCE_WIDTH = 44


class Corpora(Command):
    """Lists the registry, or one entry of it."""

    name = "corpora"
    help = "list the corpora, or say everything about one (licence, citation)"

    def add_arguments(self, parser):
        """Declare the options."""
        parser.add_argument("corpus", nargs="?", metavar="NAME", help="one corpus, in full")
        parser.add_argument("--json", action="store_true", help="print JSON")

    def run(self, options):
        """Print the table or the entry."""
        if options.corpus is None:
            entries = list(registry.entries().values())
        else:
            entries = [registry.entry(options.corpus)]
        if options.json:
            tables = [as_dict(entry) for entry in entries]
            print(json.dumps(tables if options.corpus is None else tables[0], indent=1))
        elif options.corpus is None:
            print("\n".join(table(entries)))
        else:
            print("\n".join(in_full(entries[0])))


def as_dict(entry):
    """Return an entry as what JSON can hold; its sources as they stand in the registry."""
    members = {split: asdict(member) for split, member in entry.members.items()}
    sources = [source.record() for source in entry.sources]
    return {**vars(entry), "members": members, "sources": sources}


def table(entries):
    """Return the lines of a table, one entry a line, with a cut licence."""
    rows = [COLUMNS]
    for entry in entries:
        licence = textwrap.shorten(entry.licence, LICENCE_WIDTH, placeholder=" ...")
        sources = ", ".join(map(str, entry.sources)) or "made here"
        rows.append((entry.name, entry.task, entry.size, licence, sources))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    ]


def in_full(entry):
    """Return the lines that say everything about an entry."""
    facts = {
        "task": entry.task,
        "format": entry.format,
        "size": entry.size,
        "homepage": entry.homepage,
        "options": ", ".join(f"{name} {value}" for name, value in entry.options.items()),
        "licence": entry.licence,
        "citation": entry.citation,
    }
    lines = [entry.name]
    for key, value in facts.items():
        wrapped = textwrap.wrap(value, 82, break_long_words=False, break_on_hyphens=False)
        lines += _labelled(key, wrapped)
    lines += _labelled("from", [str(source) for source in entry.sources] or ["made here"])
    for split, member in entry.members.items():
        path = member.path if len(member.paths) == 1 else f"{member.file}, joined"
        size = f"{'' if member.sha256 else 'at most '}{member.bytes:,} bytes"
        pin = member.sha256 or "SHA-256 not known, that of the archive has to do"
        lines += _labelled(split, [f"{path}, {size}", pin])
    return lines


def _labelled(label, texts):
    """Return lines with a label before the first."""
    return [f"  {label if index == 0 else '':<14}{text}" for index, text in enumerate(texts)]
