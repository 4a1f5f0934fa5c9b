"""Whether a folder holds anything that is half-written."""

import os
from pathlib import Path

from staleness.algorithms.arrays import digest, load
from staleness.algorithms.errors import StalenessError
from staleness.workflow.store import record


def half_written(folder):
    """Return what is not whole below a folder: a line, "" where all is.

    That is anything hidden, as what is being written is, runs whose files cannot be read, and
    encoded corpora whose arrays are not those of their digest.
    """
    for place, folders, files in os.walk(folder):
        for name in (*folders, *files):
            if name.startswith("."):
                return f"left {Path(place, name).relative_to(folder)}"
        fault = _fault(Path(place), set(files))
        if fault:
            return f"{Path(place).relative_to(folder)}: {fault}"
    return ""


def _fault(folder, files):
    try:
        if files & record.FILES:
            record.read_about(folder)
            record.read_curve(folder)
            record.read_trace(folder)
        elif "corpus.json" in files or any(name.endswith(".npy") for name in files):
            corpus = load(folder)
            if corpus.about["digest"] != digest(corpus.arrays):
                return "its arrays are not those of its digest"
    except StalenessError as error:
        return str(error)
    return ""
