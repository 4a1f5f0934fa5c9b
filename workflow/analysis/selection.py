"""What runs a claim needs, and how they are picked from those there are."""

from collections.abc import Callable
from dataclasses import dataclass

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis import grouping, runs
from staleness.workflow.analysis.phrases import listed


class Missing(StalenessError):
    """The runs do not suffice for a claim; the message says what is missing."""


@dataclass(frozen=True)
class Need:
    """A kind of cell that a claim needs.

    Attributes
    ----------
    schedule : str
    processors : int or None
        None is any number.
    update : str or None
        None is the rule that the task uses unless another is asked for.
    size : int or None
        Of mini-batches; None is any.
    delayed : bool or None
        Whether there are delays; None is either.
    policy : str or None
        Its name; None where steps are as long however stale.
    free : tuple of str
        Settings, besides schedule and processors, in which the cell may differ from that of the
        claim's first need.
    along : callable, optional
        Where several cells are needed: the number, of a cell, that tells them apart.
    at_least : int
        How many.
    what : str
        In what they differ, for messages: "mini-batch sizes".
    """

    schedule: str
    processors: int | None = None
    update: str | None = None
    size: int | None = None
    delayed: bool | None = False
    policy: str | None = None
    free: tuple = ()
    along: Callable | None = None
    at_least: int = 1
    what: str = ""

    def takes(self, cell):
        """Return whether a cell is of this kind."""
        configuration = cell.configuration
        return (
            cell.schedule == self.schedule
            and self.processors in {None, cell.processors}
            and configuration["update"] == (self.update or TASKS[configuration["task"]].update)
            and self.size in {None, configuration["mini_batch_size"]}
            and self.delayed in {None, cell.delay is not None}
            and self.policy == configuration.get("policy")
        )

    @property
    def phrase(self):
        """What is needed, in words."""
        details = [
            self.update and f"update {self.update}",
            self.schedule != runs.SINGLE and self.processors and f"P = {self.processors}",
            self.size and f"m = {self.size}",
            "with delays" if self.delayed else None,
            self.policy and f"policy {self.policy}",
        ]
        return ", ".join([self.schedule, *filter(None, details)])


def single(**details):
    """Return the need of a single processor."""
    return Need(runs.SINGLE, 1, **details)


def select(needs, cells):
    """Pick the cells of one experiment that a claim needs.

    Parameters
    ----------
    needs : dict of str to Need
    cells : list of staleness.workflow.analysis.runs.Cell
        Of one task.

    Returns
    -------
    dict of str to Cell, or to dict of number to Cell
        By the names of the needs; a dict, by rising number, where there is an `along`.

    Raises
    ------
    Missing
        If a cell is missing, or it is not clear which is meant.
    """
    first = next(iter(needs.values()))
    anchors = [cell for cell in cells if first.takes(cell)]
    if not anchors:
        raise Missing(f"no runs of {first.phrase}")
    complete, lacking = {}, []
    for anchor in anchors:
        found, missing = {}, []
        for name, need in needs.items():
            try:
                found[name] = _fill(need, anchor, cells, is_first=need is first)
            except Missing as error:
                missing.append(str(error))
        if missing:
            lacking.append(missing)
        else:
            # Where the first need is several cells, each of them finds the same.
            complete.setdefault(frozenset(map(id, each(found))), found)
    if not complete:
        raise Missing("; ".join(min(lacking, key=len)))
    if len(complete) > 1:
        chosen = [next(iter(each(found))) for found in complete.values()]
        raise Missing(_several(first, chosen))
    return next(iter(complete.values()))


def each(found):
    """Return all cells of what `select` returned, a list."""
    return [
        cell
        for one in found.values()
        for cell in (one.values() if isinstance(one, dict) else [one])
    ]


def of_seeds(found, seeds):
    """Return what `select` returned with some of the seeds; see `Cell.of_seeds`."""
    return {
        name: {key: cell.of_seeds(seeds) for key, cell in one.items()}
        if isinstance(one, dict)
        else one.of_seeds(seeds)
        for name, one in found.items()
    }


def at(found, share):
    """Return what `select` returned with targets at another share of the way; see `Cell.at`."""
    return {
        name: {key: cell.at(share) for key, cell in one.items()}
        if isinstance(one, dict)
        else one.at(share)
        for name, one in found.items()
    }


def shared_seeds(found):
    """Return the seeds that all cells of what `select` returned have, in rising order."""
    return runs.shared_seeds(each(found))


def _fill(need, anchor, cells, is_first):
    """Return the cells of a need that belong to the same experiment as another cell."""
    if is_first and need.along is None:
        return anchor
    fitting = [cell for cell in cells if need.takes(cell) and _belongs(anchor, cell, need.free)]
    if need.along is None:
        if not fitting:
            raise Missing(f"no runs of {need.phrase}")
        if len(fitting) > 1:
            raise Missing(_several(need, fitting))
        return fitting[0]
    found = {}
    for cell in fitting:
        found.setdefault(need.along(cell), []).append(cell)
    for group in found.values():
        if len(group) > 1:
            raise Missing(_several(need, group))
    if len(found) < need.at_least:
        count = len(found) or "no"
        raise Missing(f"{need.phrase}: {count} {need.what}, at least {need.at_least} are needed")
    return {number: found[number][0] for number in sorted(found)}


def _belongs(anchor, cell, free):
    """Return whether two cells are of one experiment."""
    if grouping.differing([anchor, cell], (*runs.SCHEDULING, *free)):
        return False
    try:
        grouping.common([anchor, cell])
    except StalenessError:
        return False
    return True


def _several(need, cells):
    """Return a message on cells of which one is needed."""
    name, values = grouping.differing(cells, ()) or ("corpus, build, clock or cost", [])
    among = f" ({listed(values)})" if values else ""
    return (
        f"{len(cells)} experiments have runs of {need.phrase}, which differ in {name}{among}: "
        "give those of one"
    )
