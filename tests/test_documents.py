"""What the documents point at is there: files, headings, and paths of this repository."""

import re
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = sorted(
    path.relative_to(REPOSITORY).as_posix()
    for pattern in ("README.md", "CONTRIBUTING.md", "config/README.md", "docs/*.md")
    for path in REPOSITORY.glob(pattern)
)
# The committed folders. What lies below others (results/, .venv/, .asv/) is made by commands.
FOLDERS = {
    *(".ci", "algorithms", "benchmarks", "config", "docs", "kernels", "profiles"),
    *("requirements", "staleness", "tests", "workflow"),
}
BLOCK = re.compile(r"^ *```.*?^ *```", re.DOTALL | re.MULTILINE)
SPAN = re.compile(r"`([^`]+)`")
LINK = re.compile(r"\]\(([^()\s]+)\)")
HEADING = re.compile(r"^#+ +(.+?) *$", re.MULTILINE)
ELSEWHERE = re.compile(r"[a-z]+:")
PLACEHOLDER = re.compile(r"\b(NAME|TASK)\b")  # a file that the reader is to add


def anchors(text):
    """Return the anchors that GitHub gives the headings of a document."""
    headings = [LINK.sub("", heading) for heading in HEADING.findall(BLOCK.sub("", text))]
    words = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    before = [words[:k].count(word) for k, word in enumerate(words)]
    return {f"{word}-{n}" if n else word for word, n in zip(words, before, strict=True)}


def broken_links(document):
    """Return the relative links of a document that lead to no file, or to no heading of it."""
    text = document.read_text(encoding="utf-8")
    broken = []
    for link in LINK.findall(SPAN.sub("", BLOCK.sub("", text))):
        if ELSEWHERE.match(link):
            continue
        name, _, anchor = link.partition("#")
        target = document.parent / name if name else document
        if not target.exists() or (
            anchor and anchor not in anchors(target.read_text(encoding="utf-8"))
        ):
            broken.append(link)
    return broken


def paths(text):
    """Return the paths of this repository among the words of a document's code."""
    code = [*BLOCK.findall(text), *SPAN.findall(BLOCK.sub("", text))]
    words = [word.lstrip("('\"").rstrip(",:;)'\"") for part in code for word in part.split()]
    return [
        word
        for word in words
        if "/" in word and word.partition("/")[0] in FOLDERS and not set(word) & set("*<>{")
    ]


def missing_paths(document, repository):
    """Return the paths of the repository that a document names and that are not there.

    NAME and TASK stand for any name: there must be a file like the one to be added.
    """
    return [
        path
        for path in paths(document.read_text(encoding="utf-8"))
        if not any(repository.glob(PLACEHOLDER.sub("*", path)))
    ]


@pytest.mark.parametrize("name", DOCUMENTS)
def test_links_lead_to_files_and_headings(name):
    assert broken_links(REPOSITORY / name) == []


@pytest.mark.parametrize("name", DOCUMENTS)
def test_paths_are_there(name):
    assert missing_paths(REPOSITORY / name, REPOSITORY) == []


def test_there_are_documents_with_links_and_paths():
    texts = [(REPOSITORY / name).read_text(encoding="utf-8") for name in DOCUMENTS]
    assert {"README.md", "CONTRIBUTING.md", "config/README.md", "docs/threads.md"} <= {*DOCUMENTS}
    assert any("#" in link for text in texts for link in LINK.findall(text))
    assert sum(bool(paths(text)) for text in texts) > len(DOCUMENTS) / 2


@pytest.mark.parametrize(
    ("heading", "anchor"),
    [
        ("One loop", "one-loop"),
        ("With [links](page.md)", "with-links"),
        ("`claims.json`, again", "claimsjson-again"),
        ("lock-free: another's update", "lock-free-anothers-update"),
    ],
)
def test_anchors_are_those_of_github(heading, anchor):
    assert anchors(f"# {heading}\n\n```\n# no heading\n```\n") == {anchor}


def test_a_heading_that_comes_again_gets_a_number():
    assert anchors("# Keys\n\n## Keys\n\n## Keys\n") == {"keys", "keys-1", "keys-2"}


def test_broken_links_are_named(tmp_path):
    (tmp_path / "other.md").write_text("# Another one\n")
    page = tmp_path / "page.md"
    page.write_text(
        "# Here\n[a](other.md) [b](other.md#another-one) [c](#here) [d](https://example.org)\n"
        "[e](gone.md) [f](other.md#gone) [g](#gone) ![h](gone.svg) `[i](no-link.md)`\n"
    )
    assert broken_links(page) == ["gone.md", "other.md#gone", "#gone", "gone.svg"]


def test_missing_paths_are_named(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "here.md").touch()
    page = tmp_path / "page.md"
    page.write_text(
        "`docs/here.md`, `docs/NAME.md`, `docs/gone.md`, `run --by docs/gone.txt`, `docs/*.rst`,\n"
        "`docs/NAME.rst`, `results/made.json`, not code: docs/none.md\n"
        "```\nrun --config docs/old.yaml docs/\n```\n"
    )
    assert missing_paths(page, tmp_path) == [
        "docs/old.yaml",
        "docs/gone.md",
        "docs/gone.txt",
        "docs/NAME.rst",
    ]
