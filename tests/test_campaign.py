"""A short run of every campaign, and that each notices what it is to notice."""

import json
import os
import random
import signal
import sys

import pytest

from staleness.workflow import cli
from staleness.workflow.corpora.encode import encode
from staleness.workflow.corpora.formats import formats

from .campaign import __main__ as command
from .campaign import child, mutate, samples, terminal, whole, workers
from .campaign.options import Options
from .campaign.trial import ONE_LINE, OTHERWISE, WELL, Campaign, Outcome, carry_out
from .campaign.workflow import REPOSITORY

INPUTS = 60


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "count"), [("inputs", INPUTS), ("disk", 2), ("terminal", 2), ("workers", 1)]
)
def test_a_short_campaign(name, count):
    said = []
    ends = carry_out(command.CAMPAIGNS[name](), range(count), seed=0, tell=said.append)
    assert ends[OTHERWISE] == 0, "\n".join(said)
    assert sum(ends.values()) == count


@pytest.mark.parametrize("format", formats())
def test_there_is_a_valid_sample_of_every_format(format, tmp_path):
    assert format in samples.WRITERS, f"give {format} a writer in tests/campaign/samples.py"
    files = {}
    for key, data in samples.corpus(random.Random(0), format).items():
        files[key] = tmp_path / key
        files[key].write_bytes(data)
    about = encode(files, format, tmp_path / "out", "mine")
    assert about["text_format"] == format
    assert whole.half_written(tmp_path / "out") == ""


def test_a_trial_depends_on_its_seed_and_number_alone():
    class Drawn(Campaign):
        name, trials, count = "drawn", "draws", 3

        def prepare(self, folder):
            self.seen = []

        def trial(self, choose, folder):
            assert list(folder.iterdir()) == []
            (folder / "left").write_text("")
            self.seen.append(choose.random())
            return Outcome(WELL, "drawn")

    def draws(numbers, seed):
        campaign = Drawn()
        carry_out(campaign, numbers, seed)
        return campaign.seen

    three = draws(range(3), 5)
    assert draws([2], 5) == three[2:]
    assert len({*three, *draws(range(3), 6)}) == 6


def test_what_ends_otherwise_is_told_with_how_to_repeat_it(monkeypatch, capsys, tmp_path):
    class Ends(Campaign):
        name, trials, count = "ends", "ends", 3

        def prepare(self, folder):
            self.ends = iter((WELL, ONE_LINE, OTHERWISE))

        def trial(self, choose, folder):
            end = next(self.ends)
            (folder / "input").write_text(end)
            return Outcome(end, "what", "said")

    monkeypatch.setattr(command, "CAMPAIGNS", {"ends": Ends})
    assert command.main(["ends", "--count", "2"]) == 0
    assert capsys.readouterr().out == "2 ends: 1 ended well, 1 in one line, 0 otherwise\n"
    assert command.main(["ends", "--seed", "7", "--keep", str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "ends 2: otherwise: what: said",
        "  again: python -m tests.campaign ends --seed 7 --only 2",
        "3 ends: 1 ended well, 1 in one line, 1 otherwise",
    ]
    assert (tmp_path / "ends 2" / "input").read_text() == OTHERWISE


def fails(**_):
    raise ValueError("a fault")


def hangs(**_):
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        signal.pause()


def crashes(**_):
    os.kill(os.getpid(), signal.SIGKILL)


def says(status, errors, out=""):
    def run(**_):
        print(out)
        sys.stderr.write(errors)
        return status

    return run


@pytest.mark.parametrize(
    ("run", "end", "said"),
    [
        (says(0, ""), WELL, ""),
        (says(1, "x: in.txt:3: no\n"), ONE_LINE, "in.txt:3: no"),
        (says(1, ""), OTHERWISE, "0 lines"),
        (says(1, "in.txt: no\nno\n"), OTHERWISE, "2 lines"),
        (says(1, "in.txt: no"), OTHERWISE, "1 lines"),
        (says(1, "no\n"), OTHERWISE, "names no file"),
        (says(0, "RuntimeWarning: overflow\n"), OTHERWISE, "overflow"),
        (says(1, "x, round 1 of 5: y\nin.txt: no\n"), ONE_LINE, "in.txt: no"),
        (says(1, "", "2 of 3 identical"), WELL, "2 of 3"),
        (says(1, "in.txt" + "a" * 9000 + "\n"), OTHERWISE, "9007 characters"),
        (fails, OTHERWISE, "ValueError: a fault"),
        (hangs, OTHERWISE, "does not end"),
        (crashes, OTHERWISE, "SIGKILL"),
    ],
)
def test_how_a_command_ends_is_seen(run, end, said, tmp_path, monkeypatch):
    monkeypatch.setattr(child, "GRACE", 0.2)
    monkeypatch.setattr(cli, "main", lambda arguments: run())
    found, why = child.call([], tmp_path, seconds=0.5 if run is hangs else 20).verdict(["in.txt"])
    assert found == end
    assert said in why
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([], False),
        (['workflow/cli.py", line 62, in main', 'algorithms/run.py", line 9, in run'], True),
        (['Snakefile", line 9, in <module>'], True),
        (['workflow/cli.py", line 8, in <module>', 'algorithms/a.py", line 1, in <module>'], False),
        (['.venv/lib/a.py", line 1, in <module>'], False),
    ],
)
def test_tracebacks_are_seen_that_could_have_been_caught(frames, expected):
    lines = [f'  File "{REPOSITORY}/{frame}' for frame in frames]
    said = "\r\n".join(["Traceback (most recent call last):", *lines, "KeyboardInterrupt"])
    assert terminal.has_traceback(said) is expected


