"""Run folders as tables of Arrow, for programs and notebooks."""

from pathlib import Path

from staleness.algorithms.errors import StalenessError
from staleness.workflow.store import record

SETTINGS = ("task", "schedule", "processors", "mini_batch_size", "seed")  # before curve and trace
NUMBERS = ("seconds", "updates", "mean_staleness", "dropped", "cpu_seconds", "curve_sha256")
READ = {"curve": record.read_curve, "trace": record.read_trace}


def load(folders, what="runs"):
    """Return run folders as one table; see `staleness.load`."""
    # Importing it takes longer than most of what it is not needed for.
    import pyarrow as pa  # noqa: PLC0415

    paths = found(folders)
    if what == "runs":
        return pa.Table.from_pylist(_filled([_row(path) for path in paths]))
    if what not in READ:
        raise StalenessError(f"what is '{what}': expected runs, {' or '.join(READ)}")
    tables = [_columns(pa, path, READ[what](path)) for path in paths]
    return pa.concat_tables(tables, promote_options="default")


def found(folders):
    """Return the run folders among some folders and below them, a list of Path.

    Raises
    ------
    StalenessError
        If there are none.
    """
    given = [folders] if isinstance(folders, str) or hasattr(folders, "__fspath__") else folders
    paths = []
    for folder in map(Path, given):
        # What is being written is hidden.
        below = [
            path.parent
            for path in sorted(folder.rglob("run.json"))
            if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        ]
        if not below:
            raise StalenessError(f"{folder}: no run in it: make one with 'staleness run --out'")
        paths += below
    if not paths:
        raise StalenessError("no runs: name at least one folder of 'staleness run --out'")
    return list(dict.fromkeys(paths))


def _row(path):
    about = record.read_about(path)
    settings = {}
    for name, value in about["configuration"].items():
        settings |= value if isinstance(value, dict) else {name: value}
    numbers = {name: about.get(name) for name in NUMBERS}
    corpus = about["corpus"]["corpus"]
    return {"folder": str(path), "corpus": corpus, **settings, **numbers, **about["metrics"]}


def _filled(rows):
    """Return rows with the same columns, those that a run has not as None."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{name: row.get(name) for name in names} for row in rows]


def _columns(pa, path, columns):
    about = record.read_about(path)
    length = len(next(iter(columns.values())))
    before = {"folder": str(path)} | {name: about["configuration"].get(name) for name in SETTINGS}
    kinds = {"folder": pa.string(), "task": pa.string(), "schedule": pa.string()}
    same = {
        name: pa.array([value] * length, type=kinds.get(name, pa.int64()))
        for name, value in before.items()
    }
    return pa.table({**same, **columns})
