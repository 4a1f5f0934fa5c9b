"""`staleness run`."""

import json
import os
import pty
import signal
import subprocess
import sys
import termios
import time
from dataclasses import asdict
from pathlib import Path

import pytest

from staleness.workflow.cli import main
from staleness.workflow.store import record
from staleness.workflow.store.findings import Finding

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def options(own_corpus, tmp_path):
    """The options that name a corpus of one's own."""
    paths = [
        f(s) for s, p in own_corpus.items() for f in (lambda s: f"--{s}", lambda s, p=p: str(p))
    ]
    return ["run", "ner", *paths, "--data", str(tmp_path / "data")]


def command(*arguments):
    return [sys.executable, "-m", "staleness.workflow", *arguments]


def test_a_simulated_cluster_says_what_a_job_start_up_is(options, capsys):
    jobs = ["--schedule", "mapreduce-batch", "--update", "lbfgs", "--job-startup", "20s"]
    assert main([*options, *jobs, "--processors", "3", "--epochs", "2"]) == 0
    printed = capsys.readouterr().out
    assert "; job start-up 20s\n" in printed
    # Two jobs of 20 s, and hardly more.
    assert "\ntime: 40." in printed


IN_STEP = ["--schedule", "synchronous", "--processors", "3", "--epochs", "2"]


@pytest.fixture
def alone(options, tmp_path, capsys):
    """Return the folder of a run of one processor."""
    folder = tmp_path / "alone" / "seed-0"
    assert main([*options, "--schedule", "single", "--epochs", "2", "--out", str(folder)]) == 0
    capsys.readouterr()
    return folder


