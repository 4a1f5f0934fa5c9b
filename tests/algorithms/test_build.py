"""The digest of the sources that compute."""

from staleness.algorithms import build
from staleness.algorithms.machine import machine, versions


def test_sources_are_those_of_both_packages():
    names = [name for name, _ in build.sources()]
    assert names == sorted(names)
    assert {
        "kernels/crf.pyx",
        "kernels/lanes.h",
        "kernels/chain.pxd",
        "algorithms/run.py",
        "algorithms/clocks/realtime.h",
        "algorithms/costs/reference.json",
    } <= set(names)
    assert not any(name.endswith((".so", ".pyc", ".c")) for name in names)


def test_digest_changes_with_names_and_contents(tmp_path, monkeypatch):
    def digest(**files):
        found = []
        for name, text in sorted(files.items()):
            path = tmp_path / name
            path.write_text(text)
            found.append((name, path))
        monkeypatch.setattr(build, "sources", lambda: found)
        return build.source_digest.__wrapped__()

    digests = [digest(a="1", b="2"), digest(a="1", b="3"), digest(a="1", c="2"), digest(a="12")]
    assert len(set(digests)) == 4
    assert digest(a="1", b="2") == digests[0]


def test_versions_and_machine_are_said():
    assert versions()["sources"] == build.source_digest()
    facts = machine()
    assert facts["cores"] >= 1
    assert facts["processor"]
    assert facts["system"].startswith("Linux")
