"""What the report says of others: nothing that was not measured."""

import json

import pytest

from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs
from staleness.workflow.cli import main
from staleness.workflow.report import peers
from staleness.workflow.report.build import typeset
from staleness.workflow.report.content import content

from ..figures import toy
from .test_build import printed

NASTY = "a_b*#$ <x> @y z = - + / \\ [c] \"d\" 'e' ~ // /* _é"
TABLE = {
    "format": peers.FORMAT,
    "date": "2026-01-31T10:00+00:00",
    "rounds": 5,
    "machine": {"processor": "Some processor", "cores": 2, "load": 0.25},
    "works": [
        {
            "work": f"Sorting {NASTY}",
            "unit": "items",
            "differs": f"Nothing is sorted: {NASTY}.",
            "programs": [
                {
                    "name": "staleness",
                    "threads": 1,
                    "speed": [5_056_580.0, 4_352_828.0, 5_137_882.0],
                    "ratio": [11.7, 11.0, 11.94],
                    "busy": 0.99,
                    "found": {"dev F1": 0.9017, "length": -288362.25},
                },
                {
                    "name": "other (1.0)",
                    "threads": 2,
                    "speed": [431.0, 394.0, 433.0],
                    "ratio": None,
                    "busy": 1.98,
                    "found": {},
                },
            ],
        }
    ],
    "left_out": [{"work": "Searching", "reason": "no `torch` here"}],
}


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "table.json"
    path.write_text(json.dumps(TABLE))
    return path


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return toy.family(tmp_path_factory.mktemp("runs"), seeds=1)


def test_rows_are_what_was_measured(table):
    section = peers.section(peers.read(table))
    ours, theirs = section["table"]["rows"]
    assert ours == [
        f"Sorting {NASTY}",
        "staleness",
        "1",
        "5.06 (4.35 to 5.14) million items/s",
        "11.7 (11.0 to 11.9)",
        "0.99",
        "dev F1 0.9017, length -288,362",
    ]
    assert theirs == ["", "other (1.0)", "2", "431 (394 to 433) items/s", "", "1.98", ""]
    assert len(section["table"]["heading"]) == len(ours)
    assert section["rounds"] == "5"
    assert [section[name] for name in ("processor", "cores", "load")] == [
        *("Some processor", "2", "0.25"),
    ]
    assert section["date"] == "2026-01-31"
    assert section["differs"] == [
        {"work": f"Sorting {NASTY}", "differs": f"Nothing is sorted: {NASTY}."}
    ]
    assert section["left_out"] == [{"work": "Searching", "reason": "no `torch` here"}]


def test_the_report_has_them_under_their_heading(table, folders, tmp_path):
    text = printed(content(runs.load(folders), compared=peers.read(table)), tmp_path)
    assert (
        "these runs, except what is said of 2010 and the comparison with other programs.\n" in text
    )
    _, section = text.split("Beside what others offer\n")
    assert "Speeds are medians over 5 rounds, with the lowest" in section
    assert (
        "Measured on Some processor, 2 cores, with a load of 0.25 at the end, on 2026-01-31.\n"
        in section
    )
    assert "other (1.0)\n" in section
    assert f"Sorting {NASTY}: Nothing is sorted: {NASTY}.\n" in section
    assert "Searching was left out: no torch here.\n" in section


def test_a_load_that_is_not_known_is_not_told(folders, tmp_path):
    unknown = {**TABLE, "machine": {**TABLE["machine"], "load": None}}
    text = printed(content(runs.load(folders), compared=unknown), tmp_path)
    assert "Measured on Some processor, 2 cores, on 2026-01-31.\n" in text


def test_without_them_it_says_how_they_are_made(folders, tmp_path):
    data = content(runs.load(folders))
    assert data["peers"] is None
    text = printed(data, tmp_path)
    assert "these runs, except what is said of 2010.\n" in text
    assert "Not measured here: make compare does the same work" in text


def test_nothing_measured_is_a_table_without_rows(table, folders):
    nothing = {**TABLE, "works": []}
    assert typeset(content(runs.load(folders), compared=nothing), {}).startswith(b"%PDF-")


def test_the_command_takes_them(table, folders, tmp_path):
    pdfs = []
    for index, more in enumerate(([], ["--peers", str(table)])):
        out = tmp_path / f"{index}.pdf"
        assert main(["report", "--out", str(out), *more, *map(str, folders)]) == 0
        pdfs.append(out.read_bytes())
    assert pdfs[0] != pdfs[1]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        json.dumps({**TABLE, "format": 0}),
        json.dumps({**TABLE, "works": [{"work": "Sorting"}]}),
        json.dumps({name: value for name, value in TABLE.items() if name != "machine"}),
    ],
)
def test_anything_else_is_refused_in_one_line(text, tmp_path):
    path = tmp_path / "table.json"
    path.write_text(text)
    with pytest.raises(
        StalenessError, match=r"table\.json: no comparison .*'make compare'"
    ) as told:
        peers.read(path)
    assert "\n" not in str(told.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(StalenessError, match=r"nowhere\.json: no comparison"):
        peers.read(tmp_path / "nowhere.json")
