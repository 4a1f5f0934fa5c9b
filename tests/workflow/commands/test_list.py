"""`staleness list`."""

import json

import pytest

from staleness.algorithms.configuration import ALL_SCHEDULES, POLICIES, UPDATES
from staleness.workflow.cli import main
from staleness.workflow.commands.list import KINDS
from staleness.workflow.corpora import registry


@pytest.mark.parametrize("kind", KINDS)
def test_each_has_a_line_with_its_name_and_what_it_is(kind, capsys):
    assert main(["list", kind, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found
    assert all(found.values())
    assert main(["list", kind]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == list(found)
    assert max(map(len, lines)) <= 100


@pytest.mark.parametrize(
    ("kind", "components"),
    [
        ("schedules", ALL_SCHEDULES),
        ("rules", UPDATES),
        ("policies", POLICIES),
        ("corpora", registry.entries()),
    ],
)
def test_all_are_there(kind, components, capsys):
    main(["list", kind, "--json"])
    assert json.loads(capsys.readouterr().out).keys() == components.keys()


def test_another_kind_is_refused_with_those_there_are(capsys):
    with pytest.raises(SystemExit, match="2"):
        main(["list", "cheeses"])
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "'cheeses'" in said
    assert "schedules" in said
