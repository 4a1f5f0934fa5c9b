"""The contract of every claim, on made-up cells."""

import inspect
import json
from pathlib import Path

import numpy as np
import pytest

from staleness.algorithms.configuration import TASKS
from staleness.workflow.analysis import activity
from staleness.workflow.claims import Claim, claims, table
from staleness.workflow.claims.criteria import NOT_REPRODUCED, REPRODUCED, UNDECIDED, VERDICTS
from staleness.workflow.claims.judge import AT, CENSORED, judge, measured, remarks

from ..figures import toy
from . import made_up
from .cases import CASES, cells_of

CLAIMS = claims()


def test_claims_are_found_by_their_numbers():
    assert [claim.number for claim in CLAIMS.values()] == list(range(1, 11))


def test_the_table_in_the_docs_is_made_of_them():
    text = (Path(__file__).parents[3] / "docs" / "claims.md").read_text()
    assert "\n".join(table()) in text, "docs/claims.md says how the table is made anew"


def test_base_class_cannot_be_used():
    with pytest.raises(TypeError):
        Claim()


@pytest.mark.parametrize("name", CLAIMS)
class TestEveryClaim:
    @pytest.mark.parametrize("verdict", VERDICTS)
    def test_gives_each_verdict(self, name, verdict):
        judged = judge(CLAIMS[name](), CASES[name][verdict])
        assert judged["verdict"] == verdict, judged
        assert {part["task"] for part in judged["parts"]} == set(CLAIMS[name].tasks)
        for part in judged["parts"]:
            assert part["effect"] is not None
            assert part["criterion"]
            assert part["seeds"] == list(range(12))
            assert part["at"].keys() == AT.keys()
            assert (part["reason"] is None) == (part["verdict"] != UNDECIDED)

    def test_order_of_the_cells_does_not_matter(self, name):
        for cells in CASES[name].values():
            assert judge(CLAIMS[name](), cells) == judge(CLAIMS[name](), cells[::-1])

    def test_json_holds_it(self, name):
        judged = judge(CLAIMS[name](), CASES[name]["reproduced"])
        assert json.loads(json.dumps(judged, allow_nan=False)) == judged

    def test_four_seeds_are_too_few(self, name):
        cells = [cell.of_seeds((0, 1, 2, 3)) for cell in CASES[name]["reproduced"]]
        judged = judge(CLAIMS[name](), cells)
        assert judged["verdict"] == UNDECIDED
        assert all(part["reason"].startswith("too few seeds") for part in judged["parts"])

    def test_seeds_that_not_all_have_do_not_count(self, name):
        first, *others = sorted(CASES[name]["reproduced"], key=lambda cell: not cell.varies)
        judged = judge(CLAIMS[name](), [first.of_seeds((0, 2)), *others])
        assert judged["parts"][0]["seeds"] == [0, 2]
        if sum(cell.varies for cell in [first, *others]) == 1:
            return  # to which seeds of others do not matter
        apart = judge(CLAIMS[name](), [first.of_seeds((0,)), *(o.of_seeds((1,)) for o in others)])
        assert apart["parts"][0]["reason"] == "the runs share no seed"
        assert apart["verdict"] == UNDECIDED

    def test_missing_cells_are_named(self, name):
        claim = CLAIMS[name]()
        nothing = judge(claim, [])
        assert nothing["verdict"] == UNDECIDED
        assert nothing["curves"] == []
        for part, task in zip(nothing["parts"], claim.tasks, strict=True):
            assert part["reason"] == f"no runs of {next(iter(claim.needs(task).values())).phrase}"
        for left_out in range(len(CASES[name]["reproduced"])):
            some = list(CASES[name]["reproduced"])
            del some[left_out]
            judged = judge(claim, some)
            if name != "linear-slowdown" or left_out == 0:  # it can do with fewer points
                assert judged["verdict"] == UNDECIDED
                assert any(part["effect"] is None for part in judged["parts"])

    def test_runs_of_another_experiment_are_left_alone(self, name):
        """Other epochs: none of the claim's own, and nothing of it changes."""
        claim, cells = CLAIMS[name](), CASES[name]["reproduced"]
        others = [
            type(cell)(
                {**cell.configuration, "epochs": 77, "clock": "wall"},
                cell.seeds,
                cell.curves,
                cell.abouts,
            )
            for cell in cells[1:]
            if cell.schedule != "single"
        ]
        assert judge(claim, [*cells, *others]) == judge(claim, cells)

    def test_two_experiments_are_told_apart_by_the_user(self, name):
        cells = CASES[name]["reproduced"]
        others = [
            type(cell)(
                {**cell.configuration, "cost": "another"}, cell.seeds, cell.curves, cell.abouts
            )
            for cell in cells
        ]
        judged = judge(CLAIMS[name](), [*cells, *others])
        assert judged["verdict"] == UNDECIDED
        for part in judged["parts"]:
            assert "differ in cost" in part["reason"]
            assert "give those of one" in part["reason"]

    def test_states_what_it_says_and_whose_it_is(self, name):
        claim = CLAIMS[name]
        assert claim.statement.endswith(".")
        assert set(claim.tasks) <= TASKS.keys()
        assert "(20" in inspect.getdoc(claim)


