"""`staleness validate` on a corpus of toy size."""

import json

import pytest

from staleness.algorithms.costs.measured import Measured
from staleness.algorithms.run import run
from staleness.workflow.cli import main
from staleness.workflow.machine import validation

CLOCKS = ("simulated", "wall")
FILES = ["calibration.json", "validation.json", "validation.md"]


@pytest.fixture
def encoded(tmp_path, own_corpus, capsys):
    """Return the folder of an encoded corpus."""
    corpus = [f"--{split}={path}" for split, path in own_corpus.items()]
    assert main(["encode", "--name=toy", "--format=conll", *corpus, f"--data={tmp_path}"]) == 0
    capsys.readouterr()
    return tmp_path / "encoded" / "toy"


@pytest.fixture
def cores(monkeypatch):
    """Return a function that sets how many cores are used, whatever the machine has."""

    def set_to(number):
        for module in ("calibrate", "validation"):
            monkeypatch.setattr(
                f"staleness.workflow.machine.{module}.allowed_cpus", lambda: list(range(number))
            )

    return set_to


@pytest.fixture
def left_alone(monkeypatch):
    """Let every run be clean, or as often as is said: there are other tests on these cores."""
    answers = iter(())

    def set_to(*given):
        nonlocal answers
        answers = iter(given)

    clean = property(lambda self: next(answers, True))
    monkeypatch.setattr("staleness.workflow.machine.interruptions.Interruptions.clean", clean)
    return set_to


@pytest.fixture
def validate(encoded, tmp_path, left_alone):
    """Return a function that validates in a moment, and says what the exit status was."""
    place = [f"--encoded={encoded}", f"--out={tmp_path / 'out'}"]
    short = ["--epochs=2", "--rounds=2", "--mini-batches", "4", "8"]

    def run_it(*more):
        return main(["validate", "ner", *short, *place, *more])

    return run_it


def test_a_corpus_for_another_task_is_refused(encoded, tmp_path, capsys):
    for command in ("validate", "calibrate"):
        arguments = ["tagging", f"--encoded={encoded}", f"--out={tmp_path / 'out'}"]
        assert main([command, *arguments]) == 1
        expected = f"staleness {command}: {encoded}: a corpus for ner: give one for tagging\n"
        assert capsys.readouterr().err == expected


def test_it_puts_the_clocks_side_by_side(validate, cores, tmp_path, capsys):
    cores(2)
    assert validate() == 0
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == FILES
    said = capsys.readouterr()
    table = [line for line in said.out.splitlines() if line.startswith("|")]
    names = ["single", "single", "synchronous", "synchronous", "asynchronous", "asynchronous"]
    assert [line.split("|")[1].strip() for line in table[2:]] == names
    assert len({len(line) for line in table}) == 1
    assert "\n".join(table) in (out / "validation.md").read_text()
    assert "round 2 of 2: asynchronous, P = 2, mini-batches of 8, wall clock" in said.err
    assert "round 2 of 2: asynchronous, P = 2, mini-batches of 8, simulated clock" in said.err
    written = json.loads((out / "validation.json").read_text())
    assert str(tmp_path) not in json.dumps(written), "where it was made does not matter"
    calibration = json.loads((out / "calibration.json").read_text())
    assert calibration["tasks"]["ner"]["sgd"]["doctor"] == written["doctor"]
    assert calibration["tasks"]["ner"]["sgd"]["rounds"] == 2
    assert calibration["machine"] == written["machine"]
    assert [(cell["schedule"], cell["mini_batch_size"]) for cell in written["cells"]] == [
        (name, size) for name in names[::2] for size in (4, 8)
    ]
    for cell in written["cells"]:
        assert cell["processors"] == (1 if cell["schedule"] == "single" else 2)
        rate = cell["throughput"]
        assert rate["ratio"] == rate["simulated"] / rate["wall"]
        assert 0 < rate["low"] <= rate["high"]
        assert cell["clean"] == 2
        assert len(cell["cpu_share"]) == len(cell["interruptions"]) == 2
        assert {"cpu_share", "stolen", "switches"} == cell["interruptions"][0].keys()
        assert all(share > 0 for share in cell["cpu_share"])
        for clock in CLOCKS:
            assert len(rate["rounds"][clock]) == 2
            assert 0 < cell["utilisation"][clock] <= 1
            # Nobody makes more than 15 updates an epoch of 60 examples.
            assert 0 <= cell["mean_staleness"][clock] <= 30
            assert 0 <= cell["metric"][clock] <= 1
    single = written["cells"][0]
    both = single["metric"]["rounds"]
    assert both["simulated"] == both["wall"], "at P = 1 both learn the same"
    assert single["mean_staleness"]["ratio"] is None
    assert single["utilisation"]["simulated"] == 1
    assert Measured(out / "calibration.json").tasks["ner"]["sgd"].shared.keys() == {
        "synchronous",
        "asynchronous",
    }


