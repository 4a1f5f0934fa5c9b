"""`staleness validate` on runs of toy size."""

import json
import shutil

import pytest

from staleness.workflow.cli import main

CELLS = [("single", 1), ("synchronous", 2), ("asynchronous", 2)]


@pytest.fixture
def runs(tmp_path, own_corpus, capsys):
    """Return the folders of the same runs on both clocks."""
    corpus = [f"--{split}={path}" for split, path in own_corpus.items()]
    folders = []
    for clock in ("simulated", "wall"):
        for schedule, processors in CELLS:
            folders.append(tmp_path / "runs" / clock / schedule)
            settings = [f"--schedule={schedule}", f"--processors={processors}", f"--clock={clock}"]
            place = [f"--data={tmp_path / 'data'}", f"--out={folders[-1]}"]
            more = ["--epochs=2", "--oversubscribe", *corpus, *place]
            assert main(["run", "ner", *settings, *more]) == 0
    capsys.readouterr()
    return folders


def validate(*arguments):
    return main(["validate", *map(str, arguments)])


@pytest.mark.slow
def test_it_puts_the_clocks_side_by_side(runs, tmp_path, capsys):
    out = tmp_path / "out"
    assert validate("--out", out, *runs) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("|")]
    assert [line.split("|")[1].strip() for line in table[2:]] == [name for name, _ in CELLS]
    assert len({len(line) for line in table}) == 1
    assert "\n".join(table) in (out / "validation.md").read_text()
    written = json.loads((out / "validation.json").read_text())
    for cell, (schedule, processors) in zip(written["cells"], CELLS, strict=True):
        assert (cell["schedule"], cell["processors"]) == (schedule, processors)
        assert cell["seeds"] == {"simulated": [0], "wall": [0]}
        rate = cell["throughput"]
        assert rate["ratio"] == rate["simulated"] / rate["wall"] > 0
        for clock in ("simulated", "wall"):
            assert 0 < cell["utilisation"][clock] <= 1
            # Nobody makes more than 15 updates an epoch of 60 examples.
            assert 0 <= cell["mean_staleness"][clock] <= 30
            assert 0 <= cell["metric"][clock] <= 1
    single = written["cells"][0]
    assert single["metric"]["ratio"] in {1.0, None}, "at P = 1 both learn the same"
    assert single["mean_staleness"] == {"simulated": 0, "wall": 0, "ratio": None}
    assert single["utilisation"]["simulated"] == 1


@pytest.mark.slow
def test_what_does_not_belong_together_is_one_line(runs, tmp_path, capsys):
    def error(*folders):
        assert validate(*folders) == 1
        said = capsys.readouterr().err
        assert said.count("\n") == 1
        return said

    assert "single, P = 1, m = 4: no run on the wall clock" in error(runs[0])
    assert "no run on the simulated clock" in error(runs[3])
    assert "a second run of seed 0" in error(runs[0], runs[0])
    assert "not a run" in error(tmp_path)
    other = tmp_path / "other"
    shutil.copytree(runs[3], other)
    about = json.loads((other / "run.json").read_text())
    about["versions"]["sources"] = "f" * 64
    (other / "run.json").write_text(json.dumps(about))
    assert "its build is another" in error(runs[0], other)
    del about["metrics"]
    (other / "run.json").write_text(json.dumps(about))
    assert "other: not a run (KeyError('metrics'))" in error(runs[0], other)
