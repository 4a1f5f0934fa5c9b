"""How schedules are drawn: as they say themselves."""

from dataclasses import dataclass

from staleness.algorithms.configuration import ALL_SCHEDULES
from staleness.algorithms.schedules import Look, Schedule
from staleness.workflow.figures import style


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
