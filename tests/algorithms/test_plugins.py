"""Components of another distribution, found by its entry points, without a file of this project."""

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from staleness.algorithms.configuration import UPDATES
from staleness.kernels.core.learner import Learner
from staleness.workflow.store.record import read_curve

from ..plugins import contract

ROOT = Path(__file__).parents[2]
SCHEDULE = """
from dataclasses import dataclass

from staleness.algorithms.components import parameter
from staleness.algorithms.program import Instruction
from staleness.algorithms.schedules import Schedule


@dataclass(frozen=True)
class Convoy(Schedule):
    \"\"\"Asynchronous learning whose processors meet every so many mini-batches.\"\"\"

    name = "convoy"
    together: int = parameter(2, "mini-batches between meetings")

    @property
    def program(self):
        return (
            Instruction.DEAL,
            Instruction.COMPUTE,
            Instruction.DELAY,
            Instruction.LOCK,
            Instruction.UPDATE,
            Instruction.UNLOCK,
            (Instruction.REPEAT, self.together),
            Instruction.BARRIER,
        )
"""
OTHERS = """
from dataclasses import dataclass

from staleness.algorithms.costs import CostModel, Costs
from staleness.algorithms.updates.sgd import SGD


@dataclass(frozen=True)
class Timid(SGD):
    \"\"\"SGD with a smaller step.\"\"\"

    name = "timid"
    step_size: float = 0.2


class Even(CostModel):
    \"\"\"A second a mini-batch.\"\"\"

    name = "even"

    def costs(self, task, update, work, schedule=None, processors=1):
        return Costs(compute_fixed=1.0)

    def describe(self):
        return "a second a mini-batch"
"""
ENTRIES = """
[staleness.schedules]
convoy = convoy_plugin.schedule:Convoy

[staleness.updates]
timid = convoy_plugin.others

[staleness.costs]
even = convoy_plugin.others:Even
"""


FILES = Path(__file__).with_name("plugin")
CLUSTERING = """
[staleness.tasks]
clustering = convoy_plugin.clustering

[staleness.synthetic]
clustering = convoy_plugin.texts
"""


@pytest.fixture
def clustering(install, compile_cython):
    """Return what runs Python where a task with a model in Cython is found."""
    compiled = compile_cython(FILES / "mixture.pyx")
    return install(CLUSTERING, FILES / "clustering.py", FILES / "texts.py", compiled=[compiled])


def run(python, *arguments):
    """Return what `staleness run --json` says."""
    ran = python("-m", "staleness.workflow", "run", *arguments, "--json")
    assert ran.stderr == ""
    return json.loads(ran.stdout)


def test_what_a_distribution_brings_is_run(install, corpus_folder):
    python = install(ENTRIES, schedule=SCHEDULE, others=OTHERS)
    found = run(
        *(python, "ner", "--encoded", str(corpus_folder)),
        *("--schedule", "convoy", "--together", "3", "--processors", "2", "--epochs", "1"),
        *("--update", "timid", "--cost", "even"),
    )
    # 15 mini-batches of 4 examples, in pairs; the last round has one, and nothing to do beside it.
    assert found["seconds"] == 8.0
    assert found["updates"] == 15
    refused = python(
        *("-m", "staleness.workflow", "run", "ner", "--encoded", str(corpus_folder)),
        *("--schedule", "convoy", "--average-every", "3"),
    )
    assert refused.returncode == 1
    assert refused.stderr == (
        "staleness run: schedule 'convoy' has no parameter 'average_every': it has together\n"
    )


LOOK = """
import sys
from staleness.workflow.analysis import runs
from staleness.workflow.figures.ner_convergence import NERConvergence
(axes,) = NERConvergence().draw(runs.load(sys.argv[1:])).axes
print(*(line.get_color() for line in axes.lines if line.get_label().startswith("convoy")))
"""


def test_a_schedule_has_a_colour_of_its_own_in_figures(install, tmp_path):
    own = SCHEDULE.replace("import Schedule", "import Look, Schedule")
    own = own.replace('name = "convoy"', 'name = "convoy"\n    look = Look("#123456")')
    python = install(ENTRIES, schedule=own, others=OTHERS)
    corpus = "--corpus", "synthetic-ner", "--data", str(tmp_path / "data")
    folders = [str(tmp_path / schedule) for schedule in ("single", "convoy")]
    for folder in folders:
        learn = "ner", *corpus, "--schedule", Path(folder).name, "--epochs", "1"
        run(python, *learn, "--cost", "even", "--out", folder)
    drawn = python("-c", LOOK, *folders)
    assert (drawn.stderr, drawn.stdout) == ("", "#123456\n")


RULE = "[staleness.updates]\nwary = convoy_plugin.rule:WaryDescent\n"
POLICY = "[staleness.policies]\nhalving = convoy_plugin.policy\n"
STALE = ("--schedule", "asynchronous", "--processors", "4", "--epochs", "8", "--cost", "paper")


