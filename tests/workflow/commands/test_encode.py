"""`staleness encode`."""

import pytest

from staleness.algorithms.arrays import load
from staleness.workflow.cli import main

TRAIN = "EU B-ORG\nrejects O\n\nPeter B-PER\nBlackburn I-PER\n"


@pytest.fixture
def own(tmp_path):
    """The options that name files of one's own."""
    options = ["--format", "conll", "--name", "mine", "--data", str(tmp_path / "data")]
    for split in ("train", "dev"):
        (tmp_path / split).write_text(TRAIN)
        options += [f"--{split}", str(tmp_path / split)]
    return options


def test_own_files(tmp_path, own, capsys):
    assert main(["encode", *own, "--min-count", "1"]) == 0
    folder = tmp_path / "data" / "encoded" / "mine"
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"mine: encoded into {folder}"
    assert "train 2 sentences and 4 tokens, dev 2 sentences and 4 tokens" in printed[1]
    assert list(load(folder).about["counts"]) == ["train", "dev"]
    assert main(["encode", *own, "--min-count", "1"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == f"mine: already encoded, in {folder}"


def test_the_first_examples(tmp_path, own, capsys):
    assert main(["encode", *own, "--examples", "1"]) == 0
    folder = tmp_path / "data" / "encoded" / "mine.first-1"
    printed = capsys.readouterr().out.splitlines()
    assert printed[0] == f"mine: encoded into {folder}"
    assert "train 1 sentences and 2 tokens, dev 2 sentences and 4 tokens" in printed[1]


def test_out_and_test(tmp_path, own):
    options = [*own, "--test", str(tmp_path / "dev"), "--out", str(tmp_path / "out")]
    assert main(["encode", *options]) == 0
    assert list(load(tmp_path / "out").about["counts"]) == ["train", "dev", "test"]
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "add --format --name for files of your own"),
        (["--train", "x", "--name", "y", "--format", "conll"], "add --dev for files of your own"),
        (["--format", "conll"], "add --name --train --dev for"),
        (["conll2003-en", "--examples", "0"], "examples is 0: expected an integer of at least 1"),
        (["conll2003-en", "--train", "x", "--name", "y"], "or --train --name, not both"),
        (["conll"], "unknown corpus 'conll'"),
    ],
)
def test_options_that_do_not_go_together(capsys, arguments, said):
    assert main(["encode", *arguments]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line


def test_an_unknown_format(capsys):
    with pytest.raises(SystemExit):
        main(["encode", "--format", "conl"])
    assert "choose from" in capsys.readouterr().err


def test_a_broken_file_is_one_line(tmp_path, own, capsys):
    (tmp_path / "dev").write_text("EU\n")
    assert main(["encode", *own]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"staleness encode: {tmp_path / 'dev'}:1: 1 column, expected at least 2")
    assert not (tmp_path / "data" / "encoded" / "mine").exists()


def test_options_of_another_task(tmp_path, capsys):
    path = tmp_path / "train"
    path.write_text("The/DT the/DT\n")
    own = ["--format", "tagged", "--name", "mine", "--train", str(path), "--data", str(tmp_path)]
    for option, words in (("--lower-case", 1), ("--no-lower-case", 2)):
        assert main(["encode", *own, option]) == 0
        assert f"mine: {words} words, 1 gold tags" in capsys.readouterr().out
    assert main(["encode", *own, "--min-count", "1"]) == 1
    assert "no option 'min_count' for this corpus of task tagging" in capsys.readouterr().err
    assert main(["encode", *own, "--dev", str(path)]) == 1
    assert "format tagged knows only train" in capsys.readouterr().err


@pytest.fixture
def pairs(tmp_path):
    """The options that name sentence pairs in two files, and in one."""
    texts = {
        "source": "das Haus\n\nja\n",
        "target": "the house\nyes\nyes\n",
        "links": "0-0 1?1\n\n0-0\n",
        "train": "das Haus ||| the house\n ||| yes\nja ||| yes\n",
    }
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    links = ["--links", str(tmp_path / "links"), "--data", str(tmp_path / "data")]
    two = ["--source", str(tmp_path / "source"), "--target", str(tmp_path / "target")]
    one = ["--train", str(tmp_path / "train")]
    return {
        "parallel": [*two, *links, "--format", "parallel", "--name", "two"],
        "bitext": [*one, *links, "--format", "bitext", "--name", "one"],
    }


def test_own_pairs(tmp_path, pairs, capsys):
    digests = set()
    for options in pairs.values():
        assert main(["encode", *options, "--skip-bad-pairs"]) == 0
        name = options[-1]
        printed = capsys.readouterr().out.splitlines()
        assert printed == [
            f"{name}: encoded into {tmp_path / 'data' / 'encoded' / name}",
            f"{name}: 2 pairs, 3 source and 3 target words (3 and 3 different ones)",
            f"{name}: 3 gold links in 2 pairs",
            f"{name}: skipped empty: 1",
        ]
        digests.add(load(tmp_path / "data" / "encoded" / name).about["digest"])
    assert len(digests) == 1


@pytest.mark.parametrize(("format", "file"), [("parallel", "source"), ("bitext", "train")])
def test_a_bad_pair_is_one_line(tmp_path, pairs, capsys, format, file):
    assert main(["encode", *pairs[format]]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    said = "the source sentence has 0 words, expected at least 1"
    assert line.startswith(f"staleness encode: {tmp_path / file}:2: {said}")
    assert not (tmp_path / "data").exists()
