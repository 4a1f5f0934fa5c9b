import shutil
from pathlib import Path

import pytest

from staleness.workflow.cli import main

from ..figures import toy


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Return run folders and the JSON of a figure, as texts."""
    base = tmp_path_factory.mktemp("made")
    folders = [str(path) for path in toy.family(base / "runs", seeds=1)]
    assert main(["figure", "ner-convergence", "--out", str(base / "figures"), *folders]) == 0
    return folders, str(base / "figures" / "ner-convergence.json")


def test_options_may_stand_before_or_after_the_runs(made, tmp_path, capsys):
    folders, figure = made
    config = tmp_path / "c.yaml"
    config.write_text("a: 1\n")
    before = ["--figures", figure, "--config", str(config), *folders]
    swallowed = ["--config", str(config), "--figures", figure, *folders]
    separated = ["--figures", figure, "--config", str(config), "--", *folders]
    after = [*folders, "--figures", figure, "--config", str(config)]
    pdfs = []
    for index, arguments in enumerate((before, swallowed, separated, after)):
        out = tmp_path / f"{index}.pdf"
        assert main(["report", "--out", str(out), *arguments]) == 0
        assert capsys.readouterr().out == f"{out}\n"
        pdfs.append(out.read_bytes())
    assert len(set(pdfs)) == 1


def test_all_in_a_folder_of_results_is_reported(made, tmp_path, capsys):
    folders, figure = made
    for seed, folder in enumerate(folders):
        shutil.copytree(folder, tmp_path / "runs" / "ner" / f"cell-{seed}" / "seed-0")
    shutil.copytree(Path(figure).parent, tmp_path / "figures")
    (tmp_path / "configuration.txt").write_text("a: 1\n")
    assert main(["report", "--from", str(tmp_path)]) == 0
    out = tmp_path / "report.pdf"
    assert capsys.readouterr().out == f"{out}\n"
    given = ["--figures", figure, "--config", str(tmp_path / "configuration.txt")]
    runs = sorted(map(str, tmp_path.glob("runs/*/*/seed-0")))
    assert main(["report", "--out", str(tmp_path / "other.pdf"), *given, "--", *runs]) == 0
    assert (tmp_path / "other.pdf").read_bytes() == out.read_bytes()


def test_a_folder_without_runs_is_named(tmp_path, capsys):
    assert main(["report", "--from", str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert said == (
        f"staleness report: {tmp_path}: no runs/TASK/CELL/seed-S in it: name a folder of results\n"
    )
    assert not (tmp_path / "report.pdf").exists()


def test_without_runs_it_says_so(made, tmp_path, capsys):
    assert main(["report", "--out", str(tmp_path / "r.pdf"), "--figures", made[1]]) == 1
    assert "no runs" in capsys.readouterr().err


def test_missing_figure_is_one_line_and_nothing_is_written(made, tmp_path, capsys):
    out = tmp_path / "r.pdf"
    assert main(["report", "--out", str(out), "--figures", "nowhere.json", *made[0]]) == 1
    error = capsys.readouterr().err
    assert "nowhere.json: not a figure" in error
    assert error.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
