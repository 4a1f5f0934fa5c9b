"""Which cells belong together: what they share, in what they differ, what each is compared with."""

import json

from staleness.algorithms.configuration import TASKS
from staleness.algorithms.errors import StalenessError
from staleness.workflow.analysis.runs import (
    COST,
    DELAYS,
    PARAMETERS,
    POLICY,
    SCHEDULING,
    SINGLE,
    hardware,
)


def common(cells):
    """Return what all cells share, and raise an error if they cannot stand in one figure.

    Parameters
    ----------
    cells : list of Cell

    Returns
    -------
    dict
        task, corpus (its name), digest (of the encoded corpus), build (the digest of its sources),
        clock, cost (the cost model in words; None on the wall clock) and costs (in seconds, a dict
        by update rule).

    Raises
    ------
    StalenessError
        If there is no cell, or they differ in one of these; on the wall clock also if they come
        from machines that differ.
    """
    if not cells:
        raise StalenessError("no runs: give at least one folder that 'staleness run --out' wrote")
    first, costs = _identity(cells[0]), {}
    for cell in cells:
        other = _identity(cell)
        # What an update rule costs is its own.
        costs.setdefault(cell.configuration["update"], other["costs"])
        expected = {**first, "costs": costs[cell.configuration["update"]]}
        for name, value in expected.items():
            if other[name] != value:
                raise StalenessError(
                    f"runs that differ in their {name} do not fit in one figure "
                    f"({_short(value)} and {_short(other[name])}): give those of one only"
                )
    return {
        "task": first["task"],
        "corpus": first["corpus"],
        "digest": first["encoded corpus"],
        **{name: first[name] for name in ("build", "clock", "cost")},
        "costs": costs,
    }


def by_task(cells):
    """Return the cells of each task, a dict."""
    groups = {}
    for cell in cells:
        groups.setdefault(cell.configuration["task"], []).append(cell)
    return groups


def reason_by_task(cells, reason_against):
    """Return why the cells of a task make no figure, naming the task; None if all of them do.

    Parameters
    ----------
    cells : list of Cell
    reason_against : callable
        Returns the reason against the cells of one task, or None.
    """
    reasons = ((task, reason_against(group)) for task, group in by_task(cells).items())
    return next((f"task {task}: {reason}" for task, reason in reasons if reason), None)


def by_mini_batch_size(cells):
    """Return the cells of each mini-batch size, a dict by rising size; None comes last."""
    groups = {}
    for cell in cells:
        groups.setdefault(cell.configuration["mini_batch_size"], []).append(cell)
    return dict(sorted(groups.items(), key=lambda item: (item[0] is None, item[0] or 0)))


def differing(cells, besides=SCHEDULING):
    """Return the first setting, other than those named, in which cells differ, or None.

    Parameters of schedules are compared where the schedule is the same, and policies where
    something may be stale.

    Parameters
    ----------
    cells : list of Cell
    besides : tuple of str
        Settings that may differ.

    Returns
    -------
    tuple or None
        Its name and the values found, sorted as texts.
    """
    names = {name: None for cell in cells for name in cell.configuration}
    schedules = {cell.schedule: None for cell in cells}
    stale = [cell for cell in cells if cell.stale]
    compared = [
        (name, stale if name in POLICY else cells)
        for name in names
        if name not in (*besides, PARAMETERS)
    ]
    if PARAMETERS not in besides:
        compared += [(PARAMETERS, [c for c in cells if c.schedule == s]) for s in schedules]
    for name, alike in compared:
        values = {
            json.dumps(cell.configuration.get(name), sort_keys=True)
            for cell in alike
            if name not in _free(cell, besides)
        }
        if len(values) > 1:
            return name, sorted(values)
    return None


