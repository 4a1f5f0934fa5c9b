"""Settings that a config writes once and uses by name.

`presets` of a config has cells, or lists of cells, by name. A cell that says `use: NAME` stands for
that preset with its own settings laid over: for one cell, or for each of a list. `use: [A, B]` lays
B over A, each cell of B over each of A. A preset may use others.
"""

from staleness.algorithms.components import choose
from staleness.algorithms.errors import StalenessError


def expand(cell, presets, using=()):
    """Return the cells that one stands for, a list of dict.

    Parameters
    ----------
    cell : dict
        Of a config; not changed.
    presets : dict of str to dict or list of dict
    using : tuple of str
        The presets that are being expanded.

    Raises
    ------
    StalenessError
        If there is no such preset, or it uses itself.
    """
    own = dict(cell)
    names = own.pop("use", [])
    found = [{}]
    for name in [names] if isinstance(names, str) else names:
        if name in using:
            raise StalenessError(f"preset '{name}' uses itself: {' -> '.join((*using, name))}")
        preset = choose("preset", name, presets)
        members = preset if isinstance(preset, list) else [preset]
        above = [one for member in members for one in expand(member, presets, (*using, name))]
        found = [{**below, **one} for below in found for one in above]
    return [{**one, **own} for one in found]
