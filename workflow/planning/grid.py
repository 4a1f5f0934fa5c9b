"""From the config file to cells, and from cells to the files of the workflow.

A figure's entry in the config lists its cells. Each is `common` with its own values laid over, and
what it uses of `presets` below these. Any value may be a list, one cell an element. A cell that
several figures use is one folder, and so is run once. A claim's entry is the same. A folder is
called by what the cell is, for people, and by a digest of all that it is: two cells never share
one, and nothing is read from a name.

On the wall clock, `processors: cores` stands for as many as this machine has cores and the schedule
can use, up to `MOST_CORES`. Where runs are made on other machines, the config's `cores` says how
many these have.

The entry `validation` says what `staleness validate` compares the two clocks on.
"""

import hashlib
import itertools
import json
import re
from dataclasses import fields
from functools import cache, partial
from pathlib import Path

from staleness.algorithms.components import choose, discover
from staleness.algorithms.configuration import (
    ALL_SCHEDULES,
    TASKS,
    UPDATES,
    Configuration,
    varies,
)
from staleness.algorithms.cpus import allowed_cpus
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce.simulated import MEASURED
from staleness.workflow import claims, figures
from staleness.workflow.corpora import registry
from staleness.workflow.corpora.own import Configured
from staleness.workflow.planning.presets import expand

OPTIONS = {"mini_batch_size": "--mini-batch"}  # settings that are not called as their option
# Fields that are no part of a cell: the seed is an axis of its own.
OWN_NAME = {"task", "seed"}
PARAMETERS = ("hyper_parameters", "schedule_parameters", "policy_parameters")
LONGEST = 180  # characters of a name before its digest, of the 255 that file systems take
DIGITS = 10  # of the digest
CORES = "cores"
MOST_CORES = 4  # as many as have an example each of a mini-batch of 4, and as the paper has


