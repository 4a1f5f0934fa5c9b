"""`staleness completion`."""

import shutil
import subprocess

import pytest

from staleness.workflow.cli import main, parser
from staleness.workflow.commands.completion import SHELLS


@pytest.mark.parametrize("shell", SHELLS)
def test_a_shell_can_read_it_and_it_has_every_command(shell, capsys, tmp_path):
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    commands = next(a for a in parser()._actions if a.dest == "command").choices
    assert {"run", "compare", "list"} <= commands.keys()
    assert all(name in script for name in commands)
    assert "--mini-batch" in script
    assert "asynchronous" in script
    path = tmp_path / "script"
    path.write_text(script)
    if shutil.which(shell):  # bash is everywhere
        done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


def test_bash_completes_a_command_and_a_schedule(capsys, tmp_path):
    main(["completion", "bash"])
    path = tmp_path / "script"
    path.write_text(capsys.readouterr().out)
    program = r"""
source "$1"; shift
COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
"$(complete -p staleness | sed 's/.*-F \([^ ]*\).*/\1/')"
printf '%s\n' "${COMPREPLY[@]}"
"""

    def completed(*words):
        command = ["bash", "-c", program, "bash", str(path), *words]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        return set(done.stdout.split())

    assert completed("staleness", "comp") == {"compare", "completion"}
    assert completed("staleness", "run", "ner", "--schedule", "asyn") == {"asynchronous"}
    assert completed("staleness", "fetch", "conll20") == {"conll2003-en"}
    assert completed("staleness", "run", "ner", "--corpus", "synthetic-n") == {"synthetic-ner"}
    assert completed("staleness", "figure", "ner-d") == {"ner-delays"}


@pytest.mark.parametrize("shell", SHELLS)
def test_paths_are_completed_as_files_or_folders(shell, capsys):
    main(["completion", shell])
    script = capsys.readouterr().out
    file, folder = {
        "bash": ("_shtab_compgen_files", "_shtab_compgen_dirs"),
        "zsh": ("_files", "_files -/"),
        "fish": ("__fish_complete_path", "__fish_complete_directories"),
    }[shell]
    lines = script.splitlines()
    assert any(file in line and "calibration" in line for line in lines)
    assert any(folder in line and "encoded" in line for line in lines)
