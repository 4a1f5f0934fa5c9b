"""Runs as figures, claims and the report read them: the seeds of a configuration are a cell."""

import json
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from staleness.algorithms.configuration import ALL_SCHEDULES, varies
from staleness.algorithms.delays import Mean
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.schedules import AnySchedule
from staleness.workflow.analysis.targets import SHARE
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
    targets : dict of str to staleness.workflow.analysis.targets.Target
        Of its corpus, by metric, where they were fixed beforehand.
    share : float
        Of the way to the best value, at which the target lies.
    whole : Cell or None
        Of which this one has some of the seeds.
    """

    configuration: dict
    seeds: tuple
    curves: tuple
    abouts: tuple
    folders: tuple = ()
    targets: dict = field(default_factory=dict)
    share: float = SHARE
    whole: "Cell | None" = None

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
        """Return the cell with some of its seeds; the one run of a cell that does not vary is all.

        Raises
        ------
        ValueError
            If it has no such seed.
        """
        places = [self.seeds.index(seed) if self.varies else 0 for seed in seeds]
        curves, abouts, folders = (
            tuple(have[place] for place in places) if have else ()
            for have in (self.curves, self.abouts, self.folders)
        )
        found = replace(
            self,
            seeds=tuple(seeds),
            curves=curves,
            abouts=abouts,
            folders=folders,
            whole=self.whole or self,
        )
        if "traces" in vars(self):  # read already
            vars(found)["traces"] = tuple(self.traces[place] for place in places)
        return found

    def at(self, share):
        """Return the cell with the target at another share of the way."""
        whole = self.whole and replace(self.whole, share=share)
        found = replace(self, share=share, whole=whole)
        if "traces" in vars(self):
            vars(found)["traces"] = self.traces
        return found

    @property
    def varies(self):
        """Whether other seeds would give other runs."""
        return varies(self.configuration)

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


def paired(*cells):
    """Return cells with the seeds that all of them have, those that do not vary repeated.

    Parameters
    ----------
    *cells : Cell

    Returns
    -------
    list of Cell
    """
    seeds = shared_seeds(cells)
    return [cell.of_seeds(seeds) for cell in cells]


def shared_seeds(cells):
    """Return the seeds that all cells have, in rising order; those that do not vary have any."""
    random = [set(cell.seeds) for cell in cells if cell.varies]
    return sorted(set.intersection(*random)) if random else [cells[0].seeds[0]]


def load(folders, fixed=None):
    """Read run folders and put the seeds of a configuration together.

    Parameters
    ----------
    folders : iterable of path-like
        What `staleness run --out` wrote.
    fixed : dict, optional
        What `targets.read` returned.

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
            same.append(hardware(about))
        group = groups.setdefault(json.dumps(same, sort_keys=True), {})
        if seed in group:
            raise StalenessError(
                f"{folder}: the same run as {group[seed][0]} (seed {seed}): give each run once"
            )
        group[seed] = (folder, about, curve)
    cells = []
    for key, group in groups.items():
        seeds = tuple(sorted(group))
        folders, abouts, curves = zip(*(group[seed] for seed in seeds), strict=True)
        _check_points(folders, curves)
        configuration = {k: v for k, v in abouts[0]["configuration"].items() if k != "seed"}
        own = (fixed or {}).get(abouts[0]["corpus"]["digest"], {})
        cell = Cell(configuration, seeds, curves, abouts, folders, own)
        cells.append((*_rank(cell), key, cell))
    return [cell for *_, cell in sorted(cells, key=lambda ranked: ranked[:-1])]


def machines(cells):
    """Return phrases on the machines, each once, in order of appearance."""
    return list(dict.fromkeys(hardware(about) for cell in cells for about in cell.abouts))


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


def hardware(about):
    """Return a phrase on the machine that a run.json says."""
    machine = about["machine"]
    cores = f"{machine['cores']} core{'s' if machine['cores'] != 1 else ''}"
    return f"{machine['processor']} ({machine['architecture']}), {cores}, {machine['system']}"


def _rank(cell):
    """Return what cells are sorted by."""
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
    )