class Grid:
    """What a config asks for.

    Parameters
    ----------
    config : dict
        As config/schema.yaml allows it.

    Attributes
    ----------
    results : str
        The folder of all that is made.
    mirror : str or None
        A folder in which texts are looked for first.
    figures : dict of str to list of str
        The figures asked for, with their cells as "<task>/<cell>".
    claims : dict of str to list of str
        The claims asked for, in the same way.

    Raises
    ------
    StalenessError
        If a figure, a claim, a corpus or a cell makes no sense.
    """

    def __init__(self, config):
        self.results = config.get("results", "results")
        self.seeds = config["seeds"]
        self.mirror = config.get("mirror")
        # Of each name once: hundreds of cells share a few corpora.
        self._corpus = cache(partial(Configured.read, corpora=config.get("corpora", {})))
        self._cores = config.get("cores") or len(allowed_cpus())
        self._presets = config.get("presets", {})
        self._cells = {}
        self._targets = {k: v for k, v in config.get("targets", {}).items() if v is not None}
        self._learned = {}  # of cells that make the updates of another, the other
        self._seeds = {}  # of a figure or a claim, where they are its own
        self.figures = self._named("figure", config["figures"], discover(figures, figures.Figure))
        self.claims = self._named("claim", config.get("claims", {}), discover(claims, claims.Claim))
        self._validation = config.get("validation")
        for name, target in self._targets.items():
            self._check_target(name, target)
        if self._validation:
            try:
                self._check_corpus(self._validation["corpus"], self._validation["task"])
            except StalenessError as error:
                raise StalenessError(f"config: validation: {error}") from None

    def _named(self, kind, entries, known):
        """Return the keys of the cells of each entry, all of a kind."""
        found = {}
        for name, entry in entries.items():
            if entry is None:  # which one laid over another takes away
                continue
            if name not in known:
                raise StalenessError(
                    f"config: unknown {kind} '{name}': choose from {', '.join(known)}"
                )
            found[name] = list(dict.fromkeys(self._add(f"{kind} {name}", entry)))
            self._seeds[kind, name] = entry.get("seeds", self.seeds)
        return found

    def _add(self, where, entry):
        """Yield the keys of an entry's cells, and remember the cells."""
        for variant in entry["cells"]:
            for cell in self._listed(where, {**entry.get("common", {}), **variant}):
                corpus = cell.pop("corpus", None)
                try:
                    if corpus is None or "task" not in cell or "schedule" not in cell:
                        raise StalenessError("a cell needs task, corpus and schedule")
                    if cell.get("processors") == CORES:
                        cell["processors"] = cores_for(cell, self._cores)
                    configuration = Configuration(**cell)
                    self._check_corpus(corpus, configuration.task)
                    name = self._cell_name(configuration, corpus)
                except StalenessError as error:
                    raise StalenessError(f"config: {where}, {cell}: {error}") from None
                key = f"{configuration.task}/{name}"
                self._cells[key] = (configuration, corpus)
                other = configuration.learned_as()
                if other is not None:
                    self._learned[key] = f"{other.task}/{self._cell_name(other, corpus)}"
                    self._cells[self._learned[key]] = (other, corpus)
                yield key

    def _listed(self, where, variant):
        """Return the cells that an item of a config stands for, a list of dict."""
        try:
            found = expand(variant, self._presets)
        except StalenessError as error:
            raise StalenessError(f"config: {where}, {variant}: {error}") from None
        return list(itertools.chain(*map(choices, found)))

    def _cell_name(self, configuration, corpus):
        """Return a cell's folder name; see `cell_name`."""
        path = configuration.calibration
        if not self._has_calibration(configuration) or self._is_made(path):
            return cell_name(configuration, corpus)
        try:
            return cell_name(configuration, corpus, Path(path).read_bytes())
        except OSError as error:
            message = f"calibration {path}: {error.strerror}"
            raise StalenessError(f"{message}: make it with 'staleness calibrate'") from error

    @staticmethod
    def _has_calibration(configuration):
        return "calibration" in settings(configuration)

    def _is_made(self, path):
        """Return whether a file is made by the workflow, so that it need not be there yet."""
        return Path(path).absolute().is_relative_to(Path(self.results).absolute())

    def _check_corpus(self, name, task):
        """Raise an error unless a corpus is there, makes sense and is for a task."""
        found = self._corpus(name)
        if found.task != task:
            raise StalenessError(f"corpus {name} is for {found.task}, not {task}")

    def text(self, name):
        """Return what decides about the text of a registered corpus, a dict for JSON.

        Where nothing is known of a file to compare it with, where it is looked for first counts.
        """
        entry = registry.entry(name)
        if entry.pinned:
            return entry.text()
        return {**entry.text(), "mirror": self.mirror}

    def fetched(self, name):
        """Return what `staleness fetch` leaves of the text of a corpus, a list of at most one."""
        return self._corpus(name).fetched(f"{self.results}/corpora")

    def origin(self, name):
        """Return what decides about an encoded corpus, beside a text that is fetched."""
        return self._corpus(name).origin()

    def corpus_arguments(self, name):
        """Return the arguments of `staleness encode` that name a corpus."""
        return self._corpus(name).arguments()

    def encoded(self, task, cell):
        """Return corpus.json of the encoded corpus of a cell."""
        return f"{self.results}/encoded/{self._cells[f'{task}/{cell}'][1]}/corpus.json"

    def is_timed(self, task, cell):
        """Return whether the cell is measured in real time."""
        return self._cells[f"{task}/{cell}"][0].clock == "wall"

    def learned(self, task, cell, seed):
        """Return run.json of the run whose updates a run makes, a list of at most one."""
        other = self._learned.get(f"{task}/{cell}")
        return [] if other is None else [f"{self.results}/runs/{other}/seed-{seed}/run.json"]

    def calibration(self, task, cell):
        """Return the calibration file that the workflow makes for a cell, a list of at most one.

        What is in any other is part of the cell's name.
        """
        configuration, _ = self._cells[f"{task}/{cell}"]
        path = configuration.calibration
        made = self._has_calibration(configuration) and self._is_made(path)
        return [path] if made else []

    def like(self, task, cell):
        """Return what a run's duration depends on, what matters most first."""
        configuration, corpus = self._cells[f"{task}/{cell}"]
        learned = f"{task}/{cell}" not in self._learned
        points = configuration.epochs, configuration.evaluations
        return task, learned, *points, corpus, configuration.update

    def run_arguments(self, task, cell):
        """Return the arguments of `staleness run` for a cell, without corpus, seed and output."""
        configuration, _ = self._cells[f"{task}/{cell}"]
        arguments = [configuration.task]
        for name, value in settings(configuration).items():
            option = OPTIONS.get(name, f"--{name.replace('_', '-')}")
            if isinstance(value, bool):
                arguments += [option] if value else []
            else:
                arguments += [option, str(value)]
        return arguments

    def run_folders(self, *chosen):
        """Return the run folders of some figures, or of all figures and claims."""
        return self._folders([("figure", name) for name in chosen] or self._entries())

    def _entries(self):
        """Return all figures and claims, as `_folders` takes them."""
        return [
            *(("figure", name) for name in self.figures),
            *(("claim", name) for name in self.claims),
        ]

    def _folders(self, entries):
        """Return the run folders of some figures and claims, each once.

        Parameters
        ----------
        entries : list of tuple
            "figure" or "claim", and its name.
        """
        seeds = {}
        for kind, name in entries:
            for key in self._keys(kind, name):
                seeds.setdefault(key, {}).update(dict.fromkeys(self._seeds[kind, name]))
        return [
            f"{self.results}/runs/{key}/seed-{seed}"
            for key, found in seeds.items()
            for seed in (sorted(found) if self._varies(key) else self.seeds[:1])
        ]

    def _keys(self, kind, name):
        """Return the keys of the cells of a figure or a claim."""
        return (self.figures if kind == "figure" else self.claims)[name]

    def _varies(self, key):
        """Return whether the seeds of a cell differ in more than rounding."""
        return varies(vars(self._cells[key][0]))

    def run_files(self, *chosen):
        """Return run.json of the same runs."""
        return [f"{folder}/run.json" for folder in self.run_folders(*chosen)]

    def claim_files(self, _wildcards=None):
        """Return run.json of the runs of all claims."""
        entries = [("claim", name) for name in self.claims]
        return [f"{folder}/run.json" for folder in self._folders(entries)]

    def claim_arguments(self, _wildcards=None):
        """Return the arguments of `staleness claims`, without the output."""
        return [*self.target_arguments()] + [
            argument
            for claim in self.claims
            for argument in ("--of", claim, *self._folders([("claim", claim)]))
        ]

    def target_arguments(self, *chosen):
        """Return the `--target` options of some figures, or of all figures and claims."""
        entries = [("figure", name) for name in chosen] or self._entries()
        keys = itertools.chain(*(self._keys(*entry) for entry in entries))
        return [
            argument
            for corpus in sorted({self._cells[key][1] for key in keys} & self._targets.keys())
            for argument in self._target(corpus)
        ]

    def _target(self, corpus):
        """Return the `--target` option of a corpus."""
        target = self._targets[corpus]
        values = [target["metric"], target["start"], target["best"]]
        return ["--target", f"{self.results}/encoded/{corpus}", *map(str, values)]

    def _check_target(self, name, target):
        """Raise an error unless a corpus is there, and its task has the metric of a target."""
        try:
            metrics = TASKS[self._corpus(name).task].metrics
            choose("metric", target["metric"], metrics)
            if target["start"] == target["best"]:
                raise StalenessError("start and best are the same")
        except StalenessError as error:
            raise StalenessError(f"config: targets: {name}: {error}") from None

    def validation_corpus(self, _wildcards=None):
        """Return corpus.json of the encoded corpus that the two clocks are compared on."""
        return f"{self.results}/encoded/{self._to_be_validated()['corpus']}/corpus.json"

    def validation_arguments(self, _wildcards=None):
        """Return the arguments of `staleness validate`, without corpus and output."""
        entry = self._to_be_validated()
        arguments = [entry["task"]]
        for option in ("update", "schedules", "mini_batches", "epochs", "rounds"):
            if option in entry:
                value = entry[option]
                values = value if isinstance(value, list) else [value]
                arguments += [f"--{option.replace('_', '-')}", *map(str, values)]
        return arguments

    def _to_be_validated(self):
        if not self._validation:
            raise StalenessError("config: nothing to validate: add an entry 'validation'")
        return self._validation