def test_what_is_compared_is_not_what_was_calibrated_by(validate, cores, monkeypatch):
    """Beside each run of the calibration one of another seed, evaluated at its ends only."""
    cores(2)
    made = {"calibration": [], "validation": []}

    def spy(kind):
        def note(configuration, corpus, **more):
            made[kind].append((configuration, list(made["calibration"])))
            return run(configuration, corpus, **more)

        return note

    monkeypatch.setattr("staleness.workflow.machine.calibrate.run", spy("calibration"))
    monkeypatch.setattr("staleness.workflow.machine.validation.run", spy("validation"))
    assert validate("--schedules", "asynchronous") == 0
    assert {cell.seed for cell, _ in made["calibration"]} == {0}
    assert {cell.evaluations for cells in made.values() for cell, _ in cells} == {0}
    seeds = {
        clock: [cell.seed for cell, _ in made["validation"] if cell.clock == clock]
        for clock in CLOCKS
    }
    assert seeds == {"wall": [1, 1, 2, 2], "simulated": [1, 2, 1, 2]}
    # Of single, one run of each size is made before; asynchronous is next.
    before = [len(earlier) for cell, earlier in made["validation"] if cell.clock == "wall"]
    assert before == [1, 3, 5, 7]


def test_what_was_interrupted_is_made_again_and_then_left_out(
    validate, cores, left_alone, tmp_path, capsys
):
    cores(1)
    # The first run is clean when it is repeated, the second never.
    left_alone(False, True, *[False] * validation.TRIES)
    assert validate() == 0
    said = capsys.readouterr().out
    written = json.loads((tmp_path / "out" / "validation.json").read_text())
    four, eight = written["cells"]
    assert (four["clean"], eight["clean"]) == (2, 1)
    assert len(four["throughput"]["rounds"]["wall"]) == 2
    for clock in CLOCKS:
        assert len(eight["throughput"]["rounds"][clock]) == 1
    assert len(eight["interruptions"]) == 2
    assert "1 of 2" in said
    assert "This machine cannot tell" not in said


def test_a_machine_that_is_never_left_alone_cannot_tell(validate, cores, left_alone, capsys):
    cores(1)
    left_alone(*[False] * 100)
    assert validate() == 0
    said = capsys.readouterr().out
    assert "0 of 2" in said
    assert "This machine cannot tell" in said


def test_what_is_named_twice_is_all_of_it(validate, cores, tmp_path):
    """`short` has two sizes already; schedules are those named, not the usual ones with them."""
    cores(2)
    assert validate("--mini-batches=16", "--schedules=single", "--schedules=asynchronous") == 0
    written = json.loads((tmp_path / "out" / "validation.json").read_text())
    found = [(cell["schedule"], cell["mini_batch_size"]) for cell in written["cells"]]
    assert found == [(name, size) for name in ("single", "asynchronous") for size in (4, 8, 16)]


def test_on_one_core_there_is_the_single_processor(validate, cores, tmp_path):
    cores(1)
    assert validate() == 0
    written = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert [cell["schedule"] for cell in written["cells"]] == ["single", "single"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--update=lbfgs"], "update 'lbfgs' takes the whole corpus"),
        (["--update=em"], "em"),
        (["--schedules", "replicated"], "schedule 'replicated': choose from single, asynchronous"),
        (["--schedules", "asynchronous"], "this machine has one core: add schedule 'single'"),
        (["--rounds=0"], "rounds must be at least 1, not 0"),
        (["--epochs=0"], "epochs must be at least 1, not 0"),
        (["--mini-batches", "0"], "mini_batch_size must be at least 1, not 0"),
    ],
)
def test_what_cannot_be_validated_is_one_line(validate, cores, tmp_path, capsys, arguments, said):
    cores(1)
    assert validate(*arguments) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("*.part"))


def test_all_or_nothing(validate, cores, tmp_path, monkeypatch, capsys):
    cores(1)
    out = tmp_path / "out"
    assert validate() == 0
    before = {path.name: path.read_bytes() for path in out.iterdir()}

    def stop(comparison):
        raise KeyboardInterrupt

    monkeypatch.setattr(validation, "table", stop)
    assert validate() == 130
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before
    (out / "mine.txt").write_text("keep me")
    capsys.readouterr()
    assert validate() == 1
    assert "mine.txt" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.part"))
