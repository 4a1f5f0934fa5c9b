"""Runs as figures and the report read them: seeds together in cells, told apart and described."""

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from staleness.algorithms.configuration import ALL_SCHEDULES, TASKS
from staleness.algorithms.delays import Mean
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.schedules import AnySchedule
from staleness.workflow.store import record

SINGLE = "single"
AXIS = ("time_s", "updates", "examples", "epoch")
REMEDY = "make it with 'staleness run'"
# What run.json must hold for a figure to state what it shows, and of which type.
NEEDED = {
    "configuration": {
        **dict.fromkeys(("task", "schedule", "update", "clock"), str),
        **dict.fromkeys(("processors", "epochs", "evaluations", "seed"), int),
        "mini_batch_size": int | None,
        "hyper_parameters": dict,
    },
    "corpus": {"corpus": str | None, "digest": str | None, "sources": dict | None},
    "versions": {"sources": str | None},
    "cost_model": {"description": str | None, "seconds": dict | None},
    "machine": dict.fromkeys(
        ("processor", "architecture", "cores", "system", "load", "governor"), object
    ),
}
# What a trace must hold for what processors did to be read off it.
TRACE = (
    *("processor", "start", "computed", "delay", "barrier_wait", "lock_wait", "update", "end"),
    *("update_number", "staleness"),
)
PARAMETERS = "schedule_parameters"  # a setting of each schedule's own
POLICY = ("policy", "policy_parameters")  # settings of what may be stale
# Settings in which the cells of one experiment may differ.
SCHEDULING = ("schedule", "processors", "oversubscribe")
COST = ("cost", "calibration")
DELAYS = ("delay_mean", "delay_probability")
LEARNING = ("update", "hyper_parameters", "mini_batch_size", "epochs", "evaluations")
NEEDED_NUMBERS = ("cpu_seconds", "peak_memory_bytes", "mean_staleness")
DIGEST = "curve_sha256"


@dataclass(frozen=True, eq=False)
class Cell:
    """The runs that differ in nothing but their seeds; equal to nothing but itself.

    Attributes
    ----------
    configuration : dict
        As in run.json, without the seed.
    seeds : tuple of int
        In rising order, as are the others.
    curves : tuple of dict of str to ndarray
    abouts : tuple of dict
        The contents of run.json.
    folders : tuple of pathlib.Path
        Where they are.
    """

    configuration: dict
    seeds: tuple
    curves: tuple
    abouts: tuple
    folders: tuple = ()

    @cached_property
    def traces(self):
        """The traces of the seeds, a tuple of dict of str to ndarray; read when first asked for.

        Raises
        ------
        StalenessError
            If one is missing, or is no trace.
        """
        return tuple(map(_read_trace, self.folders))

    def of_seeds(self, seeds):
        """Return the cell with some of its seeds, of which one may occur several times.

        Raises
        ------
        ValueError
            If it has no such seed.
        """
        places = [self.seeds.index(seed) for seed in seeds]
        curves, abouts, folders = (
            tuple(have[place] for place in places) if have else ()
            for have in (self.curves, self.abouts, self.folders)
        )
        found = Cell(self.configuration, tuple(seeds), curves, abouts, folders)
        if "traces" in vars(self):  # read already
            vars(found)["traces"] = tuple(self.traces[place] for place in places)
        return found

    @property
    def schedule(self):
        """The schedule's name."""
        return self.configuration["schedule"]

    @property
    def processors(self):
        """How many processors there were."""
        return self.configuration["processors"]

    @property
    def batch(self):
        """Whether a mini-batch is the whole corpus."""
        return self.configuration["mini_batch_size"] is None

    @property
    def delay(self):
        """The mean of the delays as a `Mean`, or None if there are none."""
        mean = self.configuration.get("delay_mean")
        return Mean.parse(mean) if mean else None

    @property
    def stale(self):
        """Whether its updates may be stale, so that a policy would make a difference."""
        schedule = ALL_SCHEDULES.get(self.schedule)
        if schedule is None:
            return True
        given, known = self.configuration.get(PARAMETERS) or {}, schedule.hyper_parameters()
        return schedule.configure({k: v for k, v in given.items() if k in known}).stale()

    @property
    def policy(self):
        """Its policy in words, such as "inverse (exponent 0.5)"; None without."""
        name, parameters = map(self.configuration.get, POLICY)
        told = ", ".join(f"{key} {value:g}" for key, value in (parameters or {}).items())
        return f"{name} ({told})" if told else name

    @property
    def about(self):
        """The run.json of the first seed, for what all seeds share."""
        return self.abouts[0]

    @property
    def label(self):
        """What a curve of this cell is called."""
        if self.schedule == SINGLE:
            return "single processor"
        return f"{'batch' if self.batch else self.schedule}, P = {self.processors}"