def test_what_another_has_learned_is_timed(options, alone, tmp_path, capsys):
    def printed(*more):
        assert main([*options, *IN_STEP, *more]) == 0
        return capsys.readouterr().out

    assert printed("--learned", str(alone)) == printed()
    printed("--learned", str(alone), "--out", str(tmp_path / "timed"))
    about = json.loads((tmp_path / "timed" / "run.json").read_text())
    assert about["theta_sha256"] == json.loads((alone / "run.json").read_text())["theta_sha256"]
    assert about["configuration"]["schedule"] == "synchronous"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--seed", "1"], "its seed is 0, not 1: give the run of schedule 'single' with the same"),
        (["--step-size", "0.5"], "its hyper_parameters is"),
        (["--clock", "wall"], "nobody else makes the updates of ner by 'synchronous', clock wall"),
        (["--examples", "20"], "its corpus is"),
    ],
)
def test_it_must_have_learned_the_same(options, alone, more, said, capsys):
    assert main([*options, *IN_STEP, "--learned", str(alone), *more]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_it_must_be_a_run(options, alone, tmp_path, capsys):
    assert main([*options, *IN_STEP, "--learned", str(tmp_path / "none")]) == 1
    assert "not a run" in capsys.readouterr().err
    about = json.loads((alone / "run.json").read_text())
    about["versions"]["sources"] = "0" * 64
    (alone / "run.json").write_text(json.dumps(about))
    assert main([*options, *IN_STEP, "--learned", str(alone)]) == 1
    assert "its build is '0000" in capsys.readouterr().err
    del about["theta_sha256"], about["versions"]
    (alone / "run.json").write_text(json.dumps(about))
    assert main([*options, *IN_STEP, "--learned", str(alone)]) == 1
    assert "not a run (KeyError('versions'))" in capsys.readouterr().err


def test_json_has_what_is_promised(options, capsys):
    assert main([*options, "--schedule", "single", "--epochs", "2", "--json"]) == 0
    printed = capsys.readouterr()
    summary = json.loads(printed.out)
    assert printed.out.count("\n") == 1
    assert printed.err == ""
    assert {"f1", "precision", "recall", "log_likelihood"} == set(summary["metrics"])
    assert summary["updates"] == 30  # 2 epochs of 60 sentences by 4
    assert summary["seconds"] > 0
    assert summary["tokens_per_second"] == pytest.approx(summary["tokens"] / summary["seconds"])
    assert summary["cpu_seconds"] > 0
    assert summary["stopped"] is None
    assert len(summary["theta_sha256"]) == len(summary["curve_sha256"]) == 64


def test_the_first_examples(options, capsys):
    arguments = ["--schedule", "single", "--epochs", "2", "--examples", "8", "--json"]
    assert main([*options, *arguments]) == 0
    assert json.loads(capsys.readouterr().out)["updates"] == 4  # 2 epochs of 8 sentences by 4


def test_the_commands_of_the_documentation_one_after_the_other(own_corpus, tmp_path, capsys):
    """They are about three corpora, all of one's own."""
    documented = (REPOSITORY / "docs" / "corpora.md").read_text(encoding="utf-8")
    commands = documented.partition("## A corpus of your own")[2].partition("```\n")[2]
    files = {
        "tagged/train.txt": "The/DT dog/NN\n",
        "parallel/a.txt": "das Haus\n",
        "parallel/b.txt": "the house\n",
        "parallel/c.txt": "0-0 1-1\n",
        **{f"conll/{split}.txt": path.read_text() for split, path in own_corpus.items()},
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    lines = commands.partition("```")[0].splitlines()
    assert len(lines) == 3
    data = ["--data", str(tmp_path / "data"), "--epochs", "1"]
    for line in lines * 2:
        program, *arguments = line.split()
        assert program == "staleness"
        folder = tmp_path / arguments[arguments.index("--format") + 1]
        arguments = [str(folder / word) if word.endswith(".txt") else word for word in arguments]
        assert main([*arguments, *data]) == 0, capsys.readouterr().err
    assert len(list((tmp_path / "data" / "encoded").iterdir())) == 3


def test_a_damaged_corpus_is_refused_with_the_file(options, tmp_path, capsys):
    assert main([*options, "--schedule", "single", "--epochs", "1"]) == 0
    (folder,) = (tmp_path / "data" / "encoded").iterdir()
    path = folder / "train.labels.npy"
    path.write_bytes(path.read_bytes()[:-4] + b"\1\0\0\0")
    capsys.readouterr()
    assert main(["run", "ner", "--schedule", "single", "--encoded", str(folder)]) == 1
    assert f"{path}: not as it was written" in capsys.readouterr().err
    # What was made of files is made anew.
    assert main([*options, "--schedule", "single", "--epochs", "1"]) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--train", "x"], "format conll: add --dev"),
        (["--dev", "x"], "format conll: add --train"),
        (["--encoded", "x", "--examples", "2"], "--encoded is used as it is"),
        (["--train", "x", "--dev", "x", "--name", ""], "corpus name '': expected letters"),
        (["--encoded", "x", "--train", "x"], "give one of --corpus, --encoded, or files"),
    ],
)
def test_what_names_no_corpus(arguments, said, capsys):
    assert main(["run", "ner", "--schedule", "single", *arguments]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_options_of_encoding(tmp_path, capsys):
    """What a message advises is there."""
    pairs = tmp_path / "pairs.txt"
    pairs.write_text("a b ||| A B\n ||| B\nb ||| C\n")
    run = ["run", "alignment", "--schedule", "single-batch", "--epochs", "1", "--train", str(pairs)]
    run += ["--format", "bitext", "--data", str(tmp_path / "data")]
    assert main(run) == 1
    error = capsys.readouterr().err
    assert f"{pairs}:2: the source sentence has 0 words" in error
    assert "leave such pairs out with --skip-bad-pairs" in error
    assert main([*run, "--skip-bad-pairs"]) == 0
    assert main([*run, "--skip-bad-pairs", "--max-length", "1", "--lower-case", "--json"]) == 0
    assert main([*run, "--min-count", "1"]) == 1
    assert "no option 'min_count' for this corpus of task alignment" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--encoded", "x", "--lower-case"], "used as it is: give --lower-case to 'staleness enc"),
        (["--corpus", "brown", "--lower-case"], "--lower-case with a registered corpus: give it"),
        (["--lower-case"], "--lower-case with a registered corpus: give it to 'staleness encode"),
    ],
)
def test_options_of_encoding_that_are_not_for_run(arguments, said, capsys):
    assert main(["run", "tagging", "--schedule", "single", *arguments]) == 1
    assert said in capsys.readouterr().err