def test_a_rule_in_python_learns_and_sees_staleness(install, corpus_folder):
    python = install(RULE, FILES / "rule.py")
    learn = "ner", "--encoded", str(corpus_folder), *STALE
    found = run(python, *learn, "--update", "wary", "--step", "0.3")
    plain = "--update", "sgd", "--decay", "0", "--l2", "0", "--threshold", "0", "--step-size", "0.3"
    other = run(python, *learn, *plain)
    assert found["metrics"]["f1"] > 0.5
    assert found["updates"] == other["updates"]
    assert found["theta_sha256"] != other["theta_sha256"]
    # But for what is stale it is that.
    alone = "ner", "--encoded", str(corpus_folder), "--cost", "paper", "--schedule", "single"
    same = [run(python, *alone, *more) for more in (("--update", "wary"), plain)]
    assert same[0]["theta_sha256"] == same[1]["theta_sha256"]


def test_a_rule_that_fails_says_why(install, corpus_folder):
    broken = (FILES / "rule.py").read_text().replace("-weight", "-wait")
    python = install(RULE, rule=broken)
    ran = python(
        *("-m", "staleness.workflow", "run", "ner", "--encoded", str(corpus_folder), *STALE),
        *("--update", "wary"),
    )
    assert ran.returncode != 0
    assert "name 'wait' is not defined" in ran.stderr


def test_a_policy_weighs_steps(install, corpus_folder):
    python = install(POLICY, FILES / "policy.py")
    learn = "ner", "--encoded", str(corpus_folder), *STALE
    thetas = {
        run(python, *learn, *more)["theta_sha256"]
        for more in ((), ("--policy", "halving"), ("--policy", "halving", "--after", "3"))
    }
    assert len(thetas) == 3
    refused = python("-m", "staleness.workflow", "run", *learn, "--policy", "halving", "--after=0")
    assert refused.stderr == "staleness run: after must be at least 1, not 0\n"


METRIC = "[staleness.metrics]\nf2 = convoy_plugin.metric\n"
DESCRIBE = """
import sys
from staleness.workflow.store.reference import describe
(run,) = describe(sys.argv[1:])["runs"].values()
print(run["curve"])
"""


@pytest.mark.parametrize("schedule", ["single", "mapreduce-batch"])
def test_a_metric_is_shown_behind_those_of_its_task(install, corpus_folder, tmp_path, schedule):
    python = install(METRIC, FILES / "metric.py")
    learn = ["ner", "--encoded", str(corpus_folder), "--schedule", schedule, "--epochs", "12"]
    learn += ["--update", "lbfgs"] * (schedule != "single")
    found = run(python, *learn, "--out", str(tmp_path / "out"))
    plain = run(lambda *asked: python("-I", *asked), *learn)
    metrics = found["metrics"]
    *others, last = metrics
    assert (others, last) == (list(plain["metrics"]), "f2")
    precision, recall = metrics["precision"], metrics["recall"]
    assert metrics["f2"] == pytest.approx(5 * precision * recall / (4 * precision + recall))
    # Nobody's digests change for it.
    assert found["curve_sha256"] == plain["curve_sha256"]
    described = python("-c", DESCRIBE, str(tmp_path / "out"))
    assert described.stdout.strip() == found["curve_sha256"]
    assert read_curve(tmp_path / "out")["f2"][-1] == metrics["f2"]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        (("f2", "f1"), "task 'ner' has a metric 'f1' already: give that of convoy_plugin.metric"),
        (("ner", "knitting"), "unknown task 'knitting': choose one of alignment, ner, tagging"),
    ],
)
def test_a_metric_that_makes_no_sense_is_one_line(install, changed, said):
    python = install(METRIC, metric=(FILES / "metric.py").read_text().replace(*changed))
    ran = python("-m", "staleness.workflow", "run", "--help")
    assert ran.returncode == 1
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.slow
def test_a_model_in_cython_is_learned_by_the_rules_that_there_are(clustering, tmp_path):
    texts = "clustering", "--corpus", "synthetic-clustering", "--data", str(tmp_path / "data")
    costs = "--clock", "wall", "--oversubscribe"
    found = {
        epochs: run(clustering, *texts, *costs, "--schedule", "single", "--epochs", epochs)
        for epochs in ("1", "8")
    }
    likelihoods = [one["metrics"]["log_likelihood"] for one in found.values()]
    assert likelihoods[0] < likelihoods[1] < 0
    batch = "--schedule", "single-batch", "--update", "em", "--evaluations", "1", "--epochs", "9"
    out = tmp_path / "out"
    run(clustering, *texts, *costs, *batch, "--topics", "3", "--out", str(out))
    climbed = np.array(json.loads((out / "run.json").read_text())["log_likelihood_by_iteration"])
    # EM never goes down (Dempster, Laird & Rubin 1977); counts are float32.
    assert (np.diff(climbed) > -1e-6 * abs(climbed[1:])).all()
    assert climbed[-1] - climbed[0] > 100
    for more, said in (
        (("--update", "sgd"), "update 'sgd' is for ner, not clustering"),
        (("--update", "incremental-em"), "is for alignment, tagging, not clustering"),
    ):
        ran = clustering("-m", "staleness.workflow", "run", *texts, "--schedule", "single", *more)
        assert said in ran.stderr
        assert ran.stderr.count("\n") == 1
    jobs = "--schedule", "mapreduce-batch", "--update", "em", *costs
    ran = clustering("-m", "staleness.workflow", "run", *texts, *jobs)
    said = "MapReduce has models for alignment, ner, tagging, not for clustering: take another"
    assert said in ran.stderr
    assert ran.stderr.count("\n") == 1