NEVER = [None] * 3


class TestCensoredRuns:
    """A run that ends short of the target is infinitely late, and not dropped."""

    def parts(self, name, cells):
        return judge(CLAIMS[name](), cells)["parts"]

    def test_only_the_other_gets_there(self):
        first, second = self.parts("schedules", cells_of("schedules", NEVER, [100] * 3))
        assert (first["effect"], first["verdict"]) == (0.0, NOT_REPRODUCED)
        assert (second["effect"], second["verdict"]) == ("inf", REPRODUCED)
        assert measured(second) == "∞ (∞ to ∞) times as fast"

    def test_neither_gets_there(self):
        _, second = self.parts("schedules", cells_of("schedules", NEVER, NEVER))
        assert second["effect"] is None
        assert (second["low"], second["high"]) == ("-inf", "inf")
        assert (second["verdict"], second["reason"]) == (UNDECIDED, CENSORED)
        assert measured(second) == ""

    def test_one_seed_of_three(self):
        first, second = self.parts(
            "schedules", cells_of("schedules", [200, 220, None], [100, 110, 120])
        )
        assert (first["low"], first["verdict"]) == (0.0, UNDECIDED)
        assert (second["low"], second["high"], second["verdict"]) == (2.0, "inf", REPRODUCED)

    def test_one_pair_of_three(self):
        _, second = self.parts(
            "schedules", cells_of("schedules", [200, 220, None], [100, 110, None])
        )
        assert (second["verdict"], second["reason"]) == (UNDECIDED, CENSORED)

    def test_gains_of_which_one_is_infinite(self):
        cells = cells_of("more-processors", (NEVER, [200] * 3), ([200] * 3, [100] * 3))
        assert self.parts("more-processors", cells)[0]["effect"] == 0.0
        cells = cells_of("more-processors", (NEVER, NEVER), ([200] * 3, [100] * 3))
        assert self.parts("more-processors", cells)[0]["effect"] is None

    def test_a_line_through_what_never_comes(self):
        cells = cells_of("linear-slowdown", [[100] * 3, [130] * 3, [170] * 3, NEVER])
        parts = self.parts("linear-slowdown", cells)
        assert [part["verdict"] for part in parts] == [UNDECIDED, UNDECIDED]
        assert "never" in parts[0]["note"]

    def test_delays_so_long_that_it_never_gets_there(self):
        parts = self.parts("delays", cells_of("delays", [100] * 3, NEVER))
        assert [part["verdict"] for part in parts] == [REPRODUCED, REPRODUCED]


def test_delays_are_counted_in_mini_batches():
    """A made-up mini-batch takes a second; of 440 s, 110 are a quarter and 900 are twice."""
    first, last = judge(CLAIMS["delays"](), CASES["delays"][REPRODUCED])["parts"]
    assert "5 s (5.0 mini-batches)" in first["name"]
    assert "20 s (20 mini-batches)" in last["name"]
    slow = 900 / 440  # the median; it is 110 / 440 with the short delays
    even = 5 + (1 - 0.25) / (slow - 0.25) * 15
    assert f"even at {even:.1f} mini-batches" in last["note"]


