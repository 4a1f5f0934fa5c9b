import json
import os
import subprocess
import sys

import pytest

from staleness.workflow.cli import main

from ..figures import toy


def test_figure_writes_three_files(tmp_path, capsys):
    folders = toy.family(tmp_path / "runs", seeds=1)
    out = tmp_path / "figures"
    assert main(["figure", "ner-convergence", "--out", str(out), *map(str, folders)]) == 0
    names = [f"ner-convergence.{suffix}" for suffix in ("pdf", "svg", "json")]
    assert sorted(path.name for path in out.iterdir()) == sorted(names)
    assert capsys.readouterr().out.split() == [str(out / name) for name in names]
    about = json.loads((out / names[-1]).read_text())
    assert about["table"]["cells"][0]["label"] == "single processor"
    assert about["table"]["cells"][-1]["final"].keys() == {"median", "low", "high"}


def test_unknown_figure_is_one_line_with_the_valid_names(tmp_path, capsys):
    assert main(["figure", "nope", "--out", str(tmp_path / "out"), str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("staleness figure: unknown figure 'nope': choose one of ")
    assert "ner-convergence" in error
    assert error.count("\n") == 1


def test_folder_that_is_no_run_is_one_line(tmp_path, capsys):
    out = tmp_path / "out"
    assert main(["figure", "ner-convergence", "--out", str(out), str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert str(tmp_path) in error
    assert error.count("\n") == 1
    assert not out.exists()


def test_runs_that_make_no_figure_leave_no_files(tmp_path, capsys):
    folder = toy.run(tmp_path / "a", "asynchronous", 2)
    out = tmp_path / "out"
    assert main(["figure", "ner-convergence", "--out", str(out), str(folder)]) == 1
    assert "it needs runs of schedule 'single'" in capsys.readouterr().err
    assert not out.exists()


@pytest.fixture(scope="module")
def drawn(tmp_path_factory):
    """Return a function that draws in a process of its own; it returns the files' bytes."""
    folders = toy.family(tmp_path_factory.mktemp("runs"), seeds=1)

    def draw(cwd, **surroundings):
        command = ["figure", "ner-convergence", "--out", str(cwd / "out"), *map(str, folders)]
        done = subprocess.run(
            [sys.executable, "-m", "staleness.workflow", *command],
            cwd=cwd,
            env={k: v for k, v in os.environ.items() if not k.startswith(("MPL", "MATPLOTLIB"))}
            | surroundings,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert done.stderr == ""
        return {path.name: path.read_bytes() for path in (cwd / "out").iterdir()}

    return draw


def test_the_backend_and_settings_of_a_user_do_not_matter(drawn, tmp_path):
    (tmp_path / "user").mkdir()
    settings = tmp_path / "user" / "matplotlibrc"
    settings.write_text("backend: TkAgg\nfont.size: 30\npath.simplify: False\nnonsense: 7\n")
    plain = drawn(tmp_path)
    for name in ("module://matplotlib_inline.backend_inline", "TkAgg", "nonsense"):
        assert drawn(tmp_path, MPLBACKEND=name, MATPLOTLIBRC=str(settings)) == plain
