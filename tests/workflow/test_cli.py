"""The command line as a whole."""

import subprocess
import sys

import pytest

from staleness.workflow import cli
from staleness.workflow.cli import main


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


def test_every_command_helps(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    listed = capsys.readouterr().out
    for command in ("run", "corpora", "fetch", "encode", "calibrate", "stamp"):
        assert f"\n    {command}" in listed
        with pytest.raises(SystemExit) as left:
            main([command, "--help"])
        assert left.value.code == 0


def test_a_reader_that_goes_away_is_no_error():
    """As in `staleness corpora | head -1`."""
    program = "import sys; from staleness.workflow.cli import main; sys.exit(main(['corpora']))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
