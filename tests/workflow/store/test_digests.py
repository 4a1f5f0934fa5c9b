"""Digests of what rules depend on."""

from staleness.workflow.store import digests


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
