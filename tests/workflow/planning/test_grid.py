"""From the config to cells."""

import copy
import dataclasses
from pathlib import Path

import jsonschema
import pytest
import yaml

from staleness.algorithms.configuration import Configuration
from staleness.algorithms.errors import StalenessError
from staleness.workflow import claims
from staleness.workflow.analysis import grouping, selection
from staleness.workflow.claims import judge
from staleness.workflow.planning import grid as module
from staleness.workflow.planning.configured import layered
from staleness.workflow.planning.grid import Grid
from staleness.workflow.store import digests

from ..claims import made_up

CONFIG = Path(__file__).parents[3] / "config"
SCHEMA = yaml.safe_load((CONFIG / "schema.yaml").read_text())
REGISTERED = ("conll2003-en", "europarl-de-en")  # the second without SHA-256 of its members
COMMON = {"task": "ner", "corpus": "conll2003-en", "epochs": 1}


def config(*cells, **changes):
    figure = {"common": COMMON, "cells": list(cells)}
    return {"seeds": [0, 1], "figures": {"ner-convergence": figure}, **changes}


def slugs(grid):
    """Return the names of a figure's cells without their digests."""
    return [name.rpartition("-")[0] for name in grid.figures["ner-convergence"]]


@pytest.mark.parametrize("path", sorted(CONFIG.glob("*.yaml")), ids=lambda path: path.name)
def test_every_config_is_valid(path):
    if path.name == "schema.yaml":
        jsonschema.Draft202012Validator.check_schema(SCHEMA)
        return
    content = layered(path, CONFIG.parent)
    jsonschema.validate(content, SCHEMA)
    assert Grid(content).run_folders()


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(seed=[1]),
        lambda c: c.update(seeds=[]),
        lambda c: c.update(seeds=[0, 0]),
        lambda c: c.update(seeds=[0.5]),
        lambda c: c["figures"]["ner-convergence"].update(cell=[]),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(seed=1),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(processor=4),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(processors=0),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(corpus="../x"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(corpus="a; rm -r b"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(delay_mean="fast"),
        lambda c: c.update(corpora={"mine": {"train": "a"}}),
        lambda c: c.update(corpora={"mine": {"format": "conll", "corpus": "conll2003-en"}}),
        lambda c: c.update(corpora={"mine": {"corpus": "conll2003-en", "trian": "a"}}),
        lambda c: c.update(results="a\nb"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(processors="all"),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(
            processors="cores", clock="simulated"
        ),
        lambda c: c["figures"]["ner-convergence"]["cells"][0].update(evaluations=-1),
    ],
)
def test_the_schema_refuses_what_it_does_not_know(change):
    good = config({"schedule": "single"})
    jsonschema.validate(good, SCHEMA)
    bad = copy.deepcopy(good)
    change(bad)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(bad, SCHEMA)


def test_lists_are_one_cell_an_element():
    grid = Grid(
        config(
            {"schedule": "single"},
            {"schedule": ["synchronous", "asynchronous"], "processors": [2, 4], "cost": "paper"},
        )
    )
    assert slugs(grid) == [
        "ner/conll2003-en.sgd.single.P1.m4.e1x4.simulated-measured",
        "ner/conll2003-en.sgd.synchronous.P2.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.synchronous.P4.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.asynchronous.P2.m4.e1x4.simulated-paper",
        "ner/conll2003-en.sgd.asynchronous.P4.m4.e1x4.simulated-paper",
    ]
    assert len(grid.run_folders()) == len(set(grid.run_folders())) == 10


@pytest.mark.parametrize(("cores", "several"), [(1, 1), (2, 2), (4, 4), (64, 4)])
def test_as_many_processors_as_there_are_cores(monkeypatch, cores, several):
    monkeypatch.setattr(module, "allowed_cpus", lambda: list(range(cores)))
    asked = config({"schedule": ["single", "asynchronous"], "processors": "cores", "clock": "wall"})
    jsonschema.validate(asked, SCHEMA)
    assert slugs(Grid(asked)) == [
        "ner/conll2003-en.sgd.single.P1.m4.e1x4.wall",
        f"ner/conll2003-en.sgd.asynchronous.P{several}.m4.e1x4.wall",
    ]


def test_cores_of_other_machines_are_those_of_the_config(monkeypatch):
    monkeypatch.setattr(module, "allowed_cpus", lambda: [0])
    asked = config({"schedule": "asynchronous", "processors": "cores", "clock": "wall"})
    asked["cores"] = 3
    jsonschema.validate(asked, SCHEMA)
    assert slugs(Grid(asked)) == ["ner/conll2003-en.sgd.asynchronous.P3.m4.e1x4.wall"]


def test_a_cell_named_twice_is_run_once():
    grid = Grid(config({"schedule": "single"}, {"schedule": ["single"], "processors": 1}))
    assert len(grid.run_folders("ner-convergence")) == 2


def test_names_that_are_alike_in_what_is_told_of_them_are_told_apart():
    """A name is cut where file systems would not take it."""
    configuration = Configuration("ner", "single")
    names = [module.cell_name(configuration, "a" * 200 + last) for last in "bc"]
    assert len(set(names)) == 2
    assert len({name.rpartition("-")[0] for name in names}) == 1


FOUR = {"schedule": "asynchronous", "processors": 4}
BATCH = {"task": "tagging", "update": "em", "corpus": "brown"}
JOBS = {**BATCH, "schedule": "mapreduce-batch", "processors": 24}
# A cell, and one field with values that each make another cell of it.
CHANGES = [
    (FOUR, "task", ["tagging", "alignment"]),
    (FOUR, "schedule", ["synchronous", "lock-free", "replicated"]),
    (FOUR, "update", ["perceptron", "mira"]),
    (FOUR, "hyper_parameters", [{"step_size": 0.5}, {"step_size": 0.5 + 1e-9}, {"l2": 0.5}]),
    (FOUR, "processors", [3]),
    (FOUR, "mini_batch_size", [8]),
    (FOUR, "epochs", [2]),
    (FOUR, "evaluations", [9]),
    (FOUR, "clock", ["wall"]),
    (FOUR, "cost", ["paper"]),
    (FOUR, "calibration", ["mine/a.json", "yours/a.json", "mine/a b.json"]),
    (FOUR, "delay_mean", ["8x", "8s", "16x"]),
    ({**FOUR, "delay_mean": "8x"}, "delay_probability", [0.5, 0.5 + 1e-9]),
    ({**FOUR, "schedule": "replicated"}, "schedule_parameters", [{"average_every": 100}]),
    (FOUR, "policy", ["inverse", "drop", "delay-adaptive"]),
    ({**FOUR, "policy": "inverse"}, "policy_parameters", [{"exponent": 0.5}]),
    ({**FOUR, "policy": "drop"}, "policy_parameters", [{"most_stale": 8}, {"most_stale": 9}]),
    ({**FOUR, "clock": "wall"}, "oversubscribe", [True]),
    ({**JOBS, "clock": "wall"}, "engine", ["tcp://127.0.0.1:8786", "tcp://127.0.0.1:8787"]),
    (JOBS, "schedule_parameters", [{"mappers": 8}, {"reducers": 8}]),
    (
        {**JOBS, "schedule": "mapreduce-asynchronous", "update": None},
        "schedule_parameters",
        [{"jobs_in_flight": 2}],
    ),
    (JOBS, "job_startup", ["20s"]),
]
NO_PART_OF_A_CELL = {"seed"}


def test_whatever_changes_a_run_changes_its_folder(tmp_path, monkeypatch):
    """No two of these cells share one."""
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(("mine/a.json", "yours/a.json", "mine/a b.json")):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(str(number))
    corpora = {"ner": "conll2003-en", "tagging": "brown", "alignment": "sblgnt-bsb"}
    cells = []
    for base, field, values in CHANGES:
        for cell in (base, *({**base, field: value} for value in values)):
            chosen = {**COMMON, **cell}
            chosen["corpus"] = corpora[chosen["task"]]
            if chosen not in cells:
                cells.append(chosen)
    grid = Grid(config(*cells))
    assert len(grid.figures["ner-convergence"]) == len(cells) > 30
    fields = {field.name for field in dataclasses.fields(Configuration)}
    assert {field for _, field, _ in CHANGES} == fields - NO_PART_OF_A_CELL


@pytest.mark.parametrize(
    "cell",
    [
        {**FOUR, "policy": "none"},
        {"schedule": "single", "policy": "inverse"},
        {"schedule": "synchronous", "processors": 4, "policy": "drop"},
    ],
    ids=str,
)
def test_a_policy_that_makes_no_difference_is_no_other_cell(cell):
    without = {name: value for name, value in cell.items() if name != "policy"}
    assert len(slugs(Grid(config(cell, without)))) == 1


def test_policies_reach_the_command_line():
    cell = {**FOUR, "policy": "inverse", "policy_parameters": {"exponent": [0.5, 1.0]}}
    asked = config(cell)
    jsonschema.validate(asked, SCHEMA)
    grid = Grid(asked)
    names = [key.removeprefix("ner/") for key in grid.figures["ner-convergence"]]
    assert [".inverse.exponent-0.5" in names[0], ".inverse.exponent-1-" in names[1]] == [True] * 2
    arguments = " ".join(grid.run_arguments("ner", names[0]))
    assert " --policy inverse " in arguments
    assert arguments.endswith("--exponent 0.5")


def test_another_corpus_is_another_folder():
    """Also where one name goes on as the other's cell would."""
    corpora = {
        "a": {"corpus": "synthetic-ner", "examples": 9},
        "a.sgd.single.P1": {"corpus": "synthetic-ner"},
    }
    cells = [{"schedule": "single", "corpus": name} for name in corpora]
    assert len(Grid(config(*cells, corpora=corpora))._cells) == 2


def test_a_list_of_a_parameter_is_a_cell_an_element():
    parameters = {"average_every": [10, 250]}
    cell = {"schedule": "replicated", "processors": 2, "schedule_parameters": parameters}
    asked = config({**cell, "hyper_parameters": {"step_size": [0.1, 0.3], "l2": 1.0}})
    jsonschema.validate(asked, SCHEMA)
    assert [slug.partition(".simulated-measured")[2] for slug in slugs(Grid(asked))] == [
        ".step_size-0.1.average_every-10",
        ".average_every-10",
        ".step_size-0.1",
        "",
    ]


def test_a_parameter_that_a_schedule_has_not_is_refused():
    with pytest.raises(StalenessError, match="schedule 'single' has no parameter 'average_every'"):
        Grid(config({"schedule": "single", "schedule_parameters": {"average_every": 3}}))


@pytest.mark.parametrize(
    "change",
    [{"engine": "tcp://127.0.0.1:8786"}, {"delay_probability": 0.5}, {"oversubscribe": True}],
)
def test_what_has_no_effect_changes_no_folder(change):
    cells = [{"schedule": "single"}, {"schedule": "single", **change}]
    assert len(Grid(config(*cells))._cells) == 1


def test_a_folder_s_name_is_one_whatever_is_in_it():
    cell = {"schedule": "single", "hyper_parameters": {"step_size": 1 / 3}}
    name = "a" * 200
    asked = config({**cell, "corpus": name}, corpora={name: {"corpus": "synthetic-ner"}})
    (key,) = Grid(asked).figures["ner-convergence"]
    assert len(key.partition("/")[2]) <= 200


def test_a_calibration_counts_by_what_it_holds(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    cell = {"schedule": "single", "calibration": "mine.json"}

    def names():
        return Grid(config(cell)).figures["ner-convergence"]

    with pytest.raises(StalenessError, match=r"calibration mine\.json: No such file .*: make it"):
        names()
    (tmp_path / "mine.json").write_text("{}")
    before = names()
    assert Grid(config(cell)).calibration(*before[0].split("/")) == []
    (tmp_path / "mine.json").write_text("[]")
    assert names() != before
    # What the workflow makes cannot be read before it is made: Snakemake watches it.
    cell["calibration"] = "results/validation/calibration.json"
    (key,) = names()
    assert Grid(config(cell)).calibration(*key.split("/")) == [cell["calibration"]]


def test_what_a_run_is_like():
    grid = Grid(config({"schedule": "single"}, {"schedule": "asynchronous", "processors": 4}))
    first, second = (grid.like(*key.split("/")) for key in grid.figures["ner-convergence"])
    assert first == second == ("ner", True, 1, 4, "conll2003-en", "sgd")


def test_what_makes_the_updates_of_another_is_timed_with_its_run():
    cell = {"schedule": "synchronous", "processors": [2, 4], "cost": "paper", "delay_mean": "2s"}
    grid = Grid(config(cell))
    two, four = (key.split("/") for key in grid.figures["ner-convergence"])
    (path,) = grid.learned(*two, 1)
    assert grid.learned(*four, 1) == [path]
    assert "single.P1.m4.e1x4.simulated-paper-" in path
    assert path.endswith("/seed-1/run.json")
    folder = path.removeprefix("results/runs/").removesuffix("/seed-1/run.json")
    configuration, _ = grid._cells[folder]
    assert configuration == Configuration(task="ner", schedule="single", epochs=1, cost="paper")
    assert grid.learned(*folder.split("/"), 1) == []
    # It is an input of these runs, and nothing that the figure shows.
    assert not any("single" in folder for folder in grid.run_folders())
    assert grid.like(*two)[1] is False


def test_a_job_startup_changes_a_folder_and_reaches_the_command_line():
    from staleness.workflow.cli import parser
    from staleness.workflow.commands.run import configuration_from

    cell = {"task": "tagging", "corpus": "brown", "update": "em", "processors": 24}
    cell |= {"schedule": "mapreduce-batch", "job_startup": ["measured", "20s"]}
    grid = Grid(config(cell))
    first, second = slugs(grid)
    assert second == f"{first}.startup-20s"
    second = grid.figures["ner-convergence"][1]
    arguments = grid.run_arguments(*second.split("/"))
    assert "--engine" not in arguments
    assert configuration_from(parser().parse_args(["run", *arguments])).job_startup == "20s"


def test_as_many_workers_as_this_machine_has_cores():
    cell = {"task": "tagging", "corpus": "brown", "update": "em", "clock": "wall"}
    asked = Grid(config({**cell, "schedule": "mapreduce-batch", "processors": "cores"}))
    (name,) = asked.figures["ner-convergence"]
    assert f".P{min(len(module.allowed_cpus()), module.MOST_CORES)}." in name


def test_arguments_are_those_of_the_command_line():
    """What the workflow asks for is what the command line understands it to be."""
    from staleness.workflow.cli import parser
    from staleness.workflow.commands.run import configuration_from

    cell = {
        "schedule": "asynchronous",
        "processors": 4,
        "mini_batch_size": 16,
        "delay_mean": "8x",
        "delay_probability": 0.5,
        "cost": "paper",
        "hyper_parameters": {"step_size": 0.5},
    }
    grid = Grid(config(cell))
    (key,) = grid.figures["ner-convergence"]
    arguments = grid.run_arguments(*key.split("/"))
    understood = configuration_from(parser().parse_args(["run", *arguments, "--seed", "0"]))
    assert understood == grid._cells[key][0]


@pytest.mark.parametrize(("mean", "counts"), [("8x", True), ("5s", False), (None, False)])
@pytest.mark.parametrize("cost", [{"cost": "paper"}, {"calibration": "results/mine.json"}], ids=str)
def test_a_pause_in_mini_batches_is_as_long_as_the_config_says(mean, counts, cost):
    """On the wall clock too, where nothing else asks what a mini-batch costs."""
    from staleness.workflow.cli import parser
    from staleness.workflow.commands.run import configuration_from

    timed = {"schedule": "single", "clock": "wall", "delay_mean": mean}
    grid = Grid(config({**timed, **cost}, timed))
    first, *others = grid.figures["ner-convergence"]
    assert len(others) == counts, "another cell than that of the cost model by default"
    key = first.split("/")
    understood = configuration_from(parser().parse_args(["run", *grid.run_arguments(*key)]))
    for name, value in cost.items():
        assert getattr(understood, name) == (value if counts else None)
    assert grid.calibration(*key) == (
        [cost["calibration"]] if counts and "cost" not in cost else []
    )


OWN = {"format": "conll", "train": "my train.txt", "dev": "dev.txt"}


def of(name, **corpora):
    return {"cells": {"schedule": "single", "corpus": name}, "corpora": corpora}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"figures": {"pie": {"cells": [{}]}}}, "unknown figure 'pie'"),
        ({"claims": {"pie": {"cells": [{}]}}}, "unknown claim 'pie': choose from .*delays"),
        ({"claims": {"delays": {"cells": [{}]}}}, "claim delays, {}: a cell needs task"),
        ({"cells": {"schedule": "single", "processors": 2}}, "has 1 processor, not 2"),
        ({"cells": {"schedule": "round-robin"}}, "unknown schedule 'round-robin'"),
        ({"cells": {"schedule": "single", "processors": "cores"}}, "is for 'clock: wall'"),
        ({"cells": {"schedule": "single", "corpus": "nowhere"}}, "nowhere"),
        ({"cells": {}}, "needs task, corpus and schedule"),
        ({"cells": {"schedule": "single", "hyper_parameters": {"alpha": 1}}}, "'alpha'"),
        ({"corpora": {"conll2003-en": {"format": "conll"}}}, "registered corpus"),
        (of("x", x={"format": "conll", "train": "a"}), "format conll also needs dev"),
        (of("x", x={"format": "conl", "train": "a"}), "unknown format 'conl'"),
        (of("x", x={**OWN, "min_cuont": 1}), "no option 'min_cuont'"),
        (of("x", x={"corpus": "conll2003-en", "examples": 0}), "examples is 0"),
        (of("x", x={"corpus": "y"}), "unknown corpus 'y'"),
        (of("x", x={"corpus": "y"}, y={"corpus": "conll2003-en"}), "which is no corpus itself"),
    ],
)
def test_what_makes_no_sense_is_refused_with_the_reason(changes, said):
    cell = changes.pop("cells", {"schedule": "single"})
    with pytest.raises(StalenessError, match=said):
        Grid(config(cell, **changes))


