"""The files that parts of the workflow consist of: inputs of the rules that run them."""

from pathlib import Path

WORKFLOW = Path(__file__).parent
SUFFIXES = (".py", ".toml", ".typ")


def sources(*parts):
    """Return the source files of some folders or files of `workflow/`, a sorted list of str.

    Parameters
    ----------
    *parts : str
        Paths below `workflow/`.
    """
    found = set()
    for part in parts:
        path = WORKFLOW / part
        candidates = path.rglob("*") if path.is_dir() else [path]
        found |= {str(file) for file in candidates if file.suffix in SUFFIXES}
    return sorted(found)
