"""The files that a run leaves: curve.parquet, trace.parquet and run.json, all or none."""

import json
import resource
from dataclasses import asdict
from pathlib import Path

import numpy as np

from staleness.algorithms.errors import StalenessError
from staleness.algorithms.files import refuse_foreign, whole_folder
from staleness.algorithms.machine import machine, versions

FILES = {"curve.parquet", "trace.parquet", "run.json"}


def write(folder, result, corpus, findings=()):
    """Write what a run leaves into a folder of its own.

    Parameters
    ----------
    folder : path-like
        Made, or replaced.
    result : staleness.algorithms.run.Result
    corpus : EncodedCorpus
        What it ran on.
    findings : list of staleness.algorithms.doctor.Finding, optional
        About the machine, before the run.

    Raises
    ------
    StalenessError
        If the folder holds anything that a run does not leave.
    """
    # Importing pyarrow takes longer than a short run.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    about = {
        **result.summary(),
        "corpus": {
            name: corpus.about.get(name) for name in ("corpus", "digest", "sources", "options")
        },
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        "machine": machine(),
        "doctor": [asdict(finding) for finding in findings],
        "versions": versions(),
    }
    refuse_foreign(folder, FILES)
    trace = {name: np.ascontiguousarray(result.trace[name]) for name in result.trace.dtype.names}
    with whole_folder(folder) as part:
        pq.write_table(pa.table(result.curve), part / "curve.parquet")
        pq.write_table(pa.table(trace), part / "trace.parquet")
        (part / "run.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")


def read_curve(folder):
    """Return the curve of a run, a dict of str to ndarray."""
    return _read_table(Path(folder) / "curve.parquet")


def read_trace(folder):
    """Return the trace of a run, a dict of str to ndarray."""
    return _read_table(Path(folder) / "trace.parquet")


def read_about(folder):
    """Return the contents of a run's run.json."""
    path = Path(folder) / "run.json"
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StalenessError(
            f"{path}: not a run ({error}): make it with 'staleness run'"
        ) from error


def _read_table(path):
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(path)
    except (OSError, ValueError) as error:
        said = " ".join(str(error).split())  # Arrow's messages go on in further lines
        raise StalenessError(
            f"{path}: not a table ({said}): make it with 'staleness run'"
        ) from error
    return {name: table[name].to_numpy() for name in table.column_names}
