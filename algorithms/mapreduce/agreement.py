"""Whether other machines compute with what this one computes with.

What is sent to them is by name, and what they send back is by the layout of this very version. So
all of them must have the same sources of the project, and the packages that carry them.
"""

from staleness.algorithms.build import source_digest
from staleness.algorithms.errors import said

PACKAGES = ("python", "dask", "distributed", "msgpack", "cloudpickle", "tornado", "numpy")
IMPORT = "__import__('importlib').import_module('staleness.algorithms.{}')"
SOURCES = f"{IMPORT.format('mapreduce.partition')} and {IMPORT.format('build')}.source_digest()"
"""To be evaluated elsewhere, where nothing of the project may be: the digest of its sources."""
NAMED = 3  # machines in a message


def lacking(versions, sources):
    """Return what sets a machine apart from this one, a sentence's end; None where nothing does.

    Parameters
    ----------
    versions : tuple of two dict
        Of packages by name: here, and there.
    sources : str or Exception
        What `SOURCES` is there.
    """
    here, there = ({name: _short(name, one.get(name)) for name in PACKAGES} for one in versions)
    differ = [f"{n} {there[n]}, here {here[n]}" for n in here if here[n] != there[n]]
    if differ:
        return f"other versions: {', '.join(differ)}"
    if isinstance(sources, Exception):
        return f"no project that can be imported ({said(sources)})"
    if sources != source_digest():
        return "other sources of the project than here"
    return None


def complaint(found):
    """Return a line about machines that are not as this one, None where all are.

    Parameters
    ----------
    found : dict of str to str or None
        By name of a machine, what is `lacking`.
    """
    apart = [f"{name} has {what}" for name, what in found.items() if what]
    if not apart:
        return None
    more = f", and so have {len(apart) - NAMED} more" if len(apart) > NAMED else ""
    return (
        f"{'; '.join(apart[:NAMED])}{more}: start all of them in the same environment, with the "
        "project at the same commit"
    )


def _short(name, version):
    """Return a version, of Python without what changes no bytes that are sent."""
    return ".".join(version.split(".")[:2]) if name == "python" and version else version
