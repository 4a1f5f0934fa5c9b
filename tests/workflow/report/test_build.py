import html
import json
import re

import pytest
import typst

from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import runs, summaries
from staleness.workflow.claims import judge
from staleness.workflow.corpora import registry
from staleness.workflow.figures.write import write
from staleness.workflow.report import build as module
from staleness.workflow.report.build import (
    build,
    lay_out,
    learning,
    read_claims,
    read_config,
    read_figure,
    typeset,
)
from staleness.workflow.report.content import _described, content
from staleness.workflow.report.provenance import made_here, registered

from ..figures import toy

NASTY = "a_b*#$ <x> @y `z` = - + / \\ [c] \"d\" 'e' ~ // /* _é"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return toy.family(tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def figure(folders, tmp_path_factory):
    return write("ner-convergence", runs.load(folders), tmp_path_factory.mktemp("figures"))[-1]


def said(data):
    """Return all that nested data hold, one after another."""
    if isinstance(data, dict):
        return " ".join(said(value) for value in data.values())
    if isinstance(data, list):
        return " ".join(map(said, data))
    return str(data)


def printed(data, folder, images=()):
    """Return the text of a report as Typst sets it, a line a paragraph, title or cell."""
    folder.mkdir(parents=True, exist_ok=True)
    lay_out(folder, data, dict(images))
    main = str(folder / module.TEMPLATE.name)
    page = typst.compile(main, root=str(folder), ignore_system_fonts=True, format="html").decode()
    page = re.sub(r"<head>.*</head>|<br>", " ", page, flags=re.DOTALL)
    text = html.unescape(
        re.sub("<[^>]*>", "", re.sub("</(p|h.|td|th|figcaption|div)>", "\n", page))
    )
    return text.replace("\N{NO-BREAK SPACE}", " ")


def tables(data):
    return [table for section in data["results"] for table in section["tables"]]


def test_report_is_a_pdf_with_figure_and_config(folders, figure, tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("seeds: [0, 1, 2]\n" + "x" * 500 + "\n")
    out = tmp_path / "new" / "report.pdf"
    build(out, folders, [figure], [config])
    assert out.read_bytes().startswith(b"%PDF-")
    assert [path.name for path in out.parent.iterdir()] == ["report.pdf"]


def test_same_runs_same_bytes(folders, figure, tmp_path):
    build(tmp_path / "a.pdf", folders, [figure])
    build(tmp_path / "b.pdf", list(reversed(folders)), [figure])
    assert (tmp_path / "a.pdf").read_bytes() == (tmp_path / "b.pdf").read_bytes()


def test_report_says_the_numbers_of_the_runs(folders, tmp_path):
    cells = runs.load(folders)
    data = content(cells)
    text = printed(data, tmp_path)
    table = summaries.summarise(cells, "f1")
    assert f"{table['target']:.4f}" in text
    for row, shown in zip(table["cells"], tables(data)[0]["rows"], strict=True):
        assert shown[2] == f"{row['final']['median']:.4f}"
        assert f"{row['final']['low']:.4f}" in shown[3]
        assert f"{row['final']['high']:.4f}" in shown[3]
        assert shown[6] == f"{row['speed_up']['median']:.2f}"
        hours = row["time_to_target_s"]["median"] / 3600
        assert float(shown[4]) == pytest.approx(hours, rel=5e-3)
    assert tables(data)[0]["heading"][4] == "time to\ntarget (h)"
    assert "12 runs of 4 configurations. Task: ner. Corpus: toy-corpus. Schedules" in text
    assert "are medians over 3 seeds (0, 1, 2), with the lowest and the highest" in text
    assert (data["effort"]["cpu"], data["effort"]["runs"]) == ("3.00", 12)
    assert data["effort"]["memory"] == "50.0 MB"
    assert "100 examples, 1,500 tokens" in text


@pytest.fixture(scope="module")
def claims(folders, tmp_path_factory):
    path = tmp_path_factory.mktemp("claims") / "claims.json"
    cells = runs.load(folders)
    judge.write(path, [judge.judge(judge.find(name), cells) for name in ("schedules", "no-error")])
    return path


def test_claims_stand_at_the_head(folders, figure, claims, tmp_path):
    cells = runs.load(folders)
    judged = read_claims(claims, cells)
    data = content(cells, claims=judged)
    first, second = data["claims"]["rows"]
    assert (first["number"], first["verdict"]) == ("1", "undecided")  # of three seeds
    assert (second["number"], second["verdict"]) == ("8", "undecided")
    assert first["parts"][0]["name"] == "synchronous over single"
    assert first["parts"][0]["effect"] == judge.measured(judged[0]["parts"][0])
    assert second["parts"][0]["name"].startswith("Named-entity recognition: final F1")
    assert second["parts"][1]["remarks"] == "No runs of single."
    assert data["claims"]["counts"] == "2 undecided"
    assert data["method"]["intervals"]
    assert typeset(data, {}).startswith(b"%PDF-")
    build(tmp_path / "with.pdf", folders, [figure], claims=claims)
    build(tmp_path / "without.pdf", folders, [figure])
    assert (tmp_path / "with.pdf").read_bytes() != (tmp_path / "without.pdf").read_bytes()


def test_without_claims_nothing_is_said_of_them(folders):
    data = content(runs.load(folders))
    assert data["claims"] is None
    assert "bootstrap" not in said(data)


def test_claims_of_other_runs_are_refused(claims, tmp_path):
    with pytest.raises(StalenessError, match=r"claims\.json: judged by other runs than the report"):
        build(tmp_path / "r.pdf", [toy.run(tmp_path / "a", seed=7)], claims=claims)
    assert not (tmp_path / "r.pdf").exists()


def test_what_only_claims_show_has_no_table(folders, claims):
    cells = runs.load(folders)
    shown = learning(cells, [], read_claims(claims, cells))
    # Of the toys, no claim here needs asynchronous learning on 2 processors.
    assert [(cell.schedule, cell.processors) for cell in shown] == [("asynchronous", 2)]
    assert learning(cells, []) == cells


def test_report_says_where_the_numbers_come_from(folders):
    text = said(content(runs.load(folders)))
    for needed in (
        *("a" * 64, "b" * 64, "c" * 64, "d" * 64, "toy.train", "toy-corpus", toy.PROCESSOR),
        *("step size", "curve points an epoch", "3 seeds (0, 1, 2)", "simulated clock"),
        *("0.50 to 2.50", "Linux 6", "numpy 2", "0.62 s"),
        *("updates under one lock", "Each mini-batch split over the processors"),
    ):
        assert needed in text


def test_the_abstract_is_about_runs_without_delays(tmp_path):
    """Those with delays say what delays do; what a schedule is good for is said without."""
    four = [("synchronous", 4), ("asynchronous", 4)]
    values = {"without": 0.85, "with": 0.75}
    single = toy.family(tmp_path / "single", cells=[("single", 1)])
    folders = {
        kind: toy.family(
            tmp_path / kind,
            cells=four,
            **(toy.DELAY if kind == "with" else {}),
            values=[0.1, value, value],
        )
        for kind, value in values.items()
    }

    data = content(runs.load([*single, *folders["without"], *folders["with"]]))
    abstract, results = printed(data, tmp_path / "report").split("Results\n")
    assert abstract.count("0.8500 (0.8500 to 0.8500)") == 2
    assert "0.7500" not in abstract
    assert "0.7500" in results


def test_the_abstract_is_about_the_most_processors_of_each_schedule(tmp_path):
    some = [(name, count) for name in ("asynchronous", "synchronous") for count in (2, 4)]
    data = content(runs.load(toy.family(tmp_path, cells=[("single", 1), *some])))
    assert data["abstract"]["schedules"] == [
        {"name": "single", "processors": None},
        {"name": "synchronous", "processors": "2 and 4"},
        {"name": "asynchronous", "processors": "2 and 4"},
    ]
    (one,) = data["abstract"]["experiments"]
    assert [(cell["label"], cell["single"]) for cell in one["cells"]] == [
        ("single processor", True),
        ("synchronous, P = 4", False),
        ("asynchronous, P = 4", False),
    ]
    text = printed(data, tmp_path / "report")
    assert "single processor; synchronous, P = 2 and 4; asynchronous, P = 2 and 4. Every" in text
    assert "h by the single processor; after 0.889 h by synchronous, P = 4 (2.0 times as" in text


def test_the_abstract_names_all_tasks_and_corpora(tmp_path):
    other = {"corpus.corpus": NASTY, "corpus.digest": "e" * 64}
    folders = [*toy.pair(tmp_path / "a", seeds=1), *toy.pair(tmp_path / "b", "tagging", **other)]
    text = printed(content(runs.load(folders)), tmp_path / "report")
    assert f"Tasks: ner, tagging. Corpora: {NASTY}, toy-corpus. Schedules" in text
    # Of one seed there is no range.
    assert re.search(r"Final F1: single processor: 0.\d+; asynchronous, P = 4: 0.\d+\.\n", text)


@pytest.mark.parametrize(("mean", "cost"), [("2x", "paper"), ("5s", None)])
def test_the_cost_model_is_said_where_pauses_on_the_wall_clock_depend_on_it(tmp_path, mean, cost):
    chosen = Configuration("ner", "single", clock="wall", cost="paper", delay_mean=mean)
    changes = {"configuration.delay_mean": mean, "configuration.cost": chosen.cost}
    changes = {**toy.WALL, **toy.DELAY, **changes}
    data = content(runs.load([toy.run(tmp_path / "a", **changes)]))
    (group,) = data["settings"]
    assert {fact["name"]: fact["value"] for fact in group["facts"]}.get("cost") == cost


def test_registered_corpora_bring_licence_and_citation(tmp_path):
    entry = registry.entry("conll2003-en")
    sources = {
        split: {"file": member.file, "sha256": member.sha256}
        for split, member in entry.members.items()
    }
    assert registered("toy-corpus", sources) == entry
    data = content(runs.load([toy.run(tmp_path / "a", **{"corpus.sources": sources})]))
    text = said(data["corpora"])
    assert entry.licence in text
    assert entry.citation in text
    assert entry.size in text
    assert f"{entry.members['train'].bytes:,} bytes" in text
    assert "registered as" in text  # the run calls it otherwise
    sources["train"]["sha256"] = "0" * 64
    assert registered(entry.name, sources) is None
    assert registered(entry.name, {}) is None


def test_files_whose_hashes_the_registry_does_not_know_bring_theirs(tmp_path):
    """Those of Europarl: what comes has hashes, the registry has none to compare with."""
    entry = registry.entry("europarl-de-en")
    assert not any(member.sha256 for member in entry.members.values())
    sources = {
        split: {"file": f"{split}.txt", "sha256": str(number) * 64}
        for number, split in enumerate(entry.members)
    }
    changes = {"corpus.corpus": entry.name, "corpus.sources": sources}
    data = content(runs.load([toy.run(tmp_path / "a", **changes)]))
    text = said(data["corpora"])
    assert entry.licence in text
    assert entry.citation in text
    assert "not in the registry" not in text
    assert "1" * 64 in text
    assert registered("my-own", sources) is None
    sources["train-source"]["file"] = "mine.txt"
    assert registered(entry.name, sources) is None


@pytest.mark.parametrize("name", [n for n, e in registry.entries().items() if e.members])
def test_every_registered_corpus_is_found_by_what_fetch_leaves(name):
    entry = registry.entry(name)
    sources = {
        split: {"file": f"{split}.txt", "sha256": member.sha256 or "f" * 64}
        for split, member in entry.members.items()
    }
    assert registered(name, sources) == entry


def test_synthetic_corpora_bring_their_licence(tmp_path):
    changes = {"corpus.corpus": "synthetic-ner", "corpus.sources": {}}
    changes["corpus.options"] = {"examples": 2000, "min_count": None}
    data = content(runs.load([toy.run(tmp_path / "a", **changes)]))
    text = said(data["corpora"])
    entry = registry.entry("synthetic-ner")
    assert entry.licence in text
    assert entry.citation in text
    assert "examples 2000" in text
    assert "min_count" not in text
    assert made_here("conll2003-en") is None
    assert made_here("toy-corpus") is None


def test_own_corpus_says_that_it_is_not_registered(folders):
    text = said(content(runs.load(folders))["corpora"])
    assert "not in the registry" in text


def test_nothing_is_taken_for_markup(tmp_path, folders):
    names = [NASTY, '#import "x"', "$ x $", "x" * 300]
    for index, name in enumerate(names):
        cells = runs.load([toy.run(tmp_path / str(index), **{"corpus.corpus": name})])
        data = content(cells)
        if " " in name:
            assert data["corpora"][0]["name"] == name
        assert typeset(data, {}).startswith(b"%PDF-")


def test_names_of_files_that_are_not_utf_8_are_set(tmp_path):
    source = {"train": {"file": "caf\udce9.conll", "sha256": "1" * 64}}
    folder = toy.run(tmp_path / "a", **{"corpus.sources": source})
    build(tmp_path / "report.pdf", [folder])
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF-")


def test_typst_sets_strings_as_they_are(tmp_path):
    """What Typst makes of the template's way to show a string is the string itself."""
    (tmp_path / "data.json").write_text(json.dumps({"name": NASTY}))
    (tmp_path / "main.typ").write_text(
        '#let data = json("data.json")\n#metadata([#data.name]) <name>\n'
    )
    found = json.loads(typst.query(str(tmp_path / "main.typ"), "<name>", field="value", one=True))
    assert found == {"func": "text", "text": NASTY}


def test_what_changes_from_run_to_run_makes_no_other_machine(tmp_path):
    folders = [
        toy.run(
            tmp_path / str(seed),
            seed=seed,
            **{
                "machine.memory_available_bytes": 1000 + seed,
                "machine.memory_bytes": 8_000_000_000,
                "machine.smt": True,
            },
        )
        for seed in range(2)
    ]
    (facts,) = content(runs.load(folders))["machines"]
    values = {fact["name"]: fact["value"] for fact in facts}
    assert values["memory"] == "8.00 GB"
    assert values["smt"] == "yes"
    assert values["load"] == "0.50 to 1.50"
    assert values["runs"] == "2"


def test_several_experiments_have_a_table_each(tmp_path):
    change = {"configuration.mini_batch_size": 8, "configuration.clock": "wall"}
    folders = toy.family(tmp_path / "a", seeds=1) + toy.family(tmp_path / "b", seeds=1, **change)
    data = content(runs.load(folders))
    assert len(tables(data)) == len(data["settings"]) == 2
    assert [clock["name"] for clock in data["method"]["clocks"]] == ["simulated", "wall"]
    assert not data["method"]["intervals"]
    assert typeset(data, {}).startswith(b"%PDF-")


def test_delays_stand_in_the_table_of_the_runs_without(tmp_path):
    data = content(runs.load(toy.delayed(tmp_path)))
    (table,) = tables(data)
    assert table["heading"][2] == "mean\ndelay"
    assert [row[:3] for row in table["rows"]] == [
        ["single", "1", "\N{EN DASH}"],
        ["synchronous", "4", "\N{EN DASH}"],
        ["synchronous", "4", "5 s"],
        ["asynchronous", "4", "\N{EN DASH}"],
        ["asynchronous", "4", "5 s"],
    ]
    # The abstract is about the runs without.
    cells = data["abstract"]["experiments"][0]["cells"]
    assert [cell["speed_up"] for cell in cells] == [None, "2.0", "3.6"]
    assert data["method"]["delays"] == "5"
    assert typeset(data, {}).startswith(b"%PDF-")


def test_runs_that_only_show_what_processors_do_have_no_table(tmp_path):
    curves = toy.family(tmp_path / "a", seeds=1)
    others = toy.family(tmp_path / "b", seeds=1, **{"configuration.mini_batch_size": 1})
    drawn = [
        read_figure(write(name, runs.load(folders), tmp_path)[-1], runs.load(folders))[0]
        for name, folders in [("ner-convergence", curves), ("utilisation", others)]
    ]
    cells = runs.load(curves + others)
    sizes = [cell.configuration["mini_batch_size"] for cell in module.learning(cells, drawn)]
    assert sizes == [4] * 4
    assert len(module.learning(cells, drawn[1:])) == 4
    assert len(module.learning(cells, drawn[:1])) == 8  # no figure shows the others
    data = content(cells, learning=module.learning(cells, drawn))
    assert len(tables(data)) == len(data["settings"]) == 1
    assert (data["abstract"]["runs"], data["abstract"]["configurations"]) == ("8", "8")
    assert "1 and 4" in said(data["settings"])
    assert typeset(data, {}).startswith(b"%PDF-")
    nothing = content(runs.load(others), learning=[])
    assert nothing["results"] == []
    assert typeset(nothing, {}).startswith(b"%PDF-")


def test_runs_without_single_processor_and_late_ones(tmp_path):
    alone = [toy.run(tmp_path / "x", "asynchronous", 2)]
    data = content(runs.load(alone))
    assert data["abstract"]["experiments"][0]["target"] is None
    text = printed(data, tmp_path / "alone")
    assert "a toy takes 0.62 s. There is no run of the single processor to compare with." in text
    assert "The target of" not in text
    late = [
        toy.run(tmp_path / "a", values=[0, 0.9, 0.9]),
        toy.run(tmp_path / "b", "asynchronous", 2, values=[0, 0.5, 0.5]),
    ]
    data = content(runs.load(late))
    assert tables(data)[0]["rows"][1][4] == "not reached"
    text = printed(data, tmp_path / "late")
    assert "; not at all by asynchronous, P = 2 (0 of 1 seeds reach it). Final F1:" in text


def test_some_late_seeds_leave_the_range_open(tmp_path):
    folders = [
        toy.run(tmp_path / f"{schedule}{seed}", schedule, processors, seed, values=values)
        for schedule, processors, ends in [
            ("single", 1, (0.9, 0.9, 0.9)), ("asynchronous", 2, (0.9, 0.9, 0.5)),
        ]
        for seed, end in enumerate(ends)
        for values in [[0, 0.9, end]]
    ]  # fmt: skip
    row = tables(content(runs.load(folders)))[0]["rows"][1]
    # 0.891 on the line from 0 to 0.9.
    assert row[4:6] == ["9.90", "from 9.90"]


def test_tasks_have_a_section_each_in_the_order_of_the_figures(tmp_path):
    tasks = ("tagging", "ner")
    folders = {task: toy.pair(tmp_path / task, task, seeds=1) for task in tasks}
    batch = toy.batch(tmp_path / "alignment", seeds=1)
    chosen = [
        ("tagging-convergence", folders["tagging"]),
        ("ner-convergence", folders["ner"]),
        ("ideal", folders["ner"] + folders["tagging"]),
        ("alignment-convergence", batch),
    ]
    drawn = [write(name, runs.load(one), tmp_path / "figures")[-1] for name, one in chosen]
    every = [*folders["ner"], *batch, *folders["tagging"]]
    cells = runs.load(every)
    shown = [module.as_shown(read_figure(path, cells)[0], path.name) for path in drawn]
    data = content(cells, shown)
    assert [
        (section["heading"], len(section["figures"]), len(section["tables"]))
        for section in data["results"]
    ] == [
        ("Part-of-speech tagging", 1, 1),
        ("Named-entity recognition", 1, 1),
        ("All tasks", 1, 0),
        ("Word alignment", 1, 1),
    ]
    # Batch learning is measured by the single processor, although another rule.
    rows = data["results"][-1]["tables"][0]["rows"]
    assert [row[0] for row in rows] == [
        "single", "synchronous", "asynchronous", "single-batch", "parallel-batch",
    ]  # fmt: skip
    assert rows[0][6] == "1.00"
    assert "the whole corpus" in said(data["settings"])
    out = tmp_path / "report.pdf"
    build(out, every, drawn)
    assert out.read_bytes().startswith(b"%PDF-")


def test_figure_of_other_runs_is_refused(folders, figure, tmp_path):
    cells = runs.load(folders[:-1])
    with pytest.raises(StalenessError, match="drawn from other runs"):
        read_figure(figure, cells)


@pytest.mark.parametrize("content", [None, "{", "[]", "{}", '{"format": 99}', '"x"'])
def test_figure_that_is_none_is_refused_in_one_line(folders, tmp_path, content):
    path = tmp_path / "f.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(StalenessError, match=r"not a figure.*staleness figure") as raised:
        read_figure(path, runs.load(folders))
    assert "\n" not in str(raised.value)


def test_figure_without_its_image_is_refused(folders, figure, tmp_path):
    (tmp_path / figure.name).write_bytes(figure.read_bytes())
    with pytest.raises(StalenessError, match="not a figure"):
        read_figure(tmp_path / figure.name, runs.load(folders))


def test_config_that_is_no_text_is_refused(tmp_path):
    path = tmp_path / "c.yaml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(StalenessError, match="not a readable text file"):
        read_config(path)


def test_no_runs_are_refused(tmp_path):
    with pytest.raises(StalenessError, match="no runs"):
        build(tmp_path / "r.pdf", [])


def test_warnings_are_errors_and_leave_nothing(folders, tmp_path, monkeypatch):
    template = tmp_path / "report.typ"
    template.write_text('#set text(font: "No Such Font")\nx')
    monkeypatch.setattr(module, "TEMPLATE", template)
    out = tmp_path / "out" / "r.pdf"
    with pytest.raises(StalenessError, match=r"without warning.*font"):
        build(out, folders)
    template.write_text("#nonsense")
    with pytest.raises(StalenessError, match="cannot be set"):
        build(out, folders)
    assert not out.parent.exists() or list(out.parent.iterdir()) == []


def test_only_backticks_are_markup(tmp_path):
    template = module.TEMPLATE.with_name("rich.typ")
    (tmp_path / "rich.typ").write_bytes(template.read_bytes())
    (tmp_path / "data.json").write_text(json.dumps({"text": "a *b* `c#`\n  $d"}))
    (tmp_path / "main.typ").write_text(
        '#import "rich.typ": rich\n#metadata(rich(json("data.json").text)) <text>\n'
    )
    found = json.loads(typst.query(str(tmp_path / "main.typ"), "<text>", field="value", one=True))
    assert [(piece["func"], piece["text"]) for piece in found["children"]] == [
        ("text", "a *b* "),
        ("raw", "c#"),
        ("text", " $d"),
    ]


def test_components_that_are_gone_are_said_to_be(folders, tmp_path):
    data = content(runs.load(folders))
    data["updates"] = _described({}, ["sgd"])
    assert "sgd. No longer part of the suite." in printed(data, tmp_path)
    assert "Metrics: F1 of the entities of the development set; precision" in printed(
        data, tmp_path
    )
