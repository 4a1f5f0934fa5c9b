"""The registry of corpora: one TOML file in `entries/` for each.

A file has the keys `name`, `task`, `format`, `size`, `licence`, `citation` and `homepage`; a table
`[members.<split>]` for every file of the corpus (`[members.<split>-<part>]` where a split of the
format has several) with its `path`, its size in `bytes` and its `sha256`; and a table `[[sources]]`
for every place it can come from, in the order in which they are tried, with a `kind` and the keys
of that kind (`sources/`). What is pinned are the members, so any source that gives the same bytes
will do.

Where nothing but the SHA-256 of an archive is known, that is pinned instead, and the members have
none. The table `[options]`, which may be left out, has options of the task's encoder (`encoders/`)
that the corpus is encoded with unless told otherwise.

Every model of `synthetic/` is a corpus too, without format, members and sources.
"""

import re
import tomllib
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path, PurePosixPath

from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora.encoders import encoders
from staleness.workflow.corpora.formats import check_files, formats
from staleness.workflow.corpora.sources import kinds
from staleness.workflow.corpora.synthetic import models

ENTRIES = Path(__file__).parent / "entries"
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
PATH = re.compile(r"[^\[\]]+|[^\[\]]*\[[^\[\]/]+\][^\[\]]*")
RANGE = re.compile(r"(?P<letters>\D*)(?P<first>\d+)-(?P=letters)(?P<last>\d+)")
SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Member:
    """A file of a corpus.

    Attributes
    ----------
    path : str
        Where it lies in a source, behind the source's prefix; or several files there that make
        it when joined in order: "c[a01-a44,b07]" are ca01, ca02, ..., ca44 and cb07.
    bytes : int
        Its size; without `sha256`, the most that is believed.
    sha256 : str
        The SHA-256 of its bytes, in hexadecimal; empty where that of an archive that it comes in
        has to do.
    """

    path: str
    bytes: int
    sha256: str = ""

    @property
    def paths(self):
        """The paths that `path` stands for, a tuple of str, at least one."""
        before, _, rest = self.path.partition("[")
        inside, _, after = rest.partition("]")
        return tuple(before + one + after for item in inside.split(",") for one in _range(item))

    @property
    def file(self):
        """The file's name without its folder; the first and the last of several."""
        names = [PurePosixPath(path).name for path in self.paths]
        return names[0] if len(names) == 1 else f"{names[0]} ... {names[-1]}"


@dataclass(frozen=True)
class Entry:
    """A registered corpus.

    Attributes
    ----------
    name : str
        What the command line and the configuration call it.
    task, format : str
        A task's and a format's name; the format of a synthetic corpus is "none".
    size : str
        For people: how many sentences it has.
    licence, citation, homepage : str
        What its users must know, cite and look up.
    members : dict of str to Member
        The files, by split ("train") or split and part ("train-source").
    sources : tuple of ArchiveSource
        Where to get it, best first.
    options : dict
        Of the task's encoder, where they are not its defaults.
    """

    name: str
    task: str
    format: str
    size: str
    licence: str
    citation: str
    homepage: str
    members: dict
    sources: tuple
    options: dict = field(default_factory=dict)

    @property
    def encoder(self):
        """The `Encoder` class that makes its arrays."""
        return models().get(self.name) or encoders()[self.task]

    @property
    def pinned(self):
        """Whether the SHA-256 of every member is known."""
        return all(member.sha256 for member in self.members.values())

    def text(self):
        """Return what decides about its text, a dict for JSON: the members' SHA-256.

        A member without one is what its sources say it is.
        """
        pins = {key: member.sha256 or member.path for key, member in self.members.items()}
        if self.pinned:
            return {"members": pins}
        return {"members": pins, "sources": [source.record() for source in self.sources]}


def _range(item):
    """Return the names that an item such as "a01-a44" stands for, a list of str."""
    found = RANGE.fullmatch(item)
    if not found:
        return [item]
    letters, first, last = found["letters"], found["first"], found["last"]
    return [f"{letters}{n:0{len(first)}}" for n in range(int(first), int(last) + 1)]


def entries(folder=None):
    """Read the registry.

    Parameters
    ----------
    folder : path-like, optional
        A folder of TOML files; by default the registry's, and the synthetic corpora too.

    Returns
    -------
    dict of str to Entry
        Sorted by name.

    Raises
    ------
    StalenessError
        If a file is not a valid entry; it names the file and the key.
    """
    found = {path.stem: read_entry(path) for path in Path(folder or ENTRIES).glob("*.toml")}
    if folder is None:
        found |= {name: _synthetic(name, model) for name, model in models().items()}
    return dict(sorted(found.items()))


def entry(name):
    """Return a registered corpus, or raise an error that lists all of them."""
    return choose("corpus", name, entries())


