"""matplotlib, imported once something is drawn.

Who plans a workflow looks up what figures there are, and draws none. `mpl.ticker.MaxNLocator` is
that of `matplotlib.ticker`.
"""

from importlib import import_module


def __getattr__(name):
    """Return a module of matplotlib, or what matplotlib itself has of that name."""
    if name.startswith("__"):
        raise AttributeError(name)
    try:
        return import_module(f"matplotlib.{name}")
    except ModuleNotFoundError:
        return getattr(import_module("matplotlib"), name)
