"""The digest of the sources that compute."""

from staleness.algorithms import build
from staleness.workflow.machine.facts import machine, versions

# A change of these may change what is learned, or when.
COMPUTES = {
    *("run", "arrays", "delays", "seeds", "program", "costs.measured", "metrics.gold.entities"),
    *("clocks.clock", "clocks.simulated", "clocks.wall", "schedules.asynchronous", "tasks.ner"),
    *("updates.sgd", "mapreduce.driver", "mapreduce.deal", "mapreduce.partition"),
    *("mapreduce.counts", "mapreduce.models.tagging", "mapreduce.simulated", "mapreduce.theta"),
}
# What no result depends on.
SURROUNDINGS = {"mapreduce.agreement", "mapreduce.dask", "mapreduce.pieces", "mapreduce.reach"}


def modules():
    """Return the modules and packages of `algorithms` among the sources, a set of str."""
    names = [name.split("/", 1) for name, _ in build.sources()]
    code = [name for top, name in names if top == "algorithms" and name.endswith((".py", ".pyx"))]
    return {n.partition(".")[0].removesuffix("/__init__").replace("/", ".") for n in code}


def test_sources_are_what_computes_and_not_what_surrounds_it():
    assert modules() >= COMPUTES
    assert not modules() & SURROUNDINGS
    for name in SURROUNDINGS:
        assert (build.FOLDER / f"{name.replace('.', '/')}.py").is_file()


def test_all_that_is_compiled_is_among_them():
    suffixes = ("pyx", "pxd", "h")
    compiled = {path for suffix in suffixes for path in build.FOLDER.rglob(f"*.{suffix}")}
    assert compiled <= {path for _, path in build.sources()}


def test_sources_are_those_of_both_packages():
    names = [name for name, _ in build.sources()]
    assert names == sorted(names)
    assert {
        "kernels/core/lanes.h",
        "kernels/models/chain.pxd",
        "kernels/models/crf.pyx",
        "kernels/rules/sgd.pyx",
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
