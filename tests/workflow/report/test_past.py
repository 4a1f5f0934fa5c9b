"""What a mini-batch costs and the table of experiments, by runs of which everything is known."""

from types import SimpleNamespace

import numpy as np
import pytest

from staleness.algorithms.clocks import TRACE
from staleness.algorithms.costs.paper import SECONDS
from staleness.workflow.analysis import runs
from staleness.workflow.report.build import typeset
from staleness.workflow.report.content import content
from staleness.workflow.report.past import (
    EXPERIMENTS,
    MiniBatch,
    comparable,
    experiments,
    then_and_now,
)

from ..figures import toy
from .test_build import printed

NOW = {"configuration.cost": "measured"}


def traced(folder, schedule, processors, seconds, compute, update, wait, **changes):
    """Write a run of 100 updates: each mini-batch takes what is asked for."""
    batches = 100
    rows = {
        "processor": np.arange(batches) % processors,
        "start": np.zeros(batches),
        "computed": np.full(batches, compute),
        "delay": np.zeros(batches),
        "barrier_wait": np.zeros(batches),
        "lock_wait": np.full(batches, wait),
        "update": np.full(batches, update),
        "end": np.full(batches, compute + update + wait),
        "update_number": np.arange(batches) + 1,
        "staleness": np.zeros(batches),
    }
    epoch = np.array([0.0, 1.0])
    curve = {
        "time_s": epoch * seconds * batches,
        "updates": (epoch * batches).astype(int),
        "examples": (epoch * 4 * batches).astype(int),
        "epoch": epoch,
        "f1": epoch,
    }
    return toy.write(folder, toy.about(schedule, processors, **changes), curve, rows)


@pytest.fixture
def family(tmp_path):
    folders = [
        traced(tmp_path / "a", "single", 1, 0.62, 0.62, 0.0, 0.0),
        traced(tmp_path / "b", "synchronous", 4, 0.31, 0.155, 0.0, 0.155),
        traced(tmp_path / "c", "asynchronous", 4, 0.155, 0.62, 0.0, 0.0),
        traced(tmp_path / "d", "single", 1, 12e-6, 10e-6, 2e-6, 0.0, **NOW),
        traced(tmp_path / "e", "synchronous", 4, 10e-6, 3e-6, 2e-6, 6e-6, **NOW),
        traced(tmp_path / "f", "asynchronous", 4, 4e-6, 10e-6, 3e-6, 1e-6, **NOW),
        traced(tmp_path / "g", "asynchronous", 8, 4e-6, 10e-6, 3e-6, 9e-6, **NOW),
    ]
    return runs.load(folders)


def test_mini_batch_then_and_now(family):
    found = then_and_now(family)
    assert (found["size"], found["then"], found["thousandth"]) == ("4", f"{SECONDS} s", "620 µs")
    alone = {"each": "12.0 µs", "faster": "52,000", "lasts": "52"}
    assert {name: found["alone"][name] for name in alone} == alone
    synchronous, asynchronous = found["sharing"]  # on 8 there is none then to compare with
    shared = {"processors": "4", "clock": "simulated, cost measured"}
    assert synchronous == {
        **{"schedule": "synchronous", **shared},
        **{"computing": "3.00 µs", "update": "2.00 µs", "waiting": "6.00 µs"},
        "waiting_share": "67 %",
    }
    assert asynchronous == {
        **{"schedule": "asynchronous", **shared},
        **{"computing": "10.0 µs", "update": "3.00 µs", "waiting": "1.00 µs"},
        # 12 µs by one over 3 µs that only one may spend at a time.
        **{"most": "4.0", "share_of_then": "0.0005 %"},
    }


def test_what_the_report_says_of_then_and_now(family, tmp_path):
    text = printed(content(family), tmp_path / "report")
    assert "A mini-batch then and now\nIn 2010 a mini-batch of m = 4 sentences took 0.62 s" in text
    assert "takes 12.0 µs for it, with its update (simulated clock, " in text
    assert (
        "620 µs, a thousandth of a mini-batch in 2010, is now as long as 52 mini-batches." in text
    )
    assert "Synchronous, P = 4 (simulated, cost measured): a processor computes its share" in text
    assert "waits 6.00 µs for the others and for the update, 67 % of both together." in text
    assert "So there is at most one update in 3.00 µs" in text
    assert "synchronous learning does 2.0 times as many examples a second" in text
    assert "is larger than at the cost of 2010, a factor of 2.5 instead of 2.0." in text
    assert "costs now (corpus toy-corpus): means over the trace of a run" in text
    assert "'" not in text.partition("Results\n")[0]  # quotes are curly where Typst has the words


def test_of_a_split_mini_batch_it_is_a_processor_s_part_of_the_update():
    trace = np.zeros(8, dtype=TRACE)
    trace["update_number"] = np.repeat([1, 2], 4)
    trace["update"] = 3e-6
    assert MiniBatch.of(SimpleNamespace(traces=[trace])).update == pytest.approx(3e-6)


