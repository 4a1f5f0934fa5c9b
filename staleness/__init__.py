"""Asynchronous online learning of structured models: runs, tables of runs, and verdicts.

Everything that the command line does starts here, for programs and notebooks:

>>> import staleness
>>> result = staleness.run("ner", "asynchronous", corpus="synthetic-ner", options={"examples": 50},
...                        processors=4, epochs=2, evaluations=1, data=getfixture("tmp_path"))
>>> list(result.curve)
['time_s', 'updates', 'examples', 'epoch', 'f1', 'precision', 'recall', 'log_likelihood']
>>> result.summary()["updates"]
25

Nothing is imported before it is used: `import staleness` takes a millisecond.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from typing import Unpack

    from pyarrow import Table

    from staleness.algorithms.errors import StalenessError
    from staleness.algorithms.result import Result
    from staleness.settings import Settings

__all__ = ["Result", "StalenessError", "__version__", "judge", "load", "run"]

Place = str | PathLike[str]


def run(
    task: str,
    schedule: str,
    *,
    corpus: Place | None = None,
    options: Mapping[str, object] | None = None,
    data: Place = "results",
    out: Place | None = None,
    progress: Callable[[int, int, Mapping[str, float]], None] | None = None,
    **settings: Unpack[Settings],
) -> Result:
    """Run one configuration and return what came of it.

    Parameters
    ----------
    task, schedule : str
        As `staleness list tasks` and `staleness list schedules` have them.
    corpus : str or path-like, optional
        The folder of an encoded corpus, or the name of one that `staleness list corpora` has, which
        is fetched and encoded where that has not been done; by default the task's own.
    options : dict, optional
        Of the encoder of a corpus that has a name, as `staleness encode --help` has them.
    data : path-like
        The folder that has, or gets, corpora.
    out : path-like, optional
        A folder to write curve, trace and run.json into.
    progress : callable, optional
        Called now and then with the examples done, those to be done in all and the latest metrics.
    **settings
        Of `staleness.algorithms.configuration.Configuration`: processors, mini_batch_size, epochs,
        update, hyper_parameters, policy, clock, seed, ... A type checker knows them.

    Returns
    -------
    Result
        `curve`, a dict of columns; `trace`, a row a mini-batch; `theta`; `summary()`.

    Raises
    ------
    StalenessError
        If the settings make no sense together, or the corpus cannot be had; training diverged.
    """
    from staleness.workflow import experiment

    return experiment.run(task, schedule, corpus, options, data, out, progress, settings)


def load(
    folders: Place | Iterable[Place],
    what: Literal["runs", "curve", "trace"] = "runs",
) -> Table:
    """Return run folders as one table.

    Parameters
    ----------
    folders : path-like, or several
        Of `run(..., out=...)` or `staleness run --out`; of a folder that is none, all that lie
        somewhere in it.
    what : str
        "runs", a row a run: its settings, final metrics, time and staleness. "curve", a row a curve
        point; "trace", a row a mini-batch: both with the run's folder, schedule, processors,
        mini_batch_size and seed before.

    Returns
    -------
    pyarrow.Table
        With pandas installed, `.to_pandas()` makes a data frame of it.

    Raises
    ------
    StalenessError
        If there are no runs, or one cannot be read.
    """
    from staleness.workflow.analysis import tables

    return tables.load(folders, what)


def judge(
    folders: Place | Iterable[Place], claims: Iterable[str] | None = None
) -> list[dict[str, Any]]:
    """Judge claims by runs.

    Parameters
    ----------
    folders : path-like, or several
        As for `load`; each claim takes the runs it needs.
    claims : iterable of str, optional
        Their names (`staleness list claims`); by default all.

    Returns
    -------
    list of dict
        In the order of their numbers: number, name, statement, verdict, and parts, each with its
        effect, 95 % interval and criterion.

    Raises
    ------
    StalenessError
        If there are no runs, or no such claim.
    """
    from staleness.workflow.analysis import tables
    from staleness.workflow.claims import judge

    judged: list[dict[str, Any]] = judge.judge_all(tables.found(folders), claims)
    return judged


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("staleness")
    if name == "Result":
        from staleness.algorithms.result import Result

        return Result
    if name == "StalenessError":
        from staleness.algorithms.errors import StalenessError

        return StalenessError
    raise AttributeError(f"module 'staleness' has no attribute '{name}'")