@pytest.mark.slow
def test_the_model_of_the_plug_in_is_right(compile_cython):
    """Its statistics are those of the formula, in float64."""
    random = np.random.default_rng(1)
    offsets, words = np.array([0, 3, 3, 8, 9]), random.integers(5, size=9).astype(np.int32)
    counts = random.random((6, 2)).astype(np.float32)
    model = compile_cython(FILES / "mixture.pyx").MixtureOfUnigrams(offsets, words, counts)
    learner = Learner(model, UPDATES["stepwise-em"](smoothing=0.5).rule(), slots=2)
    learner.compute([3, 0, 1, 2], slot=1)
    counts = counts.astype(np.float64)
    shares = (counts[:5] + 0.5) / (counts[:5] + 0.5).sum(axis=0)
    priors = counts[5] / counts[5].sum()
    expected, likelihood = np.zeros((6, 2)), 0.0
    for begin, end in itertools.pairwise(offsets):
        joint = priors * shares[words[begin:end]].prod(axis=0)
        likelihood += np.log(joint.sum())
        np.add.at(expected, [*words[begin:end], 5], joint / joint.sum())
    np.testing.assert_allclose(model.statistics(1), expected, rtol=1e-12)
    np.testing.assert_allclose(model.theta, np.vstack([shares, priors]), rtol=1e-6)
    assert model.evaluate()[1] == pytest.approx(likelihood, rel=1e-12)
    learner.update(1)
    eta = 2**-0.7
    mixed = (1 - eta) * counts + eta * expected + [[0.5], [0.5], [0.5], [0.5], [0.5], [0]]
    mixed /= np.vstack([np.tile(mixed[:5].sum(axis=0), (5, 1)), [[mixed[5].sum()] * 2]])
    np.testing.assert_allclose(model.theta, mixed, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("entries", "files", "of", "chosen"),
    [
        (RULE, ["rule"], "updates/test_updates.py", "wary"),
        (RULE, ["rule"], "tasks/test_contract.py", "wary"),
        (RULE, ["rule"], "schedules/test_contract.py", "wary-asynchronous or wary-single"),
        (POLICY, ["policy"], "policies", "halving"),
    ],
)
def test_the_contracts_hold_for_what_is_one_file_of_python(install, entries, files, of, chosen):
    contract(
        install(entries, *(FILES / f"{name}.py" for name in files)), f"algorithms/{of}", chosen
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("of", "chosen"),
    [
        ("tasks/test_contract.py", "clustering"),
        ("schedules/test_contract.py", "clustering and not 9"),
    ],
)
def test_the_contracts_hold_for_a_model_in_cython(clustering, of, chosen):
    contract(clustering, f"algorithms/{of}", chosen)


@pytest.mark.slow
def test_the_contract_of_schedules_holds_for_it(install):
    python = install(ENTRIES, schedule=SCHEDULE, others=OTHERS)
    contract(python, "algorithms/schedules/test_contract.py", "convoy-2 and not em")


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("nowhere", "cannot be imported (ModuleNotFoundError("),
        ("convoy_plugin.schedule:Caravan", "cannot be imported (AttributeError("),
        ("convoy_plugin.broken", "cannot be imported (ZeroDivisionError("),
        (
            "convoy_plugin",
            "has no component: expected a subclass of staleness.algorithms.schedules",
        ),
        ("convoy_plugin.others:Even", "has no component: expected a subclass of"),
        ("convoy_plugin.nameless", ": Nameless has no name: give it one"),
        (
            "convoy_plugin.taken",
            ": the name 'single' is that of staleness.algorithms.schedules.single.Single already",
        ),
        ("convoy_plugin.option", "schedule 'option': --epochs is another option already"),
    ],
)
def test_what_is_wrong_is_one_line_that_names_the_distribution(install, entry, said):
    derived = "from staleness.algorithms.schedules.single import Single\nclass {}(Single): {}\n"
    python = install(
        f"[staleness.schedules]\nbad = {entry}\n",
        schedule=SCHEDULE,
        others=OTHERS,
        broken="1 / 0\n",
        nameless=derived.format("Nameless", "pass"),
        taken=derived.format("Taken", "name = 'single'"),
        option="from dataclasses import dataclass\n"
        + derived.replace("class", "@dataclass(frozen=True)\nclass").format(
            "Option", "name = 'option'; epochs: int = 1"
        ),
    )
    ran = python("-m", "staleness.workflow", "run", "--help")
    assert ran.returncode == 1
    assert ran.stderr.count("\n") == 1
    assert said in ran.stderr
    assert "option" in entry or f"convoy: entry point {entry} of staleness.schedules" in ran.stderr