def experiments(cells):
    """Return the cells in groups that differ in nothing but schedule, processors and delays.

    Another policy is another experiment, with the same single processor. Cells with delays are
    measured by the single processor without: where there is none, other delays are another
    experiment. Batch learning, whatever its update rule, is measured by the first single processor
    that has the same corpus and clock.

    Parameters
    ----------
    cells : list of Cell

    Returns
    -------
    list of list of Cell
    """
    found, batches = [], []
    for group in grouped(cells, (*SCHEDULING, *DELAYS)):
        measured = any(cell.schedule == SINGLE and cell.delay is None for cell in group)
        parts = [group] if measured else grouped(group, SCHEDULING)
        (batches if group[0].batch else found).extend(parts)
    for batch in batches:
        hosts = [group for group in found if baseline(group) and _side_by_side(group[0], batch[0])]
        if hosts:
            hosts[0].extend(batch)
        else:
            found.append(batch)
    return found


def grouped(cells, besides):
    """Return the cells in groups that differ in none but the settings named.

    Where schedules may differ, cells in which nothing is stale are in the group of every policy.

    Parameters
    ----------
    cells : list of Cell
    besides : tuple of str

    Returns
    -------
    list of list of Cell
    """
    if "schedule" in besides:
        alike = _grouped(cells, (*besides, PARAMETERS, *POLICY))
        return [part for group in alike for part in _by_policy(group)]
    return _grouped(cells, besides)


def _grouped(cells, besides):
    groups = {}
    for cell in cells:
        settings = {k: v for k, v in cell.configuration.items() if k not in _free(cell, besides)}
        key = json.dumps([settings, _identity(cell)], sort_keys=True)
        groups.setdefault(key, []).append(cell)
    return list(groups.values())


def _free(cell, besides):
    """Return the settings in which a cell may differ from others that may differ in some.

    On the wall clock nothing costs anything but pauses in mini-batches.
    """
    paused = cell.configuration.get("clock") == "wall" and "delay_mean" in besides
    return (*besides, *COST) if paused else besides


def policies(cells):
    """Return the policies of those cells that may be stale, in words, each once; None for none."""
    return list(dict.fromkeys(cell.policy for cell in cells if cell.stale))


def _by_policy(cells):
    """Return the cells of each policy, a list of lists."""
    return [
        [cell for cell in cells if not cell.stale or cell.policy == policy]
        for policy in policies(cells) or [None]
    ]


def baseline(cells):
    """Return the cell of the single processor, or None; of several, the one without delays.

    Raises
    ------
    StalenessError
        If it is not clear which to compare with.
    """
    singles = [cell for cell in cells if cell.schedule == SINGLE]
    found = [cell for cell in singles if cell.delay is None] or singles
    if len(found) > 1:
        name, values = differing(found) or ("corpus, build or clock", [])
        raise StalenessError(
            f"{len(found)} single-processor cells, which differ in {name} "
            f"({' and '.join(values)}): give the runs of one"
        )
    return found[0] if found else None


def _identity(cell):
    """Return what cells in one figure must share, by what the message calls it."""
    configuration = cell.configuration
    simulated = configuration["clock"] == "simulated"
    task = TASKS.get(configuration["task"])
    of_the_task = task.hyper_parameters() if task else ()
    return {
        "task": configuration["task"],
        "model": {k: v for k, v in configuration["hyper_parameters"].items() if k in of_the_task},
        "corpus": cell.about["corpus"]["corpus"],
        "encoded corpus": cell.about["corpus"]["digest"],
        "build": cell.about["versions"]["sources"],
        "clock": configuration["clock"],
        # On the wall clock only pauses may be counted by a model; times are the machine's.
        "cost": cell.about["cost_model"]["description"] if simulated else None,
        "costs": cell.about["cost_model"]["seconds"] if simulated else None,
        "machine": None if simulated else hardware(cell.about),
    }


def _side_by_side(a, b):
    """Return whether two cells can be compared, whatever they learn by."""
    try:
        common([a, b])
    except StalenessError:
        return False
    return True


def _short(value):
    """Return a value for a message, a digest by its beginning."""
    text = str(value)
    return text[:12] if len(text) == 64 else text
