"""Finding components: a schedule, an update rule, a figure, ... is one file, listed nowhere."""

import importlib
import inspect
import pkgutil

from staleness.algorithms.errors import StalenessError


def discover(package, base):
    """Import every module of a package and collect the components it defines.

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
    """
    found = {}
    for info in pkgutil.iter_modules(package.__path__, package.__name__ + "."):
        module = importlib.import_module(info.name)
        for _, component in inspect.getmembers(module, inspect.isclass):
            defined_here = component.__module__ == module.__name__
            if not (defined_here and issubclass(component, base) and component is not base):
                continue
            name = component.__dict__.get("name")
            if not isinstance(name, str) or name in found:
                raise TypeError(f"{info.name}.{component.__name__} needs a name of its own")
            found[name] = component
    return dict(sorted(found.items()))


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