def read_entry(path):
    """Read one file of the registry; see `entries`."""
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StalenessError(f"{path}: not a readable TOML file: {error}") from error
    check = _Checker(path)
    check.keys(table, "", [f.name for f in fields(Entry) if f.name != "options"], ["options"])
    text = {f.name: check.text(table[f.name], f.name) for f in fields(Entry) if f.type is str}
    check.that(NAME.fullmatch(text["name"]), "name", "letters, digits, dots and dashes")
    check.that(text["name"] == path.stem, "name", f"the file's name, {path.stem!r}")
    check.that(text["task"] in encoders(), "task", f"one of {', '.join(encoders())}")
    known = [name for name, kind in formats().items() if kind.task == text["task"]]
    check.that(text["format"] in known, "format", f"one of {', '.join(known)}")
    check.that(text["homepage"].startswith("https://"), "homepage", "an https:// address")
    members, sources = table["members"], table["sources"]
    check.that(isinstance(members, dict) and members, "members", "[members.<split>] tables")
    check.that(isinstance(sources, list) and sources, "sources", "[[sources]] tables")
    members = {split: _member(check, split, member) for split, member in members.items()}
    files = [PurePosixPath(path).name for member in members.values() for path in member.paths]
    check.that(len(set(files)) == len(files), "members", "files that differ in their names")
    sources = tuple(_source(check, index, source) for index, source in enumerate(sources))
    pinned = all(member.sha256 for member in members.values())
    check.that(pinned or any(source.vouches for source in sources), "members", "a sha256 in each")
    options = table.get("options", {})
    check.that(isinstance(options, dict), "options", "an [options] table")
    task = encoders()[text["task"]]
    check.accepts("members", check_files, members, formats()[text["format"]], task)
    check.accepts("options", task.configure, options)
    return Entry(**text, members=members, sources=sources, options=options)


def _synthetic(name, model):
    """Return the entry of a corpus that is sampled from a model."""
    return Entry(
        name=name,
        task=model.name,
        format="none",
        size=model.size,
        licence="None is needed: sampled from a model, it has no text of anybody's (CC0-1.0).",
        citation="Made by this suite (workflow/corpora/synthetic): cite it as CITATION.cff says.",
        homepage="",
        members={},
        sources=(),
    )


def _member(check, split, table):
    """Return a checked `Member`."""
    key = f"members.{split}"
    check.keys(table, key, ["path", "bytes"], ["sha256"])
    path = check.text(table["path"], f"{key}.path")
    parts = path.split("/")
    plain = not {"", ".", ".."} & set(parts) and "\\" not in path
    check.that(plain, f"{key}.path", "a relative path without '..'")
    check.that(PATH.fullmatch(path), f"{key}.path", "at most one [...] of names")
    check.that(Member(path, 0, "").paths, f"{key}.path", "ranges from a smaller to a larger number")
    return Member(**{name: check.value(table[name], f"{key}.{name}") for name in table})


def _source(check, index, table):
    """Return a checked source of the kind that the table names."""
    key = f"sources[{index}]"
    known = kinds()
    check.that(isinstance(table, dict) and "kind" in table, key, "a table with a 'kind'")
    check.that(table["kind"] in known, f"{key}.kind", f"one of {', '.join(known)}")
    kind = known[table["kind"]]
    required = ["kind", *(field.name for field in fields(kind) if field.default is MISSING)]
    optional = [field.name for field in fields(kind) if field.default is not MISSING]
    check.keys(table, key, required, optional)
    values = {name: check.value(table[name], f"{key}.{name}") for name in table if name != "kind"}
    return check.accepts(key, kind, **values)


class _Checker:
    """Raises errors that name the file and the key."""

    def __init__(self, path):
        self.path = path

    def that(self, condition, key, expected):
        """Raise an error unless the condition holds."""
        if not condition:
            raise StalenessError(f"{self.path}: {key}: expected {expected}")

    def accepts(self, key, function, *arguments, **keywords):
        """Return what a function returns; its error is then about the key."""
        try:
            return function(*arguments, **keywords)
        except StalenessError as error:
            raise StalenessError(f"{self.path}: {key}: {error}") from error

    def keys(self, table, key, required, optional=()):
        """Check that a table has these keys and no others."""
        expected = [*required, *optional]
        inside = f" in {key}" if key else ""
        self.that(isinstance(table, dict), key, f"a table with {', '.join(expected)}")
        for name in required:
            if name not in table:
                raise StalenessError(f"{self.path}: key '{name}' is missing{inside}")
        for name in table:
            if name not in expected:
                valid = ", ".join(expected)
                message = f"unknown key '{name}'{inside}: choose from {valid}"
                raise StalenessError(f"{self.path}: {message}")

    def value(self, value, key):
        """Return the value of a key of a member or a source."""
        name = key.rpartition(".")[2]
        if name == "bytes":
            whole = isinstance(value, int) and not isinstance(value, bool) and value > 0
            self.that(whole, key, "the file's size, a positive integer")
            return value
        if name == "sha256":
            digits = isinstance(value, str) and SHA256.fullmatch(value)
            self.that(digits, key, "64 hexadecimal digits in lower case")
        return self.text(value, key)

    def text(self, value, key):
        """Return a text without the white space around it; it must not be empty."""
        self.that(isinstance(value, str) and value.strip(), key, "a text")
        return value.strip()
