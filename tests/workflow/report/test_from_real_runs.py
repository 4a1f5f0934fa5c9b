"""Figure and report of real runs, so that what `staleness run` writes is what they read."""

import json

import pytest

from staleness.workflow.cli import main

NAMES = ("Ann", "Bo", "Cy", "Dee")
NAMES_OF_FIGURES = ("ner-convergence", "ner-processors", "timelines", "utilisation")
PLACES = ("Rome", "Oslo", "Bonn")


def conll(count):
    """Return a text in the format of CoNLL 2003 whose entities are easy to find."""
    sentences = []
    for i in range(count):
        name, place = NAMES[i % 4], PLACES[i % 3]
        words = [(name, "B-PER"), ("lives", "O"), ("in", "O"), (place, "B-LOC"), (".", "O")]
        sentences.append("".join(f"{word} X X {label}\n" for word, label in words))
    return "\n".join(sentences)


@pytest.mark.slow
def test_runs_to_figure_to_report(tmp_path, capsys):
    (tmp_path / "train").write_text(conll(60))
    (tmp_path / "dev").write_text(conll(12))
    folders = []
    for schedule, processors in (("single", 1), ("synchronous", 2), ("asynchronous", 2)):
        for seed in (0, 1):
            folders.append(str(tmp_path / "runs" / f"{schedule}-{seed}"))
            status = main([
                "run", "ner", "--schedule", schedule, "--processors", str(processors),
                "--seed", str(seed), "--epochs", "2", "--cost", "paper", "--name", "tiny",
                "--train", str(tmp_path / "train"), "--dev", str(tmp_path / "dev"),
                "--data", str(tmp_path / "data"), "--out", folders[-1],
            ])  # fmt: skip
            assert status == 0, capsys.readouterr().err
    figures, out = tmp_path / "figures", tmp_path / "report.pdf"
    assert main(["figure", "ner-convergence", "--out", str(figures), *folders]) == 0
    about = json.loads((figures / "ner-convergence.json").read_text())
    single = json.loads((tmp_path / "runs" / "single-0" / "run.json").read_text())
    final = about["table"]["cells"][0]["final"]
    assert final["low"] <= single["metrics"]["f1"] <= final["high"]
    assert [one["corpus"] for one in about["shared"]] == ["tiny"]
    drawn = [str(figures / f"{name}.json") for name in NAMES_OF_FIGURES]
    for name in NAMES_OF_FIGURES[1:]:
        assert main(["figure", name, "--out", str(figures), *folders]) == 0, capsys.readouterr().err
    for row in json.loads((figures / "utilisation.json").read_text())["table"]["cells"]:
        shares = [spread["median"] for spread in row["shares"].values()]
        assert sum(shares) == pytest.approx(1.0, abs=0.02)
        waits = {"single": [], "synchronous": ["barrier"], "asynchronous": ["lock"]}
        waiting = {state for state in ("barrier", "lock") if row["shares"][state]["high"] > 0}
        assert waiting <= set(waits[row["schedule"]])
    assert main(["report", "--out", str(out), "--figures", *drawn, *folders]) == 0
    assert out.read_bytes().startswith(b"%PDF-")