def test_names_that_are_not_utf_8(own_corpus, tmp_path, capsys):
    odd = [f"{tmp_path}/{os.fsdecode(b'caf' + bytes([0xE9]))}.{split}" for split in own_corpus]
    for path, name in zip(own_corpus.values(), odd, strict=True):
        path.rename(name)
    run = ["run", "ner", "--schedule", "single", "--epochs", "1", "--data", str(tmp_path / "data")]
    run += ["--train", odd[0], "--dev", odd[1], "--out", f"{odd[0]}.run"]
    for again in (False, True):
        assert main([*run, "--json"]) == 0, again
    printed = capsys.readouterr()
    assert printed.err == ""
    sources = record.read_about(f"{odd[0]}.run")["corpus"]["sources"]
    assert sources["train"]["file"] == "caf\udce9.train"
    encode = ["encode", "--format", "conll", "--name", "odd", "--data", str(tmp_path / "data")]
    encode += ["--train", odd[0], "--dev", odd[1], "--out", f"{odd[0]}.encoded"]
    assert main(encode) == 0
    assert "caf\\udce9.train.encoded" in capsys.readouterr().out


def test_out_is_tried_before_learning(options, tmp_path, capsys, monkeypatch):
    def learn(*arguments, **keywords):
        raise AssertionError("it has begun")

    monkeypatch.setattr("staleness.workflow.experiment.learn", learn)
    (tmp_path / "file").touch()
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "thesis.tex").touch()
    (tmp_path / "link").symlink_to(tmp_path / "foreign")
    for out, said in {
        "file": "is not a folder of its own",
        "file/run": "File exists",
        "foreign": "holds 'thesis.tex', which is not ours",
        "link": "is not a folder of its own",
        ".": "holds",
        "..": "is not a folder of its own",
        "/": "is not a folder of its own",
        "x" * 300: "File name too long",
    }.items():
        before = sorted(tmp_path.iterdir())
        assert main([*options, "--schedule", "single", "--out", str(tmp_path / out)]) == 1, out
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
        assert sorted(tmp_path.iterdir()) == before


def test_it_says_when_there_was_nothing_left_to_learn(options, capsys):
    arguments = [*options, "--schedule=parallel-batch", "--processors=2", "--update=lbfgs"]
    for epochs, expected in ((3, False), (300, True)):
        assert main([*arguments, f"--epochs={epochs}"]) == 0
        assert ("\nstopped: L-BFGS-B converged after " in capsys.readouterr().out) == expected
        assert main([*arguments, f"--epochs={epochs}", "--json"]) == 0
        summary = json.loads(capsys.readouterr().out)
        assert (summary["stopped"] is not None) == expected
        assert summary["updates"] == epochs


def test_batch_learning_in_mini_batches_is_refused_in_one_line(options, capsys):
    assert main([*options, "--schedule=asynchronous", "--update=lbfgs"]) == 1
    assert capsys.readouterr().err == (
        "staleness run: update 'lbfgs' needs the whole corpus: "
        "take schedule 'single-batch' or 'parallel-batch', not 'asynchronous'\n"
    )


def test_same_seed_same_hashes_on_the_simulated_clock(options, capsys):
    def hashes(*more):
        schedule = ["--schedule", "asynchronous", "--processors", "4", "--epochs", "2"]
        assert main([*options, *schedule, "--delay-mean", "16x", "--json", *more]) == 0
        summary = json.loads(capsys.readouterr().out)
        return summary["theta_sha256"], summary["curve_sha256"]

    assert hashes() == hashes("--seed", "0")
    assert hashes()[0] != hashes("--seed", "1")[0]
    assert hashes()[1] != hashes("--cost", "paper")[1]


def test_one_processor_is_the_same_on_both_clocks(options, capsys):
    def theta(clock):
        main([*options, "--schedule", "single", "--epochs", "2", "--clock", clock, "--json"])
        return json.loads(capsys.readouterr().out)["theta_sha256"]

    assert theta("wall") == theta("simulated")