def choices(values):
    """Yield the dicts that one stands for, each with one element of every list in it.

    Parameters
    ----------
    values : dict
        Of values, lists of them, or dicts of the same.
    """
    each = (
        value if isinstance(value, list) else choices(value) if isinstance(value, dict) else [value]
        for value in values.values()
    )
    for chosen in itertools.product(*each):
        yield dict(zip(values, chosen, strict=True))


def cores_for(cell, cores):
    """Return what `processors: cores` stands for in a cell, if there are so many cores.

    Raises
    ------
    StalenessError
        If the cell is not one of the wall clock: the others must be the same everywhere.
    """
    if cell.get("clock") != "wall":
        raise StalenessError("'processors: cores' is for 'clock: wall': give a number")
    schedule = choose("schedule", cell["schedule"], ALL_SCHEDULES)
    return min(cores, MOST_CORES, schedule.most_processors)


def settings(configuration):
    """Return what a cell sets, parameters among the rest, without task and seed."""
    left_out = {*OWN_NAME, *PARAMETERS}
    values = {
        field.name: getattr(configuration, field.name)
        for field in fields(configuration)
        if field.name not in left_out
    }
    if configuration.delay_mean is None:
        del values["delay_probability"]
    for name in PARAMETERS:
        values |= getattr(configuration, name) or {}
    return {name: value for name, value in values.items() if value is not None}