@pytest.mark.parametrize("first", ["delayed", "plain"])
def test_now_is_without_delays_where_there_is_such(tmp_path, first):
    delay = {"configuration.delay_mean": "2s", "configuration.delay_probability": 0.25}
    folders = {
        "delayed": traced(tmp_path / "d", "single", 1, 12e-6, 10e-6, 2e-6, 0.0, **NOW, **delay),
        "plain": traced(tmp_path / "p", "single", 1, 12e-6, 10e-6, 2e-6, 0.0, **NOW),
    }
    delayed, plain = (runs.load([folder])[0] for folder in folders.values())
    cells = [delayed, plain] if first == "delayed" else [plain, delayed]
    assert comparable([delayed]) == ([], [delayed])
    assert comparable(cells) == ([], [plain])


def test_case_for_asynchrony(family):
    assert then_and_now(family)["both"] == {
        "processors": "4",
        "larger": True,
        "then": {"synchronous": "2.0", "asynchronous": "4.0", "gain": "2.0"},
        "now": {"synchronous": "1.2", "asynchronous": "3.0", "gain": "2.5"},
    }


def test_what_was_measured_here_comes_first_and_clocks_do_not_mix(family, tmp_path):
    wall = {"configuration.clock": "wall"}
    folders = [
        traced(tmp_path / "x", "single", 1, 20e-6, 18e-6, 2e-6, 0.0, **wall),
        traced(tmp_path / "y", "asynchronous", 2, 12e-6, 18e-6, 4e-6, 1e-6, **wall),
    ]
    found = then_and_now([*family, *runs.load(folders)])
    alone = {"each": "20.0 µs", "clock": "wall clock", "faster": "31,000", "lasts": "31"}
    assert found["alone"] == alone
    most = {one["clock"]: one.get("most") for one in found["sharing"]}
    assert most == {"wall clock": "5.0", "simulated, cost measured": "4.0"}
    assert found["both"]["now"]["gain"] == "2.5"


def test_table_of_costs(family):
    rows = {(row[0], row[1]): row[3:] for row in then_and_now(family)["table"]["rows"]}
    dash = "\N{EN DASH}"
    assert rows["single", "1"] == ["10.0 µs", "2.00 µs", dash, "12.0 µs"]
    assert rows["asynchronous", "4"] == ["10.0 µs", "3.00 µs", "1.00 µs", "4.00 µs"]


def test_nothing_is_said_without_costs_of_today(family):
    then = [cell for cell in family if cell.configuration["cost"] == "paper"]
    assert then_and_now(then) is None
    assert content(then)["then_and_now"] is None


def test_without_runs_of_then_there_is_no_comparison(family, tmp_path):
    now = [cell for cell in family if cell.configuration["cost"] != "paper"]
    found = then_and_now(now)
    assert [one["processors"] for one in found["sharing"]] == ["8"]
    assert found["both"] is None
    text = printed(content(now), tmp_path / "report")
    assert "Asynchronous, P = 8 (simulated, cost measured): a processor computes" in text
    assert "Together" not in text


def test_runs_with_delays_stand_in_only_where_there_are_none_without(tmp_path):
    delayed = {**NOW, "configuration.delay_mean": "2x", "configuration.delay_probability": 0.25}
    folders = [
        traced(tmp_path / "a", "single", 1, 50e-6, 10e-6, 2e-6, 0.0, **delayed),
        traced(tmp_path / "b", "asynchronous", 4, 50e-6, 99e-6, 3e-6, 1e-6, **delayed),
        traced(tmp_path / "c", "asynchronous", 4, 4e-6, 10e-6, 3e-6, 1e-6, **NOW),
        traced(tmp_path / "d", "synchronous", 4, 50e-6, 3e-6, 2e-6, 6e-6, **delayed),
    ]
    rows = then_and_now(runs.load(folders))["table"]["rows"]
    assert {(row[0], row[3], row[6]) for row in rows} == {
        ("single", "10.0 µs", "12.0 µs"),
        ("asynchronous", "10.0 µs", "4.00 µs"),
        ("synchronous", "3.00 µs", "\N{EN DASH}"),
    }


def test_experiments_stand_beside_those_of_2010(tmp_path):
    folders = toy.family(tmp_path / "a", seeds=1, parameters=1_234_567)
    folders += toy.pair(tmp_path / "b", "tagging", seeds=1)
    table = experiments(runs.load(folders))
    rows = table["rows"]
    assert all(len(row) == len(table["heading"]) for row in rows)
    assert [row[1] for row in rows] == ["here", "2010", "here", "2010"]
    then = EXPERIMENTS["ner"]
    assert rows[0][2:] == [
        *("linear-chain CRF", "toy-corpus", "sgd", "yes", f"{toy.EXAMPLES}", "1,234,567", "4"),
    ]
    assert rows[1][6:] == [then.examples, then.parameters, then.mini_batch_size]
    assert rows[2][5] == rows[3][5] == "no"


def test_2010_was_as_the_paper_says():
    """Not as the slides' German example sentence suggests."""
    assert EXPERIMENTS["alignment"].corpus == "English-French Hansards"
    assert [EXPERIMENTS[task].examples for task in EXPERIMENTS] == ["14,987", "300,000", "41,825"]
    assert [EXPERIMENTS[task].mini_batch_size for task in EXPERIMENTS] == ["4", "10,000", "4"]
    assert EXPERIMENTS["tagging"].parameters == "2,043,226"


def test_report_with_all_of_it_can_be_set(family):
    data = content(family)
    assert typeset(data, {}).startswith(b"%PDF-")