@pytest.mark.parametrize(
    ("errors", "expected"),
    [
        ("no worker is left: waiting 30 s at most for one\nstaleness run: gone\n", True),
        ("staleness run: gone\n", True),
        ("no worker is left: waiting 30 s at most for one\n", False),
        ("staleness run: gone\nfor good\n", False),
    ],
)
def test_what_is_told_while_it_goes_on_is_no_error(errors, expected):
    assert workers.is_one_line(errors) is expected


def test_what_is_half_written_is_seen(tmp_path):
    files = {}
    for key, data in samples.corpus(random.Random(0), "tagged").items():
        files[key] = tmp_path / key
        files[key].write_bytes(data)
    folder = tmp_path / "out" / "mine"
    encode(files, "tagged", folder, "mine")
    assert whole.half_written(tmp_path / "out") == ""
    path = folder / "train.words.npy"
    data = path.read_bytes()
    path.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    assert "mine: " in whole.half_written(tmp_path / "out")
    path.unlink()
    assert "mine: " in whole.half_written(tmp_path / "out")
    (tmp_path / "out" / ".mine.part").mkdir()
    assert whole.half_written(tmp_path / "out") == "left .mine.part"
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "run.json").write_text("{}")
    assert "curve.parquet" in whole.half_written(tmp_path / "runs")


@pytest.mark.parametrize("way", mutate.WAYS)
def test_every_way_of_breaking_breaks_something_and_takes_anything(way):
    data = samples.corpus(random.Random(0), "conll")["train"]
    broken = {way(random.Random(seed), data) for seed in range(20)}
    assert broken - {data}
    for least in (b"", b"\n", b"\xff"):
        way(random.Random(0), least)


def test_json_stays_json():
    about = {"a": [1, {"b": None}]}
    for seed in range(50):
        broken, _ = mutate.break_json(random.Random(seed), json.dumps(about).encode())
        assert json.loads(broken) != about


def test_every_subcommand_gets_odd_values():
    """Also one that is new: argparse says what there is."""
    options = Options(None)
    assert {"run", "encode", "report"} < set(options.parsers)
    assert all(parser._actions for parser in options.parsers.values())
