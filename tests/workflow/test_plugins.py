"""A figure, a claim, a corpus format and a subcommand of another distribution, one file each."""

import json
from pathlib import Path

import pytest

from ..plugins import contract
from .figures import toy

FILES = Path(__file__).with_name("plugin")
ENTRIES = """
[staleness.figures]
finals = convoy_plugin.figure

[staleness.claims]
as-good = convoy_plugin.claim:AsGood

[staleness.formats]
swapped = convoy_plugin.format:Swapped

[staleness.commands]
greet = convoy_plugin.command:Greet
"""


@pytest.fixture
def python(install):
    """Return what runs Python where all four are found."""
    return install(ENTRIES, *(FILES / f"{n}.py" for n in ("figure", "claim", "format", "command")))


@pytest.fixture
def staleness(python):
    """Return a function that runs a command and returns what it said, and its errors."""

    def run(*arguments):
        ran = python("-m", "staleness.workflow", *map(str, arguments))
        return ran.stdout, ran.stderr

    return run


def test_all_are_listed(staleness):
    for kind, name in (("figures", "finals"), ("claims", "as-good"), ("formats", "swapped")):
        said, errors = staleness("list", kind, "--json")
        assert errors == ""
        assert name in json.loads(said)


def test_a_figure_is_drawn(staleness, tmp_path):
    runs = toy.family(tmp_path / "runs", seeds=2)
    out = tmp_path / "figures"
    said, errors = staleness("figure", "finals", "--out", out, *runs)
    assert errors == ""
    assert {Path(line).suffix for line in said.splitlines()} == {".pdf", ".svg", ".json"}
    about = json.loads((out / "finals.json").read_text())
    assert about["caption"].startswith("Final F1 of toy-corpus")
    assert b"<svg" in (out / "finals.svg").read_bytes()
    # The report has it, with its question.
    said, errors = staleness("report", "--out", tmp_path / "r.pdf", *runs, "--figures", *_of(out))
    assert (said, errors) == (f"{tmp_path / 'r.pdf'}\n", "")


def _of(folder):
    return sorted(folder.glob("*.json"))


def test_a_claim_is_judged(staleness, tmp_path):
    runs = toy.family(tmp_path / "runs", seeds=6)
    said, errors = staleness("claims", "--of", "as-good", *runs)
    assert errors == ""
    assert said.startswith("99. Asynchronous learning ends no lower than half")
    assert "REPRODUCED" in said


def test_a_format_is_read(staleness, tmp_path):
    text = tmp_path / "train.txt"
    text.write_text("DT/The NN/cat VB/sat\nDT/The NN/dog\n")
    out = tmp_path / "encoded"
    asked = ["encode", "--name", "mine", "--format", "swapped", "--train", text, "--out", out]
    _, errors = staleness(*asked, "--data", tmp_path)
    assert "Error" not in errors
    about = json.loads((out / "corpus.json").read_text())
    assert about["task"] == "tagging"
    assert sorted(about["tags"]) == ["DT", "NN", "VB"]


def test_a_command_is_run_and_its_error_is_one_line(staleness):
    assert staleness("greet", "you") == ("Hello, you.\n", "")
    assert staleness("greet", "nobody") == ("", "staleness greet: nobody is there: name somebody\n")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "chosen"),
    [
        ("workflow/figures/test_figures.py", "finals"),
        ("workflow/claims/test_claims.py", "as-good"),
        ("workflow/corpora/formats/test_contract.py", "swapped"),
        ("workflow/corpora/test_code.py", "swapped"),
        ("test_imports.py", "planning"),
    ],
)
def test_the_contracts_hold_for_them(python, of, chosen):
    contract(python, of, chosen)