def test_delays_in_mini_batches_are_counted_as_such():
    cells = [made_up.reaching("ner", "single", [400] * 3)] + [
        made_up.reaching("ner", "asynchronous", [late] * 3, 4, delay_mean=mean)
        for mean, late in [("16x", 900), ("8x", 100)]
    ]
    first, last = judge(CLAIMS["delays"](), cells)["parts"]
    assert "8 times a mini-batch over" in first["name"]
    assert (first["effect"], last["effect"]) == (4.0, pytest.approx(400 / 900, rel=1e-12))


def test_batch_em_that_ends_higher_changes_the_verdict_of_the_other_target():
    """With a target of its own, that stepwise EM never reaches, batch EM is first."""
    cells = cells_of("alignment-schedules", [900] * 3, [200] * 3, [100] * 3, end=1.0)
    judged = judge(CLAIMS["alignment-schedules"](), cells)
    assert judged["verdict"] == REPRODUCED
    first, second = judged["parts"]
    assert first["otherwise"]["verdict"] == NOT_REPRODUCED
    assert remarks(first) == [
        "With the target of batch EM: 0.00 (0.00 to 0.00) times as fast, not reproduced."
    ]
    assert second["otherwise"]["verdict"] == UNDECIDED  # neither gets there
    same = judge(CLAIMS["alignment-schedules"](), CASES["alignment-schedules"][REPRODUCED])
    assert [remarks(part) for part in same["parts"]] == [[], []]


def test_each_cluster_is_judged_by_itself():
    """Of real workers first, then as measured, then of any other start-up."""
    late = {"20s": [100] * 3, "measured": [400] * 3, None: [50] * 3}
    cells = [
        made_up.reaching(
            "alignment",
            schedule,
            times,
            2 if startup is None else 24,
            update=update,
            clock="wall" if startup is None else "simulated",
            job_startup=startup,
        )
        for startup, asynchronous in late.items()
        for schedule, update, times in [
            ("mapreduce-batch", "em", [200] * 3),
            ("mapreduce-asynchronous", "stepwise-em", asynchronous),
        ]
    ]
    judged = judge(CLAIMS["mapreduce"](), cells)
    assert judged["verdict"] == NOT_REPRODUCED
    assert [part["effect"] for part in judged["parts"]] == [4.0, 0.5, 2.0]
    clusters = [
        "2 workers, this machine",
        "24 simulated workers, start-up as measured",
        "24 simulated workers, start-up of 20 s",
    ]
    for part, cluster in zip(judged["parts"], clusters, strict=True):
        assert part["name"] == f"on {cluster}: asynchronous over batch EM of 10 iterations"
    # One without its asynchronous runs is undecided, whatever the others are.
    assert judge(CLAIMS["mapreduce"](), [cells[0], *cells[2:]])["parts"][2]["effect"] is None


def test_what_an_empty_job_takes_is_told():
    cells = cells_of("mapreduce", [200] * 3, [100] * 3)
    for about in cells[0].abouts:
        about |= {"engine": {"empty_job_seconds": [1, 15, 20]}, "updates": 10, "seconds": 200}
    (part,) = judge(CLAIMS["mapreduce"](), cells)["parts"]
    assert part["note"] == "an empty job takes 75 % of the time of an iteration"


def test_batch_em_that_ends_below_the_target_is_infinitely_late():
    cells = cells_of("alignment-schedules", [100] * 3, [200] * 3, [100] * 3, end=0.5)
    first, _ = judge(CLAIMS["alignment-schedules"](), cells)["parts"]
    assert (first["effect"], first["verdict"]) == ("inf", REPRODUCED)


def test_a_slope_is_of_the_speed_up_against_doublings():
    judged = judge(CLAIMS["mini-batches"](), cells_of("mini-batches", [2.0, 1.6, 1.2]))
    for part in judged["parts"]:
        assert part["effect"] == pytest.approx(-0.2, rel=1e-9)
        assert "2.00, 1.60 and 1.20 with m = 4, 16 and 64" in part["note"]


