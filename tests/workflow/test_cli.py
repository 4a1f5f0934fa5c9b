"""The command line as a whole."""

import subprocess
import sys
from unittest.mock import Mock

import pytest

from staleness.workflow.cli import main
from staleness.workflow.commands.corpora import Corpora


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
        monkeypatch.setattr(Corpora, "run", Mock(side_effect=error))
        assert main(["corpora"]) == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"staleness corpora: not enough memory{found}: take a smaller")
        assert printed.count("\n") == 1


def test_a_reader_that_goes_away_is_no_error():
    """As in `staleness corpora | head -1`."""
    program = "import sys; from staleness.workflow.cli import main; sys.exit(main(['corpora']))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