def load(folders):
    """Read run folders and put the seeds of a configuration together.

    Parameters
    ----------
    folders : iterable of path-like
        What `staleness run --out` wrote.

    Returns
    -------
    list of Cell
        By task and corpus, the single processor first, then by schedule, processors, mini-batch
        size and delay.

    Raises
    ------
    StalenessError
        If a folder is no run, or two hold the same one.
    """
    groups = {}
    for folder in map(Path, folders):
        about, curve = _read(folder)
        configuration = dict(about["configuration"])
        seed = configuration.pop("seed")
        same = [configuration, about["corpus"]["digest"], about["versions"]["sources"]]
        if configuration["clock"] != "simulated":
            same.append(_hardware(about))
        group = groups.setdefault(json.dumps(same, sort_keys=True), {})
        if seed in group:
            raise StalenessError(
                f"{folder}: the same run as {group[seed][0]} (seed {seed}): give each run once"
            )
        group[seed] = (folder, about, curve)
    cells = []
    for group in groups.values():
        seeds = tuple(sorted(group))
        folders, abouts, curves = zip(*(group[seed] for seed in seeds), strict=True)
        _check_points(folders, curves)
        configuration = {k: v for k, v in abouts[0]["configuration"].items() if k != "seed"}
        cells.append(Cell(configuration, seeds, curves, abouts, folders))
    return sorted(cells, key=_rank)


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


def describe_clock(shared):
    """Return a phrase on the clock and its cost model.

    Parameters
    ----------
    shared : dict
        What `common` returned.
    """
    if shared["clock"] != "simulated":
        return f"{shared['clock']} clock"
    return f"{shared['clock']} clock, {shared['cost']}"


def describe_delays(cells):
    """Return a phrase on the delays, or None if no cell has any."""
    delayed = [cell for cell in cells if cell.delay]
    if not delayed:
        return None
    means = sorted({cell.delay for cell in delayed}, key=lambda mean: (mean.unit, mean.value))
    shares = sorted({100 * cell.configuration["delay_probability"] for cell in delayed})
    return (
        f"after {_either(f'{share:g}' for share in shares)} % of the mini-batches a delay of "
        f"{_either(map(describe_mean, means))} on average"
        + (", or none" if len(delayed) < len(cells) else "")
    )


def describe_mean(mean):
    """Return a phrase on the mean of delays, a `Mean`."""
    return f"{mean.value:g} {'s' if mean.unit == 's' else 'times a mini-batch'}"


def machines(cells):
    """Return phrases on the machines, each once, in order of appearance."""
    return list(dict.fromkeys(_hardware(about) for cell in cells for about in cell.abouts))


def seed_lists(cells):
    """Return a phrase on the seeds, such as "3 seeds (0, 1, 2)"."""
    kinds = list(dict.fromkeys(cell.seeds for cell in cells))
    phrases = [
        f"{len(seeds)} seed{'s' if len(seeds) > 1 else ''} ({', '.join(map(str, seeds))})"
        for seeds in kinds
    ]
    return " or ".join(phrases)


def _read(folder):
    about = record.read_about(folder)
    path = folder / "run.json"
    if not isinstance(about, dict):
        raise StalenessError(f"{path}: not a run (it holds no object): {REMEDY}")
    for section, kinds in NEEDED.items():
        table = about.get(section)
        for name, kind in kinds.items():
            if not isinstance(table, dict) or name not in table:
                raise StalenessError(f"{path}: '{name}' is missing in '{section}': {REMEDY}")
            if not isinstance(table[name], kind):
                found = f"'{name}' in '{section}' is {table[name]!r}"
                raise StalenessError(f"{path}: {found}, not what a run says: {REMEDY}")
    if not isinstance(about.get(DIGEST), str):
        raise StalenessError(f"{path}: '{DIGEST}' is missing or no text: {REMEDY}")
    for name in NEEDED_NUMBERS:
        if not isinstance(about.get(name), int | float):
            raise StalenessError(f"{path}: '{name}' is missing or no number: {REMEDY}")
    curve = record.read_curve(folder)
    missing = [name for name in AXIS if name not in curve]
    if missing or not len(curve["time_s"]):
        what = f"no column '{missing[0]}'" if missing else "no rows"
        raise StalenessError(f"{folder / 'curve.parquet'}: {what}: {REMEDY}")
    return about, curve


def _read_trace(folder):
    trace = record.read_trace(folder)
    missing = [name for name in TRACE if name not in trace]
    if missing or not len(trace["end"]):
        what = f"no column '{missing[0]}'" if missing else "no rows"
        raise StalenessError(f"{folder / 'trace.parquet'}: {what}: {REMEDY}")
    return trace


def _check_points(folders, curves):
    for folder, curve in zip(folders, curves, strict=True):
        if len(curve["examples"]) != len(curves[0]["examples"]):
            raise StalenessError(
                f"{folder}: {len(curve['examples'])} curve points, but {folders[0]} has "
                f"{len(curves[0]['examples'])}: {REMEDY}"
            )


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
        "machine": None if simulated else _hardware(cell.about),
    }


def _side_by_side(a, b):
    """Return whether two cells can be compared, whatever they learn by."""
    try:
        common([a, b])
    except StalenessError:
        return False
    return True


def _hardware(about):
    machine = about["machine"]
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    return f"{machine['processor']} ({machine['architecture']}), {cores}, {machine['system']}"


def _either(phrases):
    *first, last = phrases
    return f"{', '.join(first)} or {last}" if first else last


def _short(value):
    """Return a value for a message, a digest by its beginning."""
    text = str(value)
    return text[:12] if len(text) == 64 else text


def _rank(cell):
    configuration = cell.configuration
    schedule = ALL_SCHEDULES.get(cell.schedule, AnySchedule)
    return (
        configuration["task"],
        cell.about["corpus"]["corpus"] or "",
        schedule.rank,
        cell.schedule,
        cell.processors,
        configuration["mini_batch_size"] or 0,
        (cell.delay.unit, cell.delay.value) if cell.delay else ("", 0.0),
        json.dumps([configuration, _identity(cell)], sort_keys=True),
    )
