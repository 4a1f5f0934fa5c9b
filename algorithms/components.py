"""Finding components: a schedule, an update rule, a figure, ... is one file, listed nowhere.

Those of other distributions are found by their entry points, and are then as those of the suite.
"""

import dataclasses
import functools
import importlib
import inspect
import pkgutil
from abc import ABC
from importlib.metadata import entry_points
from typing import ClassVar

from staleness.algorithms.errors import StalenessError

MOST = 2**31 - 1  # of any number: kernels count in 32 bits


def discover(package, base):
    """Import every module of a package and collect the components it defines, and installed ones.

    Distributions name theirs in an entry point of the group `group_of(package)`: a class, or a
    module that is searched as those of the package are.

    Parameters
    ----------
    package : module
        The package whose modules are searched (not its sub-packages).
    base : type
        Only subclasses of `base`, other than `base` itself, count.

    Returns
    -------
    dict of str to type
        The classes by their `name`, sorted by name.

    Raises
    ------
    TypeError
        If a component has no name or two share one.
    StalenessError
        If that is so of an installed one, or there is none where an entry point says so.
    """
    found = {}
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        for component in defined(importlib.import_module(info.name), base):
            if name_of(component) in {None, *found}:
                raise TypeError(f"{info.name}.{component.__name__} needs a name of its own")
            found[component.name] = component
    for entry in entries().select(group=group_of(package)):
        for component in installed(entry, base):
            found[name_of_installed(component, entry, found)] = component
    return dict(sorted(found.items()))


@functools.cache
def entries():
    """Return the entry points of all distributions, looked for once: that takes milliseconds."""
    return entry_points()


def group_of(package):
    """Return the group of entry points for a package: "staleness.schedules" for that of schedules.

    Parameters
    ----------
    package : module
    """
    parts = package.__name__.split(".")
    return f"{parts[0]}.{parts[-1]}"


def defined(module, base):
    """Return the subclasses of a class that a module defines itself, a list."""
    return [
        component
        for _, component in inspect.getmembers(module, inspect.isclass)
        if component.__module__ == module.__name__
        and issubclass(component, base)
        and component is not base
    ]


def name_of(component):
    """Return the name that a component gives itself, or None."""
    name = component.__dict__.get("name")
    return name if isinstance(name, str) else None


def installed(entry, base):
    """Return the components of an entry point, a list.

    Raises
    ------
    StalenessError
        If it cannot be imported, or there are none.
    """
    try:
        loaded = entry.load()
    except Exception as error:
        raise StalenessError(f"{_told(entry)} cannot be imported ({error!r}): mend it") from error
    if inspect.ismodule(loaded):
        components = defined(loaded, base)
    else:
        components = [loaded] if inspect.isclass(loaded) and issubclass(loaded, base) else []
    if not components:
        raise StalenessError(
            f"{_told(entry)} has no component: expected a subclass of {base.__module__}."
            f"{base.__name__}, or a module with one"
        )
    return components


def name_of_installed(component, entry, others):
    """Return the name of a component of an entry point, or raise an error if it has none alone."""
    name = name_of(component)
    if name is None:
        raise StalenessError(f"{_told(entry)}: {component.__name__} has no name: give it one")
    if name in others:
        taken = others[name]
        raise StalenessError(
            f"{_told(entry)}: the name '{name}' is that of {taken.__module__}.{taken.__name__} "
            "already: give it another"
        )
    return name


def _told(entry):
    return f"{entry.dist.name}: entry point {entry.value} of {entry.group}"


def choose(kind, name, components):
    """Return the component called `name`, or raise an error that lists the valid names.

    Parameters
    ----------
    kind : str
        What is chosen, for the message ("schedule").
    name : str
        The name asked for.
    components : dict
        What `discover` returned.

    Raises
    ------
    StalenessError
        If there is none of that name.
    """
    try:
        return components[name]
    except KeyError:
        valid = ", ".join(components)
        raise StalenessError(f"unknown {kind} '{name}': choose one of {valid}") from None


def check_number(name, value, least=1, most=MOST):
    """Raise an error unless a number lies between two others."""
    if not value >= least:  # nor is what is no number
        raise StalenessError(f"{name} must be at least {least}, not {value}")
    if value > most:
        raise StalenessError(f"{name} must be at most {most:,}, not {value}")


def parameter(default, help):
    """Return a field of a `Configurable`, with a line for `--help`; a plain default is one too."""
    return dataclasses.field(default=default, metadata={"help": help})


class Configurable(ABC):
    """A component with hyper-parameters: its subclasses are frozen dataclasses, these the fields.

    Attributes
    ----------
    kind : str
        What it is, for messages ("update").
    name : str
        What it is called on the command line and in figures.
    noun : str
        What messages call one of its fields.
    """

    kind: ClassVar[str]
    name: ClassVar[str]
    noun: ClassVar[str] = "hyper-parameter"

    @classmethod
    def hyper_parameters(cls):
        """Return the names of the hyper-parameters, a dict to their defaults."""
        return {field.name: field.default for field in dataclasses.fields(cls)}

    @classmethod
    def explain(cls, name):
        """Return what is said of a hyper-parameter where it is declared, by `parameter`, or None.

        Parameters
        ----------
        name : str
        """
        kinds = (kind for kind in cls.__mro__ if name in getattr(kind, "__dataclass_fields__", {}))
        helps = (kind.__dataclass_fields__[name].metadata.get("help") for kind in kinds)
        return next(filter(None, helps), None)

    @classmethod
    def configure(cls, values):
        """Return the component with some hyper-parameters set.

        Parameters
        ----------
        values : dict of str to float
            By the names of the fields; those whose default is an int must be whole.

        Raises
        ------
        StalenessError
            If there is no such hyper-parameter, or its value is no number of that kind.
        """
        defaults = cls.hyper_parameters()
        chosen = {}
        for name, value in values.items():
            if name not in defaults:
                known = f"it has {', '.join(defaults)}" if defaults else "it has none"
                raise StalenessError(f"{cls.kind} '{cls.name}' has no {cls.noun} '{name}': {known}")
            whole = isinstance(defaults[name], int)
            if not isinstance(value, int | float) or (whole and value % 1 != 0):
                number = "whole number" if whole else "number"
                raise StalenessError(f"{cls.noun} '{name}' is a {number}, not {value!r}")
            chosen[name] = int(value) if whole else value
        return cls(**chosen)
