"""`staleness compare`."""

import json

import pytest

from staleness.workflow.cli import main


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of two cells of six seeds each."""
    base = tmp_path_factory.mktemp("runs")
    corpus = ["--corpus", "synthetic-alignment", "--examples", "60", "--data", str(base / "data")]
    for schedule, processors in (("single", 1), ("asynchronous", 2)):
        for seed in range(6):
            out = base / schedule / f"seed-{seed}"
            which = ["--schedule", schedule, "--processors", str(processors), "--seed", str(seed)]
            made = ["--epochs", "3", "--out", str(out)]
            assert main(["run", "alignment", *which, *corpus, *made]) == 0
    return base


def test_cells_are_compared(folder, capsys):
    assert main(["compare", str(folder / "single"), str(folder / "asynchronous")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0].split() == ["schedule", "single", "asynchronous"]
    assert said[1].split() == ["processors", "1", "2"]
    assert said[2].startswith("log_likelihood in the end ")
    assert said[3].startswith("seconds to log_likelihood ")
    assert "times as fast (95 % interval" in said[4]
    assert "6 seeds)" in said[4]


def test_json_has_the_same(folder, capsys):
    main(["compare", str(folder / "single"), str(folder / "asynchronous"), "--json"])
    found = json.loads(capsys.readouterr().out)
    assert found["seeds"] == [0, 1, 2, 3, 4, 5]
    assert found["differences"]["processors"] == [1, 2]
    first, second = (times["median"] for times in found["time_to_target"])
    assert found["interval"][0] <= found["speed_up"] <= found["interval"][1]
    assert first > second


def test_one_run_is_compared_with_another(folder, capsys):
    runs = [str(folder / name / "seed-0") for name in ("single", "asynchronous")]
    assert main(["compare", *runs]) == 0
    assert "too few seeds for an interval (1)" in capsys.readouterr().out
    assert main(["compare", runs[0], runs[0]]) == 0
    assert capsys.readouterr().out.startswith("the same settings\n")


def test_what_cannot_be_compared_is_one_line(folder, capsys):
    assert main(["compare", str(folder / "single" / "seed-0"), str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"staleness compare: {folder}/run.json: not a run")
    assert said.count("\n") == 1