def test_sizes_that_schedules_do_not_share_do_not_count():
    (*cells, last) = cells_of("mini-batches", [2.0, 1.6, 1.2], tasks=["ner"])
    cells.append(made_up.reaching("ner", "asynchronous", [100] * 3, 4, mini_batch_size=256))
    part = judge(CLAIMS["mini-batches"](), cells)["parts"][0]
    assert part["reason"] == "the schedules share 2 mini-batch sizes, not 3"
    assert judge(CLAIMS["mini-batches"](), [*cells, last])["parts"][0]["verdict"] == REPRODUCED


def test_hyper_parameters_may_go_with_the_size_and_with_nothing_else():
    sizes = [(4, 0.3, 50), (16, 1.2, 60), (64, 4.8, 80)]
    cells = [
        made_up.reaching(
            "ner",
            schedule,
            times,
            processors,
            mini_batch_size=size,
            hyper_parameters={"step_size": step},
        )
        for size, step, late in sizes
        for schedule, processors, times in [
            ("single", 1, [400] * 3),
            ("synchronous", 4, [100] * 3),
            ("asynchronous", 4, [late] * 3),
        ]
    ]
    assert judge(CLAIMS["mini-batches"](), cells)["parts"][0]["verdict"] == REPRODUCED
    cells[-1] = made_up.reaching("ner", "asynchronous", [80] * 3, 4, mini_batch_size=64)
    reason = judge(CLAIMS["mini-batches"](), cells)["parts"][0]["reason"]
    assert reason == "with m = 64 the schedules differ in hyper_parameters"


def test_differences_are_taken_after_as_many_passes():
    """Batch EM is as good after 20 passes, but after 10 it is not."""
    curve = made_up.curve("tagging", 100, epochs=20)
    middle = {"epoch": 10.0, "log_likelihood": -2e6, "many_to_one": 0.1}
    curve = {name: np.insert(values, 2, middle.get(name, 50)) for name, values in curve.items()}
    curve["epoch"] = np.array([0.0, 5.0, 10.0, 15.0, 20.0])
    single, _, asynchronous = CASES["tagging-schedules"][REPRODUCED]
    batch = made_up.cell("tagging", "single-batch", [curve] * 3, update="em", epochs=20)
    cells = [single, batch, asynchronous]
    likelihood, accuracy, _ = judge(CLAIMS["tagging-schedules"](), cells)["parts"]
    assert likelihood["effect"] == pytest.approx(0.9e6, rel=1e-12)
    assert accuracy["effect"] == pytest.approx(0.8, rel=1e-12)
    curve["epoch"][2] = 9.0
    batch = made_up.cell("tagging", "single-batch", [curve] * 3, update="em", epochs=20)
    parts = judge(CLAIMS["tagging-schedules"](), [single, batch, asynchronous])["parts"]
    assert parts[0]["verdict"] == UNDECIDED


def test_an_error_that_falls_is_a_gain():
    """The AER of the toys falls by 0.7 of what is learned."""
    cells = cells_of("no-error", [0.91, 0.92, 0.93], tasks=["alignment"])
    parts = {part["name"]: part for part in judge(CLAIMS["no-error"](), cells)["parts"]}
    aer = parts["final AER of asynchronous beside single"]
    assert aer["effect"] == pytest.approx(0.014, rel=1e-9)
    assert aer["criterion"] == "within ±0.5 points"


def test_corpora_without_gold_have_the_likelihood_only():
    cells = cells_of("no-error", [0.90] * 3, tasks=["tagging"])
    for cell in cells:
        for curve in cell.curves:
            del curve["many_to_one"]
    parts = judge(CLAIMS["no-error"](), cells)["parts"]
    assert [part["name"] for part in parts if part["task"] == "tagging"] == [
        "final log-likelihood of asynchronous beside single"
    ]


def test_idle_time_is_read_off_traces():
    part = judge(CLAIMS["more-processors"](), CASES["more-processors"][REPRODUCED])["parts"][1]
    shares = [activity.shares(toy.trace(s, 4))["busy"] for s in ("synchronous", "asynchronous")]
    assert part["effect"] == pytest.approx(100 * (shares[1] - shares[0]), rel=1e-9)
    cells = cells_of("more-processors", ([200] * 3, [190] * 3), ([200] * 3, [100] * 3), busy=True)
    assert judge(CLAIMS["more-processors"](), cells)["verdict"] == NOT_REPRODUCED
