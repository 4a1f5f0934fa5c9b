"""Components of another distribution, found by its entry points, without a file of this project."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

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
            Instruction.CALC,
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
        return Costs(calc_fixed=1.0)

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


@pytest.fixture
def install(tmp_path):
    """Return a function that makes a distribution, and one that runs Python where it is found."""

    def make(entries, **modules):
        package, about = tmp_path / "convoy_plugin", tmp_path / "convoy-1.0.dist-info"
        for folder in (package, about):
            folder.mkdir()
        for name, text in {"__init__": "", **modules}.items():
            (package / f"{name}.py").write_text(text)
        (about / "METADATA").write_text("Metadata-Version: 2.1\nName: convoy\nVersion: 1.0\n")
        (about / "entry_points.txt").write_text(entries)

        def python(*arguments):
            return subprocess.run(
                [sys.executable, *arguments],
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": str(tmp_path)},
                capture_output=True,
                check=False,
                text=True,
            )

        return python

    return make


def test_what_a_distribution_brings_is_run(install, corpus_folder):
    python = install(ENTRIES, schedule=SCHEDULE, others=OTHERS)
    ran = python(
        *("-m", "staleness.workflow", "run", "ner", "--encoded", str(corpus_folder), "--json"),
        *("--schedule", "convoy", "--together", "3", "--processors", "2", "--epochs", "1"),
        *("--update", "timid", "--cost", "even"),
    )
    assert ran.stderr == ""
    found = json.loads(ran.stdout)
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


@pytest.mark.slow
def test_the_contract_of_schedules_holds_for_it(install):
    python = install(ENTRIES, schedule=SCHEDULE, others=OTHERS)
    contract = "tests/algorithms/schedules/test_contract.py"
    ran = python(
        "-m", "pytest", "-q", "-p", "no:cacheprovider", contract, "-k", "convoy-2 and not em"
    )
    assert ran.returncode == 0, ran.stdout
    assert " passed" in ran.stdout


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
