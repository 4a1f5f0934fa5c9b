"""Components are found in their files, and nowhere else."""

import dataclasses
import importlib
import itertools

import pytest

from staleness.algorithms.components import Configurable, choose, discover, parameter
from staleness.algorithms.errors import StalenessError

COUNTER = itertools.count()
BASE = "class Base:\n    name = 'base'\n"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Return a function that makes a package of modules and imports it."""

    def make(**modules):
        name = f"components_for_tests_{next(COUNTER)}"
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").write_text(BASE)
        for module, text in modules.items():
            head = f"from {name} import Base\n"
            (folder / f"{module}.py").write_text(head + text)
        monkeypatch.syspath_prepend(tmp_path)
        importlib.invalidate_caches()
        return importlib.import_module(name)

    return make


def test_every_module_is_searched(package):
    found = package(
        zebra="class A(Base):\n    name = 'a'\n",
        ant="class Z(Base):\n    name = 'z'\nclass Y(Base):\n    name = 'y'\n",
        none="X = 1\n",
    )
    components = discover(found, found.Base)
    assert list(components) == ["a", "y", "z"]
    assert components["a"].__name__ == "A"
    assert all(issubclass(component, found.Base) for component in components.values())


def test_what_is_not_a_component_is_left(package):
    """Not the base, nor what is imported, nor other classes."""
    found = package(
        one="class A(Base):\n    name = 'a'\nclass Other:\n    name = 'a'\n",
        two=f"from components_for_tests_{peek()}.one import A\nclass B(A):\n    name = 'b'\n",
    )
    assert list(discover(found, found.Base)) == ["a", "b"]


def peek():
    """Return the number that the next package will have."""
    global COUNTER  # noqa: PLW0603
    number = next(COUNTER)
    COUNTER = itertools.count(number)
    return number


def test_an_empty_package_has_none(package):
    found = package()
    assert discover(found, found.Base) == {}


@pytest.mark.parametrize(
    "text",
    ["class A(Base):\n    pass\n", "class A(Base):\n    name = None\n"],
    ids=["missing", "no string"],
)
def test_a_component_needs_a_name(package, text):
    found = package(one=text)
    with pytest.raises(TypeError, match=r"one\.A needs a name of its own"):
        discover(found, found.Base)


def test_a_name_is_not_inherited(package):
    found = package(
        one="class A(Base):\n    name = 'a'\nclass B(A):\n    pass\n",
    )
    with pytest.raises(TypeError, match=r"one\.B needs a name of its own"):
        discover(found, found.Base)


def test_names_may_not_be_shared(package):
    found = package(
        one="class A(Base):\n    name = 'a'\n",
        two="class B(Base):\n    name = 'a'\n",
    )
    with pytest.raises(TypeError, match=r"two\.B needs a name of its own"):
        discover(found, found.Base)


def test_a_choice_that_there_is_not_lists_those_there_are():
    assert choose("schedule", "b", {"a": 1, "b": 2}) == 2
    with pytest.raises(StalenessError) as caught:
        choose("schedule", "c", {"a": 1, "b": 2})
    assert str(caught.value) == "unknown schedule 'c': choose one of a, b"


# ---- hyper-parameters ---------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Oven(Configurable):
    kind = "device"
    name = "oven"
    heat: float = 0.5
    trays: int = parameter(2, "baked at once")


@dataclasses.dataclass(frozen=True)
class Stone(Configurable):
    kind = "device"
    name = "stone"


def test_hyper_parameters_are_fields():
    assert Oven.hyper_parameters() == {"heat": 0.5, "trays": 2}
    assert Oven.configure({}) == Oven()
    made = Oven.configure({"heat": 2, "trays": 4.0})
    assert (made.heat, made.trays) == (2, 4)
    assert isinstance(made.trays, int)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"tray": 1}, "device 'oven' has no hyper-parameter 'tray': it has heat, trays"),
        ({"trays": 2.5}, "hyper-parameter 'trays' is a whole number, not 2.5"),
        ({"trays": float("nan")}, "hyper-parameter 'trays' is a whole number, not nan"),
        ({"heat": "hot"}, "hyper-parameter 'heat' is a number, not 'hot'"),
        ({"heat": None}, "hyper-parameter 'heat' is a number, not None"),
    ],
    ids=str,
)
def test_hyper_parameters_that_are_wrong(values, message):
    with pytest.raises(StalenessError, match=f"^{message}$"):
        Oven.configure(values)


def test_what_is_said_of_a_hyper_parameter_is_inherited_with_it():
    @dataclasses.dataclass(frozen=True)
    class Kiln(Oven):
        trays: int = 9
        shelf: int = parameter(1, "from below")

    assert Kiln.hyper_parameters() == {"heat": 0.5, "trays": 9, "shelf": 1}
    assert [Kiln.explain(name) for name in ("heat", "trays", "shelf")] == [
        None,
        "baked at once",
        "from below",
    ]


def test_a_component_without_hyper_parameters():
    assert Stone.hyper_parameters() == {}
    with pytest.raises(StalenessError, match="has no hyper-parameter 'heat': it has none"):
        Stone.configure({"heat": 1.0})
