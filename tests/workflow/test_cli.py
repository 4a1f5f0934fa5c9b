"""The command line as a whole."""

import importlib
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from unittest.mock import Mock

import pytest

from staleness.workflow import cli
from staleness.workflow.cli import main
from staleness.workflow.commands import corpora


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "required: COMMAND"),
        (["stale"], "invalid choice: 'stale'"),
        (["run", "ner"], "required: --schedule"),
        (["run", "ner", "--schedule", "single", "--processors", "two"], "invalid int value: 'two'"),
        (["run", "ner", "--sched", "single"], "required: --schedule"),
    ],
)
def test_wrong_words_are_one_line_and_status_2(arguments, said, capsys):
    with pytest.raises(SystemExit) as left:
        main(arguments)
    assert left.value.code == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("name", "said"), [("a\nb", r"a\nb"), ("\x1b[2J", r"\x1b[2J"), ("caf\udce9", r"caf\udce9")]
)
def test_an_error_is_one_line_whatever_a_file_is_called(name, said, tmp_path, capsys):
    assert main(["claims", str(tmp_path / name)]) == 1
    error = capsys.readouterr().err
    assert f"/{said}" in error
    assert error.count("\n") == 1
    assert error[:-1].isprintable()
    with pytest.raises(SystemExit):
        main(["corpora", "one", name])
    assert capsys.readouterr().err == f"staleness: unrecognized arguments: {said}\n"


def test_what_a_broken_file_holds_does_not_drown_what_is_said(tmp_path, capsys):
    path = tmp_path / "train.txt"
    path.write_text("a" * 1_000_000)
    assert main(["encode", "--format", "tagged", "--name", "mine", "--train", str(path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"staleness encode: {path}:1: token 'aaa")
    assert error.endswith("expected word/tag: give every word a tag, behind its last slash\n")
    assert len(error) < 2100


def test_ctrl_c_before_the_options_are_read_is_one_line(monkeypatch, capsys):
    """Reading them imports much: that may take a second."""

    def interrupted():
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "parser", interrupted)
    assert main(["corpora"]) == 130
    assert capsys.readouterr().err == "staleness: interrupted\n"


def test_ctrl_c_while_a_class_is_made_is_one_line(monkeypatch, capsys):
    """Until Python 3.12, what is raised there ends in a RuntimeError."""

    class Interrupted:
        def __set_name__(self, owner, name):
            raise KeyboardInterrupt

    def imports(self, options):
        type("Made", (), {"field": Interrupted()})

    monkeypatch.setattr(corpora.Corpora, "run", imports)
    assert main(["corpora"]) == 130
    assert capsys.readouterr().err == "staleness corpora: interrupted\n"


def test_every_command_helps(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    for command in ("run", "corpora", "fetch", "encode", "calibrate", "stamp"):
        assert f"\n    {command}" in listed
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0


def test_too_little_memory_is_one_line(monkeypatch, capsys):
    for error, found in [(MemoryError(), ""), (MemoryError("1 TiB"), " (1 TiB)")]:
        monkeypatch.setattr(corpora.Corpora, "run", Mock(side_effect=error))
        assert main(["corpora"]) == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"staleness corpora: not enough memory{found}: take a smaller")
        assert printed.count("\n") == 1


# ---- streams ------------------------------------------------------------------------------------

STALENESS = [sys.executable, "-m", "staleness.workflow"]
BUFFERED = pytest.mark.parametrize("unbuffered", ["", "1"])


def shell(script, *arguments, unbuffered="", **more):
    """Run a shell script whose "$@" is the command line with arguments; return status and error."""
    done = subprocess.run(
        ["sh", "-c", script, "sh", *STALENESS, *arguments],
        env=os.environ | {"PYTHONUNBUFFERED": unbuffered},
        stderr=subprocess.PIPE,
        text=True,
        check=False,
        **more,
    )
    return done.returncode, done.stderr


@BUFFERED
@pytest.mark.parametrize("arguments", [["corpora"], ["--help"], ["stamp"]])
def test_a_reader_that_goes_away_is_no_error(arguments, unbuffered):
    """As in `staleness corpora | head -1`."""
    reader, writer = os.pipe()
    os.close(reader)
    status, said = shell('exec "$@"', *arguments, unbuffered=unbuffered, stdout=writer)
    os.close(writer)
    assert said == ""
    assert status != 0


@BUFFERED
@pytest.mark.parametrize("arguments", [["corpora"], ["--help"], ["stamp"]])
def test_closed_and_full_output_are_one_line(arguments, unbuffered, tmp_path):
    status, said = shell('exec "$@" >&-', *arguments, unbuffered=unbuffered)
    assert status == 1
    assert "Bad file descriptor" in said
    assert said.count("\n") == 1
    # No file may become larger than nothing: as on a full disk.
    status, said = shell(
        f'exec "$@" >{tmp_path / "out"}',
        *arguments,
        unbuffered=unbuffered,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0)),
    )
    assert status == 1
    assert "File too large" in said
    assert said.count("\n") == 1


