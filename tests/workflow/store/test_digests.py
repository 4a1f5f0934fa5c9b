"""Digests of what rules depend on."""

import re
from pathlib import Path

import pytest

from staleness.workflow.store import digests
from staleness.workflow.store.digests import WORKFLOW, sources

RULES = {
    rule: tuple(re.findall(r'"([^"]+)"', parts))
    for path in sorted((WORKFLOW / "rules").glob("*.smk"))
    for rule, parts in re.findall(
        r"^rule (\w+):(?:(?!^rule ).)*?^        code=digest_of\(([^)]*)\)",
        path.read_text(),
        re.S | re.M,
    )
}
# What reads and writes files: no number depends on how.
SURROUNDINGS = tuple(
    f"store/{name}.py" for name in ("__init__", "digests", "files", "locks", "record")
)


def test_a_digest_is_of_names_and_contents(tmp_path, monkeypatch):
    found = set()
    for folder, name, text in (
        ("a", "one.py", "1"),
        ("b", "one.py", "2"),
        ("c", "other.py", "1"),
        ("d", "one.toml", "1"),
    ):
        (tmp_path / folder / "part").mkdir(parents=True)
        (tmp_path / folder / "part" / name).write_text(text)
        monkeypatch.setattr(digests, "WORKFLOW", tmp_path / folder)
        found.add(digests.digest_of("part"))
        (tmp_path / folder / "part" / "notes.md").write_text("no source")
        found.add(digests.digest_of("part"))
    assert len(found) == 4


def imported(path):
    """Return the files of `workflow/` that a source of it imports, a set."""
    names = set()
    for module, those in re.findall(
        r"^\s*from staleness\.workflow([\w.]*) import (\([^)]*\)|.*)$", path.read_text(), re.M
    ):
        place = WORKFLOW.resolve().joinpath(*module.split(".")[1:])
        names.update([place, *(place / name for name in re.findall(r"\w+", those))])
    found = {name.with_suffix(".py") for name in names} | {name / "__init__.py" for name in names}
    return {one for one in found if one.exists()}


def needed(parts):
    """Return all sources that some parts consist of or import, through others too."""
    todo = [Path(path).resolve() for path in sources(*parts) if path.endswith(".py")]
    found = set()
    while todo:
        path = todo.pop()
        if path not in found:
            found.add(path)
            todo += imported(path)
    names = {path.relative_to(WORKFLOW.resolve()).as_posix() for path in found}
    return {name for name in names if "/" in name and not name.startswith(SURROUNDINGS)}


def covered(parts):
    return {
        Path(path).resolve().relative_to(WORKFLOW.resolve()).as_posix() for path in sources(*parts)
    }


@pytest.mark.parametrize("rule", ["claims", "figure"])
def test_a_rule_depends_on_all_that_it_imports(rule):
    parts = RULES[rule]
    assert needed(parts) <= covered(parts)


def test_a_claim_is_not_judged_again_because_a_colour_changed():
    assert RULES["claims"] == ("analysis", "claims")
    assert not any(name.startswith("figures/") for name in covered(RULES["claims"]))