def test_out_is_written_whole(options, tmp_path, capsys):
    out = tmp_path / "runs" / "one"
    assert main([*options, "--schedule", "single", "--epochs", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert {path.name for path in out.iterdir()} == {"curve.parquet", "trace.parquet", "run.json"}
    about = record.read_about(out)
    assert about["configuration"]["hyper_parameters"]["step_size"] > 0
    assert about["theta_sha256"] in said
    assert main([*options, "--schedule", "single", "--epochs", "1", "--out", str(out)]) == 0


def test_what_is_timed_says_whether_the_machine_was_fit_for_it(options, tmp_path, monkeypatch):
    finding = Finding("load", "9.5", "warning", "wait")
    monkeypatch.setattr("staleness.workflow.experiment.examine", lambda: [finding])
    for clock, expected in (("wall", [asdict(finding)]), ("simulated", [])):
        out = tmp_path / clock
        arguments = ["--schedule=single", "--epochs=1", f"--clock={clock}", f"--out={out}"]
        assert main([*options, *arguments]) == 0
        assert record.read_about(out)["doctor"] == expected


def test_what_pauses_are_counted_by_is_told(options, capsys):
    arguments = ["--schedule=single", "--epochs=1", "--clock=wall", "--cost=paper"]
    for mean, expected in (("0.01x", True), ("0.001s", False)):
        assert main([*options, *arguments, f"--delay-mean={mean}"]) == 0
        told = "clock: wall, pauses counted in mini-batches by cost as in 2010"
        assert (told in capsys.readouterr().out) == expected


def test_out_replaces_nothing_of_somebody_elses(options, tmp_path, capsys):
    (tmp_path / "thesis.tex").touch()
    assert main([*options, "--schedule", "single", "--epochs", "1", "--out", str(tmp_path)]) == 1
    assert "not ours to replace" in capsys.readouterr().err
    assert (tmp_path / "thesis.tex").exists()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--schedule", "single", "--processors", "2"], "has 1 processor, not 2"),
        (["--schedule", "single", "--mini-batch", "0"], "at least 1"),
        (["--schedule", "single", "--step-size", "-1"], "step_size must be positive"),
        (
            ["--schedule", "single", "--average-every", "3"],
            "schedule 'single' has no parameter 'average_every': it has none",
        ),
        (["--schedule", "replicated", "--average-every", "0"], "average_every must be at least 1"),
        (["--schedule", "replicated", "--average-every", "2.5"], "is a whole number, not 2.5"),
        (["--schedule", "single", "--l2", "0", "--step-size", "1e30"], "take a smaller step size"),
        (["--schedule", "single", "--corpus", "conll2003-en"], "give one of --corpus"),
        (["--schedule", "single", "--examples", "0"], "examples is 0"),
        (["--schedule", "single", "--calibration", "none.json"], "none.json: not a calibration"),
        (["--schedule", "single", "--delay-mean", "5m"], "'5m'"),
    ],
)
def test_what_makes_no_sense_is_one_line(options, more, said, capsys):
    assert main([*options, *more]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "line"),
    [("EU B-ORG\nrejects\n", 2), ("EU B-ORG\nGerman X-MISC\n", 2), ("", None), (b"\xff O\n", 1)],
)
def test_a_broken_file_is_named_with_its_line(options, own_corpus, text, line, capsys):
    own_corpus["dev"].write_bytes(text if isinstance(text, bytes) else text.encode())
    assert main([*options, "--schedule", "single"]) == 1
    error = capsys.readouterr().err
    where = str(own_corpus["dev"]) + (f":{line}: " if line else ": ")
    assert where in error
    assert error.count("\n") == 1


@pytest.mark.slow
@pytest.mark.parametrize("clock", ["simulated", "wall"])
def test_ctrl_c_says_what_was_kept(options, tmp_path, clock):
    out = tmp_path / "out"
    # Of batch learning every iteration is evaluated, which takes long enough.
    arguments = [*options, "--schedule", "single-batch", "--update", "lbfgs", "--clock", clock]
    arguments += ["--epochs", "20000", "--evaluations", "1", "--out", str(out)]
    for moment in (2, 10, 50):
        with subprocess.Popen(command(*arguments), stderr=subprocess.PIPE, text=True) as process:
            # The corpus is encoded just before the run begins.
            while not list((tmp_path / "data").glob("encoded/*/corpus.json")):
                assert process.poll() is None
                time.sleep(0.01)
            time.sleep(moment)
            process.send_signal(signal.SIGINT)
            _, error = process.communicate(timeout=30)
        assert process.returncode == 130
        # On a busy machine it may not have begun.
        if "interrupted" not in error:
            break
    assert "stopped after" in error
    assert "is untouched" in error
    assert error.count("\n") == 1
    assert not out.exists()


@pytest.mark.slow
def test_a_progress_bar_on_a_terminal_only(options):
    arguments = [*options, "--schedule", "single", "--epochs", "20000"]
    quiet = subprocess.run(command(*arguments), capture_output=True, text=True, check=True)
    assert quiet.stderr == ""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    with subprocess.Popen(command(*arguments), stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 4096):
                shown += chunk
        except OSError:  # the other end is closed
            pass
    os.close(ours)
    assert process.returncode == 0
    assert b"f1=" in shown
