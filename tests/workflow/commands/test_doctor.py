"""`staleness doctor`."""

import json

import pytest

from staleness.workflow.cli import main
from staleness.workflow.commands import doctor as command
from staleness.workflow.store.findings import Finding

FINDINGS = [
    Finding("cores", "4 logical, 2 physical", "good"),
    Finding("turbo", "on", "warning", "one core runs faster: 'echo 1'"),
    Finding("load", "not visible", "unknown", "see 'top'"),
]
CONCLUSION = "fit with 1 warning (turbo); 1 unknown (load)"


@pytest.fixture
def found(monkeypatch):
    monkeypatch.setattr(command, "examine", lambda: FINDINGS)


def test_table(capsys, found):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert printed.out.splitlines() == [
        "looked at  verdict  found",
        "cores      good     4 logical, 2 physical",
        "turbo      warning  on",
        "load       unknown  not visible",
        "",
        "turbo: one core runs faster: 'echo 1'",
        "load: see 'top'",
        "",
        CONCLUSION,
    ]


def test_nothing_to_advise(capsys, monkeypatch):
    monkeypatch.setattr(command, "examine", lambda: FINDINGS[:1])
    assert main(["doctor"]) == 0
    *_, row, blank, last = capsys.readouterr().out.splitlines()
    assert row.startswith("cores ")
    assert (blank, last) == ("", "fit for wall-clock measurements")


def test_json(capsys, found):
    assert main(["doctor", "--json"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed["conclusion"] == CONCLUSION
    assert (printed["warnings"], printed["unknown"]) == (["turbo"], ["load"])
    assert printed["findings"][1] == {
        "name": "turbo",
        "value": "on",
        "verdict": "warning",
        "advice": "one core runs faster: 'echo 1'",
    }
    assert printed["machine"]["cores"] >= 1


def test_this_machine(capsys):
    assert main(["doctor"]) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    head, *rows = printed.out.splitlines()
    assert head.split() == ["looked", "at", "verdict", "found"]
    assert rows[0].startswith("cores ")
    assert "fit " in rows[-1]
