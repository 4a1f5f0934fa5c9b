"""A copy of what is built, for builds of another kind."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NEEDED = (
    *("staleness", "kernels", "algorithms", "workflow", "requirements"),
    *("setup.py", "pyproject.toml", "README.md", "LICENSE"),
)


def copy_sources(folder):
    """Copy the sources, and nothing that was built of them, into a new folder."""
    folder.mkdir()
    for name in NEEDED:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("*.so", "__pycache__")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, folder / name)
