import pytest

from staleness.workflow.analysis import runs
from staleness.workflow.analysis.selection import (
    Missing,
    Need,
    of_seeds,
    select,
    shared_seeds,
    single,
)

from ..claims.made_up import reaching

TIMES = [400, 440, 480]
SIZES = {
    "free": ("mini_batch_size",),
    "along": lambda cell: cell.configuration["mini_batch_size"],
    "at_least": 2,
    "what": "mini-batch sizes",
}
NEEDS = {"single": single(), "asynchronous": Need("asynchronous", 4)}


def make(schedule="single", processors=1, task="ner", **settings):
    return reaching(task, schedule, TIMES, processors, **settings)


def test_takes_what_it_needs_and_nothing_else():
    wanted = [make(), make("asynchronous", 4)]
    others = [
        make("asynchronous", 2),
        make("synchronous", 4),
        make("asynchronous", 4, delay_mean="5s"),
    ]
    for cells in ([*wanted, *others], [*others, *wanted]):
        found = select(NEEDS, cells)
        assert found == {"single": wanted[0], "asynchronous": wanted[1]}


def test_cells_along_a_number_are_in_its_order():
    needs = {"single": single(**SIZES), "asynchronous": Need("asynchronous", 4, **SIZES)}
    cells = [
        make(schedule, processors, mini_batch_size=size)
        for size in (16, 4)
        for schedule, processors in (("single", 1), ("asynchronous", 4))
    ]
    found = select(needs, cells)
    assert {name: list(group) for name, group in found.items()} == {
        "single": [4, 16], "asynchronous": [4, 16],
    }  # fmt: skip
    seeds = of_seeds(found, (1, 1, 2))
    assert seeds["single"][16].seeds == (1, 1, 2)
    assert shared_seeds(found) == list(range(12))
    with pytest.raises(Missing, match=r"^asynchronous, P = 4: 1 mini-batch sizes, at least 2 are"):
        select(needs, cells[:3])


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ([], "no runs of single$"),
        ([make()], "no runs of asynchronous, P = 4$"),
        ([make(), make("asynchronous", 2)], "no runs of asynchronous, P = 4$"),
        ([make(), make("asynchronous", 4, epochs=3)], "no runs of asynchronous, P = 4$"),
        (
            [make(), make("asynchronous", 4, **{"corpus.digest": "e" * 64})],
            "no runs of asynchronous, P = 4$",
        ),
        (
            [make(), make("asynchronous", 4), make(epochs=3), make("asynchronous", 4, epochs=3)],
            r"^2 experiments have runs of single, which differ in epochs \(10 and 3\): give",
        ),
        (
            [
                make(clock="wall"),
                make("asynchronous", 4, clock="wall"),
                make("asynchronous", 4, clock="wall", oversubscribe=True),
            ],
            "^2 experiments have runs of asynchronous, P = 4, which differ in oversubscribe",
        ),
    ],
)
def test_what_is_missing_or_not_clear_is_said(cells, said):
    with pytest.raises(Missing, match=said):
        select(NEEDS, cells)


def test_an_incomplete_experiment_is_no_rival():
    complete = [make(), make("asynchronous", 4)]
    assert select(NEEDS, [make(epochs=3), *complete])["single"] is complete[0]


def test_what_may_differ_may_differ():
    needs = {"single": single(), "batch": Need("single-batch", 1, update="em", free=runs.LEARNING)}
    batch = make("single-batch", task="alignment", update="em", epochs=30)
    stepwise = make(task="alignment", mini_batch_size=100)
    assert select(needs, [stepwise, batch])["batch"] is batch
    assert needs["batch"].phrase == "single-batch, update em, P = 1"
