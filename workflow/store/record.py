"""The files that a run leaves: curve.parquet, trace.parquet and run.json, all or none.

Runs that differ in nothing but their seeds lie side by side as seed-0, seed-1, ...: together they
are a cell, whose configuration stands in cell.json beside them.
"""

import json
import resource
from contextlib import suppress
from pathlib import Path

import numpy as np

from staleness.algorithms.errors import StalenessError, said
from staleness.algorithms.plain_json import read_json
from staleness.workflow.store.files import refuse_foreign, whole_file, whole_folder

FILES = {"curve.parquet", "trace.parquet", "run.json"}
CELL = "cell.json"


def check_folder(folder):
    """Raise an error unless `write` will be able to make a folder.

    Parameters
    ----------
    folder : path-like

    Raises
    ------
    StalenessError, OSError
    """

    class Rehearsed(Exception):
        pass

    refuse_foreign(folder, FILES)
    with suppress(Rehearsed), whole_folder(folder):
        raise Rehearsed


def write(folder, result, corpus, surroundings=None):
    """Write what a run leaves into a folder of its own.

    Parameters
    ----------
    folder : path-like
        Made, or replaced; called "seed-<s>" it is one of a cell.
    result : staleness.algorithms.result.Result
    corpus : EncodedCorpus
        What it ran on.
    surroundings : dict, optional
        What run.json says of where it ran (`staleness.workflow.machine.facts.surroundings`).

    Raises
    ------
    StalenessError
        If the folder holds anything that a run does not leave, or something has changed how this
        process computes.
    """
    # Importing pyarrow takes longer than a short run.
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    # Who reads runs needs no kernels.
    from staleness.kernels import arithmetic  # noqa: PLC0415

    # Looked at when the kernels were imported; a library that came later may switch denormals off.
    fault = arithmetic.fault()
    if fault:
        raise StalenessError(fault)
    about = {
        **result.summary(),
        "corpus": {
            name: corpus.about.get(name) for name in ("corpus", "digest", "sources", "options")
        },
        "peak_memory_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        **(surroundings or {}),
    }
    refuse_foreign(folder, FILES)
    trace = {name: result.trace[name] for name in result.trace.dtype.names}
    with whole_folder(folder) as part:
        for name, columns in (("curve", result.curve), ("trace", trace)):
            # Opened here, since pyarrow takes some names for addresses, and none but UTF-8.
            with open(part / f"{name}.parquet", "wb") as file:
                pq.write_table(pa.table({k: _column(v) for k, v in columns.items()}), file)
        (part / "run.json").write_text(json.dumps(about, indent=1) + "\n", encoding="utf-8")
    if Path(folder).name == f"seed-{result.configuration.seed}":
        _write_cell(Path(folder).parent / CELL, about)


def _write_cell(path, about):
    """Write what all seeds of a cell share, unless it is there already."""
    configuration = {k: v for k, v in about["configuration"].items() if k != "seed"}
    corpus = {name: about["corpus"][name] for name in ("corpus", "options")}
    text = json.dumps({"configuration": configuration, "corpus": corpus}, indent=1) + "\n"
    with suppress(OSError):
        if path.read_text(encoding="utf-8") == text:
            return
    with whole_file(path) as part:
        part.write_text(text, encoding="utf-8")


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
        return read_json(path)
    except (OSError, ValueError) as error:
        raise StalenessError(
            f"{path}: not a run ({error}): make it with 'staleness run'"
        ) from error


def _read_table(path):
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        with open(path, "rb") as file:
            # Without threads: a table is small, and theirs may outlive the interpreter at exit,
            # which then aborts.
            table = pq.ParquetFile(file, pre_buffer=False).read(use_threads=False)
    except (OSError, ValueError) as error:
        raise StalenessError(
            f"{path}: not a table ({said(error)}): make it with 'staleness run'"
        ) from error
    return {name: _values(table[name].combine_chunks()) for name in table.column_names}


# pyarrow's own ways from and to numpy import pandas where there is one, which takes longer than a
# short run.


def _column(values):
    """Return an ndarray of numbers as pyarrow has it."""
    import pyarrow as pa  # noqa: PLC0415

    values = np.ascontiguousarray(values)
    kind = pa.from_numpy_dtype(values.dtype)
    return pa.Array.from_buffers(kind, len(values), [None, pa.py_buffer(values)])


def _values(column):
    """Return a column of a table as an ndarray."""
    import pyarrow as pa  # noqa: PLC0415

    if column.null_count or not (
        pa.types.is_integer(column.type) or pa.types.is_floating(column.type)
    ):
        return column.to_numpy(zero_copy_only=False)
    kind = np.dtype(column.type.to_pandas_dtype())
    end = column.offset + len(column)
    return np.frombuffer(column.buffers()[1], dtype=kind, count=end)[column.offset :]