def test_a_corpus_of_ones_own():
    grid = Grid(config({"schedule": "single", "corpus": "mine"}, corpora={"mine": OWN}))
    assert grid.fetched("mine") == []
    assert grid.corpus_arguments("mine")[-4:] == ["--train", "my train.txt", "--dev", "dev.txt"]
    (key,) = grid.figures["ner-convergence"]
    assert grid.encoded(*key.split("/")) == "results/encoded/mine/corpus.json"


def test_a_mirror_counts_where_nothing_else_says_what_a_text_is():
    texts = [
        {name: Grid(config({"schedule": "single"}, **mirror)).text(name) for name in REGISTERED}
        for mirror in ({}, {"mirror": "a"}, {"mirror": "b"})
    ]
    pinned, unpinned = ([text[name] for text in texts] for name in REGISTERED)
    assert pinned[0] == pinned[1] == pinned[2]
    assert unpinned[0] != unpinned[1] != unpinned[2]


@pytest.mark.parametrize(
    ("corpora", "arguments", "fetched"),
    [
        (
            {"short": {"corpus": "conll2003-en", "examples": 20, "min_count": 1}},
            ["conll2003-en", "--examples", "20", "--min-count", "1"],
            ["results/corpora/conll2003-en/source.json"],
        ),
        (
            {"short": {"corpus": "mine", "examples": 20}, "mine": {**OWN, "min_count": 1}},
            [
                *("--name", "mine", "--format", "conll", "--train", OWN["train"]),
                *("--dev", "dev.txt", "--min-count", "1", "--examples", "20"),
            ],
            [],
        ),
    ],
)
def test_the_same_corpus_with_other_options(corpora, arguments, fetched):
    from staleness.workflow.cli import parser

    asked = config({"schedule": "single", "corpus": "short"}, corpora=corpora)
    jsonschema.validate(asked, SCHEMA)
    grid = Grid(asked)
    (key,) = grid.figures["ner-convergence"]
    assert key.startswith("ner/short.")
    assert grid.encoded(*key.split("/")) == "results/encoded/short/corpus.json"
    assert grid.corpus_arguments("short") == arguments
    assert grid.fetched("short") == fetched
    assert grid.origin("short")["options"]["examples"] == 20
    assert grid.origin("short")["options"]["min_count"] == 1
    assert parser().parse_args(["encode", *arguments]).examples == 20


