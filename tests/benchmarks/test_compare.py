"""The table says what was measured, by turns; what is not the same work is named."""

import json

import pytest

from benchmarks.peers import OURS, Pass, Peer
from staleness.algorithms.errors import StalenessError

pyperf = pytest.importorskip("pyperf", reason="pyperf is not installed")

from benchmarks import compare  # noqa: E402

PYTHON = "/usr/bin/python3"


class Sorting(Peer):
    """A work that is none."""

    name = "Sorting"
    program = "other"
    library = "json"
    unit = "items"
    differs = "Nothing is sorted."
    tolerance = {"length": 0.1}  # noqa: RUF012

    def version(self):
        return "1.0"

    def ours(self):
        return Pass(0.5, 0.9, 1000, {"length": 10.0})

    def theirs(self):
        return Pass(1.0, 0.9, 1000, {"length": 10.5})


class Missing(Sorting):
    name = "Missing"

    def missing(self):
        return "it is not there"


def measured(peer, side, values, busy=1.0, length=10.0):
    run = pyperf.Run(
        values, metadata={"name": compare.label(peer, side), "loops": 1}, collect_metadata=False
    )
    benchmark = pyperf.Benchmark([run])
    benchmark.update_metadata(
        {"busy": busy, "amount": 1000, f"{compare.FOUND}length": float(length)}
    )
    return benchmark


@pytest.fixture
def toys(monkeypatch):
    monkeypatch.setattr(
        compare, "discover", lambda *_: {kind.name: kind for kind in (Missing, Sorting)}
    )


def test_ratios_are_round_by_round(tmp_path):
    peer = Sorting(tmp_path, PYTHON)
    ours = [measured(peer, "ours", [s, s]) for s in (0.1, 0.2, 0.1)]
    theirs = [measured(peer, "theirs", [s], busy=b) for s, b in ((0.4, 0.9), (0.4, 1), (0.5, 0.8))]
    work = compare.summarise(peer, ours, theirs)
    first, second = work["programs"]
    assert (first["name"], second["name"]) == (OURS, "other (1.0)")
    assert first["speed"] == pytest.approx([10_000, 5_000, 10_000])
    assert first["ratio"] == pytest.approx([4, 2, 5])
    assert second["speed"] == pytest.approx([2_500, 2_000, 2_500])
    assert second["ratio"] is None
    assert second["busy"] == 0.9
    assert second["found"] == {"length": 10}
    assert list(compare.complaints(peer, work)) == []


@pytest.mark.parametrize(
    ("busy", "length", "said"),
    [
        (1.0, 12, "length is 12, but 10 by other: expected no more than 0.1"),
        (1.0, float("nan"), "length is nan, but 10"),
        (1.6, 10, "staleness was on 1.60 cores, but should have 1"),
    ],
)
def test_what_is_not_the_same_work_is_named(busy, length, said, tmp_path):
    peer = Sorting(tmp_path, PYTHON)
    work = compare.summarise(
        peer, [measured(peer, "ours", [1], busy, length)], [measured(peer, "theirs", [1])]
    )
    [complaint] = compare.complaints(peer, work)
    assert said in complaint


def test_rounds_take_turns_and_leave_three_files(toys, tmp_path, capsys, monkeypatch):
    order = []

    def measure(peer, side):
        order.append(side)
        return measured(peer, side, [0.5 if side == "ours" else 1.0])

    monkeypatch.setattr(compare, "measure", measure)
    assert compare.main(["--rounds", "2", "--out", str(tmp_path / "peers")]) == 0
    assert order == ["ours", "theirs"] * 2
    table = json.loads((tmp_path / "peers" / "table.json").read_text())
    assert table["rounds"] == 2
    assert table["left_out"] == [{"work": "Missing", "reason": "it is not there"}]
    assert [work["work"] for work in table["works"]] == ["Sorting"]
    text = (tmp_path / "peers" / "peers.md").read_text()
    assert text.strip() in capsys.readouterr().out
    assert "| Sorting | staleness | 1 | 2.00 (2.00 to 2.00) thousand items/s |" in text
    assert f"\n2 rounds; {table['machine']['processor']}; cores: " in text
    assert "- Sorting: Nothing is sorted.\n- Missing, left out: it is not there\n" in text
    suite = pyperf.BenchmarkSuite.load(str(tmp_path / "peers" / "peers.json"))
    assert suite.get_benchmark_names() == ["Sorting: staleness", "Sorting: other"]
    assert suite.get_benchmark("Sorting: other").get_nrun() == 2


def test_a_program_that_fails_is_named_and_the_others_go_on(toys, tmp_path, capsys, monkeypatch):
    def measure(peer, side):
        raise StalenessError(f"{side} failed: no room")

    monkeypatch.setattr(compare, "measure", measure)
    monkeypatch.setattr(Missing, "missing", lambda peer: None)
    assert compare.main(["--rounds", "2", "--out", str(tmp_path)]) == 1
    told = capsys.readouterr()
    assert told.err.count("error: Sorting: ours failed: no room") == 1
    assert told.err.count("error: Missing: ours failed: no room") == 1
    assert "- Sorting, left out: ours failed: no room\n" in told.out


def test_words_that_are_in_no_name_are_told(toys):
    with pytest.raises(StalenessError, match=r"choose words of Missing \(other\); Sorting"):
        compare.main(["--only", "bubble"])


def test_less_than_a_round_is_refused(toys, capsys):
    with pytest.raises(SystemExit):
        compare.main(["--rounds", "0"])
    assert "--rounds must be at least 1, not 0" in capsys.readouterr().err


def test_more_threads_than_cores_are_left_out(toys, tmp_path, monkeypatch):
    monkeypatch.setattr(Sorting, "threads", (1, 10**6))
    assert "needs 1000000 cores" in compare.why_not(Sorting(tmp_path, PYTHON))


def test_a_process_writes_down_what_its_passes_tell(toys, tmp_path, monkeypatch):
    told = {}

    class Runner:
        def __init__(self, program_args):
            told["program"] = program_args

        def bench_time_func(self, name, passes):
            told["name"], told["seconds"] = name, passes(2)

    monkeypatch.setattr(compare.pyperf, "Runner", Runner)
    monkeypatch.setattr(compare.sys, "argv", ["compare.py", "measure", "..."])
    what = {"peer": "Sorting", "side": "theirs", "passes": str(tmp_path / "passes.jsonl")}
    what = json.dumps({**what, "data": "results", "python": PYTHON})
    compare.measure_here(what, ["--quiet"])
    assert told["name"] == "Sorting: other"
    assert told["seconds"] == 2
    assert told["program"] == ("-m", "benchmarks.compare", "measure", what)
    assert compare.sys.argv == ["compare.py", "--quiet"]
    lines = (tmp_path / "passes.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == [Sorting("", "").theirs()._asdict()] * 2


@pytest.mark.parametrize(
    ("stderr", "said"),
    [
        ("error: no corpus\nTraceback (most recent call last):\n  File\nRuntimeError: 1\n",
         "error: no corpus"),
        ("Traceback (most recent call last):\n  File\nKeyError: 'x'\n"
         "Traceback (most recent call last):\n  File\nRuntimeError: 1\n", "KeyError: 'x'"),
        ("Traceback (most recent call last):\n  File\nRuntimeError: 1\n", "RuntimeError: 1"),
        ("", "it said nothing"),
    ],
)  # fmt: skip
def test_the_last_words_are_those_of_the_process_that_measured(stderr, said):
    assert compare.last_words(stderr) == said
