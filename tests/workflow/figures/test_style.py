"""How schedules are drawn: as they say themselves."""

from dataclasses import dataclass
from itertools import pairwise

import pytest

from staleness.algorithms.configuration import ALL_SCHEDULES, SCHEDULES
from staleness.algorithms.schedules import Look, Schedule
from staleness.workflow.analysis import runs
from staleness.workflow.figures import style

from . import toy


@dataclass(frozen=True)
class Convoy(Schedule):
    """A schedule of another distribution."""

    name = "convoy"
    look = Look("#123456", (0, (3, 3)), 1.1)
    program = ()


def test_a_schedule_is_drawn_as_it_says(monkeypatch):
    monkeypatch.setitem(ALL_SCHEDULES, "convoy", Convoy)
    assert style.look("convoy") == Convoy.look


def test_one_that_says_nothing_has_a_look_by_its_name():
    looks = {name: style.look(name) for name in ("convoy", "caravan", "herd", "flock")}
    assert looks == {name: style.look(name) for name in looks}
    assert len(set(looks.values())) > 1
    assert not {one.look for one in ALL_SCHEDULES.values()} & set(looks.values())


def test_those_of_the_suite_say_it_and_differ():
    looks = {name: kind.look for name, kind in ALL_SCHEDULES.items() if "mapreduce" not in name}
    assert all(looks.values())
    assert len(set(looks.values())) == len(looks)


@pytest.mark.parametrize("count", [1, 2, 3, 4])
def test_looks_differ(tmp_path, count):
    cells = runs.load(
        toy.family(
            tmp_path,
            seeds=1,
            cells=[("single", 1)]
            + [
                (s, p)
                for s in ("synchronous", "asynchronous", "novel")
                for p in range(1, count + 1)
            ],
        )
    )
    found = [(look.colour, str(look.dashes)) for look in style.looks(cells)]
    assert len(set(found)) == len(found)


@pytest.mark.parametrize("name", [*SCHEDULES, "novel", "mine", "another"])
def test_a_schedule_looks_the_same_whoever_stands_beside_it(tmp_path, name):
    others = ("novel", "another", "lock-free", "a", "zz")
    cells = [("single", 1), *((other, 2) for other in dict.fromkeys((name, *others)))]
    made = runs.load(toy.family(tmp_path, seeds=1, cells=dict.fromkeys(cells)))
    for group in (made, [cell for cell in made if cell.schedule == name][-1:]):
        found = {cell.schedule: look for cell, look in zip(group, style.looks(group), strict=True)}
        assert found[name] == style.look(name)


def test_schedules_differ_in_grey():
    def grey(colour):
        red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
        return 0.299 * red + 0.587 * green + 0.114 * blue

    online = ("single", "synchronous", "asynchronous")
    greys = sorted(grey(style.look(name).colour) for name in online)
    assert all(b - a > 35 for a, b in pairwise(greys))
    # Those of MapReduce have a figure of their own.
    others = set(SCHEDULES.keys() - online)
    dashes = [style.look(name).dashes for name in others]
    assert len({"solid", *dashes}) == 1 + len(dashes)


def test_a_schedule_that_derives_from_another_does_not_look_like_it(monkeypatch):
    class Mine(ALL_SCHEDULES["asynchronous"]):
        name = "mine"

    class Blue(Mine):
        look = Look("#0000ff")

    monkeypatch.setitem(ALL_SCHEDULES, "mine", Mine)
    assert style.look("mine") in style.UNKNOWN
    monkeypatch.setitem(ALL_SCHEDULES, "mine", Blue)
    assert style.look("mine") == Blue.look


def test_cells_stand_by_the_rank_of_their_schedules(tmp_path, monkeypatch):
    def order(folder):
        made = ("single", "asynchronous", "lock-free", "synchronous")
        cells = toy.family(folder, seeds=1, cells=[(name, 1) for name in made])
        return [cell.schedule for cell in runs.load(cells)]

    assert order(tmp_path / "a") == ["single", "synchronous", "asynchronous", "lock-free"]
    monkeypatch.setattr(ALL_SCHEDULES["lock-free"], "rank", 1)
    assert order(tmp_path / "b") == ["single", "lock-free", "synchronous", "asynchronous"]