def test_a_synthetic_corpus():
    corpora = {"large": {"corpus": "synthetic-ner", "examples": 50_000}}
    cells = {"schedule": "single", "corpus": "large"}, {"schedule": "single"}
    grid = Grid(config(*cells, corpora=corpora))
    assert grid.fetched("large") == grid.fetched("synthetic-ner") == []
    assert grid.corpus_arguments("large") == ["synthetic-ner", "--examples", "50000"]
    assert grid.origin("large") != grid.origin("synthetic-ner")
    with pytest.raises(StalenessError, match="large is for ner, not tagging"):
        Grid(config({**cells[0], "task": "tagging"}, corpora=corpora))


def test_files_of_ones_own_count_by_what_they_hold(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    grid = Grid(config({"schedule": "single", "corpus": "mine"}, corpora={"mine": OWN}))

    def origin():
        digests.file_digest.cache_clear()
        return grid.origin("mine")

    missing = origin()
    (tmp_path / "dev.txt").write_text("EU O\n")
    there = origin()
    (tmp_path / "dev.txt").touch()
    assert origin() == there != missing
    (tmp_path / "dev.txt").write_text("EU B-X\n")
    assert origin() != there


# ---- claims -------------------------------------------------------------------------------------


def test_a_claim_has_cells_like_a_figure_and_shares_them():
    cells = [{"schedule": "single"}, {"schedule": "synchronous", "processors": 4}]
    asked = config({"schedule": "single"}, claims={"schedules": {"common": COMMON, "cells": cells}})
    jsonschema.validate(asked, SCHEMA)
    grid = Grid(asked)
    assert grid.claims["schedules"][0] == grid.figures["ner-convergence"][0]
    assert len(grid.run_folders()) == 4
    assert len(grid.run_folders("ner-convergence")) == 2
    assert grid.claim_files() == [f"{folder}/run.json" for folder in grid.run_folders()]
    assert grid.claim_arguments() == ["--of", "schedules", *grid.run_folders()]


def test_without_claims_there_are_none():
    grid = Grid(config({"schedule": "single"}))
    assert (grid.claims, grid.claim_files(), grid.claim_arguments()) == ({}, [], [])


@pytest.mark.parametrize("name", ["config.yaml", "smoke.yaml", "paper.yaml"])
def test_the_cells_of_a_claim_are_those_it_needs(name):
    grid = Grid(layered(CONFIG / name, CONFIG.parent))
    assert len(grid.claims) >= 6
    for claim, keys in grid.claims.items():
        made = [made_up.of_configuration(*grid._cells[key]) for key in keys]
        judged = claims.claims()[claim]()
        for task, cells in grouping.by_task(made).items():
            found = [
                id(cell)
                for group in judge.experiments(judged, task, cells)
                for cell in selection.each(selection.select(judged.needs(task), group))
            ]
            assert set(found) == set(map(id, cells)), claim


# ---- validation ---------------------------------------------------------------------------------


VALIDATION = {
    "task": "ner",
    "corpus": "conll2003-en",
    "update": "sgd",
    "schedules": ["single", "asynchronous"],
    "mini_batches": [4, 16],
    "epochs": 2,
    "rounds": 3,
}


def test_validation_is_one_command():
    from staleness.workflow.cli import parser

    asked = config({"schedule": "single"}, validation=VALIDATION)
    jsonschema.validate(asked, SCHEMA)
    grid = Grid(asked)
    assert grid.validation_corpus() == "results/encoded/conll2003-en/corpus.json"
    arguments = ["validate", *grid.validation_arguments(), "--out", "x"]
    understood = vars(parser().parse_args(arguments))
    expected = {name: value for name, value in VALIDATION.items() if name != "corpus"}
    assert expected.items() <= understood.items()
    assert grid.run_folders() == Grid(config({"schedule": "single"})).run_folders()


def test_validation_of_what_there_is_by_default():
    entry = {"task": "ner", "corpus": "mine"}
    asked = config({"schedule": "single"}, validation=entry, corpora={"mine": OWN})
    jsonschema.validate(asked, SCHEMA)
    grid = Grid(asked)
    assert grid.validation_arguments() == ["ner"]
    assert grid.validation_corpus() == "results/encoded/mine/corpus.json"


def test_a_validation_that_makes_no_sense():
    with pytest.raises(StalenessError, match="config: nothing to validate: add an entry"):
        Grid(config({"schedule": "single"})).validation_arguments()
    with pytest.raises(StalenessError, match="config: validation: corpus brown is for tagging"):
        Grid(config({"schedule": "single"}, validation={**VALIDATION, "corpus": "brown"}))


def test_a_claim_may_have_seeds_of_its_own():
    cell = {**COMMON, "schedule": "single"}
    asked = config(cell, claims={"schedules": {"seeds": [1, 5, 3], "cells": [cell]}})
    grid = Grid(asked)
    (key,) = grid.claims["schedules"]

    def seeds(folders):
        return [int(folder.removeprefix(f"results/runs/{key}/seed-")) for folder in folders]

    assert seeds(grid.run_folders("ner-convergence")) == [0, 1]
    assert seeds(grid.claim_arguments()[2:]) == [1, 3, 5]
    assert seeds(grid.run_folders()) == [0, 1, 3, 5]  # each once


def test_what_is_not_random_is_run_once():
    batch = {"update": "em", "schedule": "parallel-batch", "processors": 2}
    cells = [
        {**batch, "task": "alignment", "corpus": "sblgnt-bsb"},
        {**batch, "task": "tagging", "corpus": "brown"},
    ]
    figure = {"cells": cells}
    folders = Grid({"seeds": [4, 2], "figures": {"alignment-convergence": figure}}).run_folders()
    assert [folder.rpartition("/")[2] for folder in folders] == ["seed-4", "seed-2", "seed-4"]


TARGETS = {
    "conll2003-en": {"metric": "f1", "start": 0, "best": 0.9, "chosen": "so"},
    "brown": {"metric": "log_likelihood", "start": -2.5e6, "best": -1e6, "chosen": "so"},
    "sblgnt-bsb": None,  # which an overlay takes away
}
OF_NER = ["--target", "results/encoded/conll2003-en", "f1", "0", "0.9"]


def test_targets_are_those_of_the_corpora_that_are_shown():
    tagging = {"task": "tagging", "corpus": "brown", "schedule": "single"}
    alignment = {"task": "alignment", "corpus": "sblgnt-bsb", "schedule": "single"}
    entries = {
        "ner-convergence": {"cells": [{**COMMON, "schedule": "single"}]},
        "tagging-convergence": {"cells": [tagging]},
        "alignment-convergence": {"cells": [alignment]},
    }
    grid = Grid({"seeds": [0], "targets": TARGETS, "figures": entries})
    assert grid.target_arguments("ner-convergence") == OF_NER
    assert grid.target_arguments("alignment-convergence") == []
    assert len(grid.target_arguments()) == 2 * len(OF_NER)
    judged = Grid(
        config(
            {"schedule": "single"},
            targets=TARGETS,
            claims={"schedules": entries["ner-convergence"]},
        )
    )
    assert judged.claim_arguments()[: len(OF_NER)] == OF_NER


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("cheese", {}, "targets: cheese: unknown corpus 'cheese'"),
        ("brown", {}, "targets: brown: unknown metric 'f1': choose one of log_likelihood"),
        ("conll2003-en", {"best": 0}, "targets: conll2003-en: start and best are the same"),
    ],
)
def test_targets_that_make_no_sense_are_refused(name, change, said):
    targets = {name: {**TARGETS["conll2003-en"], **change}}
    with pytest.raises(StalenessError, match=f"^config: {said}"):
        Grid(config({"schedule": "single"}, targets=targets))