def test_nobody_to_complain_to():
    assert shell('exec "$@" 2>&-', "figure", "nope", "nowhere")[0] == 1
    assert shell('exec "$@" <&- >&- 2>&-', "corpora")[0] == 1


def test_files_do_not_get_what_was_to_be_printed(tmp_path):
    """They would have the numbers of the closed streams."""
    out = tmp_path / "stamp.json"
    assert shell('exec "$@" <&- >&- 2>&-', "stamp", "--out", out)[0] == 0
    assert json.loads(out.read_text()).keys() == {"sources"}


def test_what_a_stream_cannot_say_is_said_otherwise():
    done = subprocess.run(
        [*STALENESS, "figure", "caf\u00e9", "x"],
        env=os.environ | {"PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 1
    assert b"unknown figure 'caf\\xe9'" in done.stderr


# ---- modules that are not there -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "advice"),
    [
        ("typst", "pip install 'staleness[workflow]'"),
        ("matplotlib", "pip install 'staleness[workflow]'"),
        ("sacremoses", "pip install 'staleness[workflow]'"),
        ("distributed", "pip install 'staleness[mapreduce]'"),
        ("numpy", "pip install 'staleness'"),
        ("unheard_of", "pip install unheard_of"),
    ],
)
def test_a_module_that_is_not_installed_is_one_line(module, advice, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, module, None)

    def run(self, options):
        importlib.import_module(f"{module}.part")

    monkeypatch.setattr(corpora.Corpora, "run", run)
    assert main(["corpora"]) == 1
    said = capsys.readouterr().err
    assert said == f"staleness corpora: {module} is needed, which is not installed: {advice}\n"


@pytest.mark.parametrize(
    ("command", "module"), [("figure", "matplotlib"), ("report", "typst"), ("run", "distributed")]
)
def test_commands_that_need_an_extra_say_so(command, module, tmp_path):
    (tmp_path / "sitecustomize.py").write_text(f"import sys; sys.modules[{module!r}] = None\n")
    arguments = {
        "figure": ["ner-convergence", "nowhere"],
        "report": ["--out", "report.pdf", "nowhere"],
        "run": [
            *("alignment", "--schedule", "mapreduce-batch", "--clock", "wall"),
            *("--corpus", "synthetic-alignment", "--examples", "5", "--data", tmp_path),
        ],
    }[command]
    done = subprocess.run(
        [*STALENESS, command, *arguments],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert done.stderr.startswith(f"staleness {command}: ")
    assert "pip install 'staleness[" in done.stderr
    assert done.stderr.count("\n") == 1


@pytest.mark.parametrize(("program", "module"), [("compare", "pyperf"), ("dashboard", "asv")])
def test_programs_that_need_the_benchmarks_say_so(program, module, tmp_path):
    hide = f"import importlib.util as u, sys; f = u.find_spec; sys.modules[{module!r}] = None\n"
    hide += f"u.find_spec = lambda name, *more: None if name == {module!r} else f(name, *more)\n"
    (tmp_path / "sitecustomize.py").write_text(hide)
    done = subprocess.run(
        [sys.executable, "-m", f"benchmarks.{program}"],
        cwd=Path(__file__).parents[2],
        env=os.environ | {"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    line = f"{module} is needed, which is not installed: pip install 'staleness[benchmarks]'\n"
    assert done.stderr.endswith(line)
    assert done.stderr.count("\n") == 1


def test_kernels_that_are_not_built_are_one_line(monkeypatch, capsys):
    def run(self, options):
        raise ModuleNotFoundError("no", name="staleness.kernels.cpu")

    monkeypatch.setattr(corpora.Corpora, "run", run)
    assert main(["corpora"]) == 1
    assert capsys.readouterr().err == (
        "staleness corpora: staleness.kernels.cpu is not there: build it with 'make clean env'\n"
    )