def cell_name(configuration, corpus, calibration=None):
    """Return a cell's folder name: what it is, what it sets apart from the usual, and a digest.

    Parameters
    ----------
    configuration : Configuration
    corpus : str
    calibration : bytes, optional
        What is in the calibration file, which counts in the place of the file's name.
    """
    values = settings(configuration)
    if calibration is not None:
        values["calibration"] = hashlib.sha256(calibration).hexdigest()
    told = json.dumps([configuration.task, corpus, values], sort_keys=True)
    slug = re.sub(r"[^\w.-]+", "-", ".".join(_slug(configuration, corpus)), flags=re.ASCII)
    return f"{slug[:LONGEST]}-{hashlib.sha256(told.encode()).hexdigest()[:DIGITS]}"


def _slug(configuration, corpus):
    """Return in words what a cell is, for people: part by part, not all of it."""
    clock, effective = configuration.clock, settings(configuration)
    if "cost" in effective:
        clock += f"-{configuration.cost}"
    parts = [
        corpus,
        configuration.update,
        configuration.schedule,
        f"P{configuration.processors}",
        f"m{configuration.mini_batch_size or 'all'}",
        f"e{configuration.epochs}x{configuration.evaluations}",
        clock,
    ]
    defaults = (
        TASKS[configuration.task].hyper_parameters()
        | UPDATES[configuration.update].hyper_parameters()
    )
    parts += [
        f"{name}-{value:g}"
        for name, value in configuration.hyper_parameters.items()
        if value != defaults[name]
    ]
    if configuration.delay_mean is not None:
        parts.append(f"delay-{configuration.delay_mean}-{configuration.delay_probability:g}")
    own = ALL_SCHEDULES[configuration.schedule].hyper_parameters()
    parts += [
        f"{name}-{value:g}"
        for name, value in configuration.schedule_parameters.items()
        if value != own[name]
    ]
    if configuration.policy is not None:
        parts.append(configuration.policy)
        parts += [f"{name}-{value:g}" for name, value in configuration.policy_parameters.items()]
    if configuration.job_startup not in {None, MEASURED}:
        parts.append(f"startup-{configuration.job_startup}")
    if configuration.oversubscribe:
        parts.append("oversubscribe")
    if "calibration" in effective:
        parts.append(Path(configuration.calibration).stem)
    return parts
