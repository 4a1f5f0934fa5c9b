"""One run: a learner under a schedule on a clock, and the curve that comes of it."""

import hashlib
import time
from collections import ChainMap
from contextlib import closing
from dataclasses import asdict, dataclass, field

import numpy as np

from staleness.algorithms import costs, delays, schedules, tasks, updates
from staleness.algorithms.arrays import digest
from staleness.algorithms.clocks import Event, SimulatedClock, WallClock
from staleness.algorithms.components import choose, discover
from staleness.algorithms.cpus import allowed_cpus
from staleness.algorithms.errors import Diverged, StalenessError
from staleness.algorithms.mapreduce import simulated
from staleness.algorithms.seeds import visiting_order

TASKS = discover(tasks, tasks.Task)
UPDATES = discover(updates, updates.Update)
SCHEDULES = discover(schedules, schedules.Schedule)
JOB_SCHEDULES = discover(schedules, schedules.JobSchedule)
ALL_SCHEDULES = ChainMap(JOB_SCHEDULES, SCHEDULES)
COST_MODELS = discover(costs, costs.CostModel)
JOBS = ("mappers", "reducers", "jobs_in_flight")
EMPTY_JOBS = 5  # that are measured before a run
MOST = 2**31 - 1  # of any number: kernels count in 32 bits
MOST_PROCESSORS = 2**14  # as the simulated clock looks at each of them at every event
CLOCKS = {"simulated": SimulatedClock, "wall": WallClock}


def without_effect(schedule, clock, delay_mean=None):
    """Return the settings that say nothing under a schedule and on a clock, a set.

    Parameters
    ----------
    schedule, clock : str
    delay_mean : str, optional
        See `Configuration`: on the wall clock too, a pause that is counted in mini-batches is as
        long as the cost model says.
    """
    names = {"engine"} if clock == "simulated" else {"job_startup"}
    if clock != "simulated" and not delays.counts_mini_batches(delay_mean):
        names |= {"cost", "calibration"}
    if not ALL_SCHEDULES[schedule].replicas:
        names.add("average_every")
    if schedule not in JOB_SCHEDULES:
        names |= {"engine", "job_startup", *JOBS}
    return names


@dataclass(frozen=True)
class Configuration:
    """Everything that a run depends on, but the corpus' contents and the build.

    Attributes
    ----------
    task, update, schedule, clock, cost : str
        Names of components; on the wall clock `cost` counts only where delays are in mini-batches.
    hyper_parameters : dict
        Of the task's model and of the update rule; defaults take the place of those not given.
    processors, epochs, seed : int
    mini_batch_size : int or None
        None where a mini-batch is the whole corpus.
    evaluations : int
        Curve points an epoch; 0: only before the first and after the last update.
    calibration : str or None
        The file of cost model `measured`, of no other; None is the reference.
    delay_mean : str or None
        Mean of the pauses before updates: "5s", or "8x" for 8 mean mini-batches.
    delay_probability : float
        That there is a pause before an update.
    average_every : int
        Mini-batches of a processor between two averages, where `theta` is replicated.
    oversubscribe : bool
        Allow more threads or local workers than cores on the wall clock.
    engine : str
        Of MapReduce on the wall clock: "local" for as many worker processes as `processors`, or the
        address of a Dask scheduler.
    mappers, reducers, jobs_in_flight : int or None
        See `JobSchedule`; None are the schedule's own, and what all others have.
    job_startup : str or None
        Of MapReduce on the simulated clock, and None elsewhere: "measured", the default, or seconds
        as in "20s".
    """

    task: str
    schedule: str
    update: str | None = None
    hyper_parameters: dict = field(default_factory=dict)
    processors: int = 1
    mini_batch_size: int | None = 4
    epochs: int = 10
    evaluations: int = 4
    seed: int = 0
    clock: str = "simulated"
    cost: str = "measured"
    calibration: str | None = None
    delay_mean: str | None = None
    delay_probability: float = delays.PROBABILITY
    average_every: int = 250
    oversubscribe: bool = False
    engine: str = "local"
    mappers: int | None = None
    reducers: int | None = None
    jobs_in_flight: int | None = None
    job_startup: str | None = None

    def __post_init__(self):
        task = choose("task", self.task, TASKS)
        schedule = choose("schedule", self.schedule, ALL_SCHEDULES)
        if self.update is None:
            object.__setattr__(self, "update", task.update)
        update = choose("update", self.update, UPDATES)
        choose("clock", self.clock, CLOCKS)
        cost = choose("cost model", self.cost, COST_MODELS)
        if self.calibration is not None and not cost.calibrated:
            raise StalenessError(f"a calibration is for cost 'measured', not for '{self.cost}'")
        if schedule.batch:
            object.__setattr__(self, "mini_batch_size", None)
        elif self.mini_batch_size is None:
            raise StalenessError(f"schedule '{self.schedule}' needs a mini_batch_size")
        self._choose_jobs(schedule)
        least = dict.fromkeys(
            ("processors", "mini_batch_size", "epochs", "average_every", *JOBS), 1
        )
        for name, number in {**least, "evaluations": 0, "seed": 0}.items():
            value = getattr(self, name)
            if value is not None and value < number:
                raise StalenessError(f"{name} must be at least {number}, not {value}")
            most = MOST_PROCESSORS if name == "processors" else MOST
            if value is not None and value > most:
                raise StalenessError(f"{name} must be at most {most:,}, not {value}")
        if self.delay_mean is not None:
            delays.Mean.parse(self.delay_mean)
        if not 0 <= self.delay_probability <= 1:
            raise StalenessError(
                f"delay_probability must lie between 0 and 1, not {self.delay_probability}"
            )
        for reason in (schedule.skip(self.processors), update.skip(self.task, schedule)):
            if reason:
                raise StalenessError(reason)
        parts = self.parts()
        object.__setattr__(self, "hyper_parameters", asdict(parts[0]) | asdict(parts[1]))

    def _choose_jobs(self, schedule):
        """Let the schedule say of its jobs what was not said; refuse what makes no sense."""
        if not issubclass(schedule, schedules.JobSchedule):
            for name in (*JOBS, "job_startup"):
                if getattr(self, name) is not None:
                    raise StalenessError(f"{name} is for MapReduce, not for '{self.schedule}'")
            return
        for name in JOBS:
            if getattr(self, name) is None:
                object.__setattr__(self, name, getattr(schedule, name))
        if self.clock == "simulated":
            startup = self.job_startup or simulated.MEASURED
            simulated.Startup.parse(startup)
            object.__setattr__(self, "job_startup", startup)
        elif self.job_startup is not None:
            raise StalenessError("job_startup is for the simulated clock, not the wall clock")
        if self.delay_mean is not None:
            raise StalenessError(f"schedule '{self.schedule}' knows no artificial delays")

    def parts(self):
        """Return the `Task` and the `Update`, with their hyper-parameters."""
        task, update = TASKS[self.task], UPDATES[self.update]
        of_the_task = task.hyper_parameters()
        given = self.hyper_parameters
        return (
            task.configure({k: v for k, v in given.items() if k in of_the_task}),
            update.configure({k: v for k, v in given.items() if k not in of_the_task}),
        )

    def cost_model(self):
        """Return the `CostModel`: of the simulated clock, and of pauses counted in mini-batches."""
        kind = COST_MODELS[self.cost]
        return kind(self.calibration) if self.calibration else kind()


@dataclass(frozen=True)
class Result:
    """What a run leaves.

    Attributes
    ----------
    curve : dict of str to ndarray
        Columns time_s, updates, examples, epoch and one a metric; a row an evaluation, the first
        before any update.
    trace : ndarray
        See `staleness.algorithms.clocks.TRACE`.
    theta : ndarray
        The final parameters.
    seconds : float
        Time of the last update on the run's own clock, evaluation excluded.
    work : int
        Tokens (or cells) in those updates.
    cost_model : dict
        In words ("description"), "seconds" of one processor and, on the simulated clock,
        "seconds_shared" of this schedule; None in the first two where it says nothing
        (`without_effect`).
    cpu_seconds, real_seconds : float
        What the training took of this machine, evaluation excluded.
    stopped : str or None
        Why the last updates left `theta` as it was, if they did.
    engine : dict or None
        Of MapReduce; see `Engine.describe`.
    """

    configuration: Configuration
    curve: dict
    trace: np.ndarray
    theta: np.ndarray
    seconds: float
    work: int
    cost_model: dict
    cpu_seconds: float
    real_seconds: float
    stopped: str | None
    engine: dict | None = None

    def summary(self):
        """Return the run's figures, a dict that JSON can hold."""
        task = TASKS[self.configuration.task]
        unit = task.work_unit
        final = {name: float(values[-1]) for name, values in self.curve.items()}
        summary = {
            "configuration": asdict(self.configuration),
            "cost_model": self.cost_model,
            "seconds": self.seconds,
            f"{unit}_per_second": self.work / self.seconds if self.seconds > 0 else None,
            unit: self.work,
            "cpu_seconds": self.cpu_seconds,
            "real_seconds": self.real_seconds,
            "updates": int(final["updates"]),
            "parameters": int(self.theta.size),
            "stopped": self.stopped,
            "metrics": {name: final[name] for name in task.metrics if name in final},
            "mean_staleness": float(self.trace["staleness"].mean()) if len(self.trace) else 0.0,
            "theta_sha256": hashlib.sha256(np.ascontiguousarray(self.theta)).hexdigest(),
            "curve_sha256": digest(self.curve),
        }
        if self.engine is not None:
            summary["engine"] = self.engine
        likelihoods = self.curve.get("log_likelihood")
        iterations = np.arange(summary["updates"] + 1)
        batch = ALL_SCHEDULES[self.configuration.schedule].batch
        # Element k after k iterations, the first before any: only where each was evaluated.
        if batch and likelihoods is not None and np.array_equal(self.curve["updates"], iterations):
            summary["log_likelihood_by_iteration"] = likelihoods.tolist()
        return summary


class Interrupted(KeyboardInterrupt):
    """Ctrl-C in a run; the message says how far it had come."""


def check_task(task, corpus):
    """Raise an error if a corpus is for another task."""
    found = corpus.about.get("task")
    if found != task:
        where = corpus.folder or corpus.about["corpus"]
        raise StalenessError(f"{where}: a corpus for {found}: give one for {task}")


def run(configuration, corpus, progress=None, judge=True):
    """Run a configuration on an encoded corpus.

    Parameters
    ----------
    configuration : Configuration
    corpus : EncodedCorpus
    progress : callable, optional
        Called now and then with the examples done, those to be done in all and the latest metrics,
        none where there are none before the end.
    judge : bool, optional
        Whether curve points have metrics; without, where only times are wanted.

    Returns
    -------
    Result

    Raises
    ------
    StalenessError
        If the configuration does not fit the corpus or the machine, or training diverged.
    Interrupted
        On Ctrl-C, with all threads ended.
    """
    check_task(configuration.task, corpus)
    if configuration.schedule in JOB_SCHEDULES:
        return run_jobs(configuration, corpus, progress)
    task, update = configuration.parts()
    schedule = SCHEDULES[configuration.schedule]
    simulated = configuration.clock == "simulated"
    learner = update.learner(
        task.training(corpus, configuration.seed),
        slots=configuration.processors,
        workspaces=1 if simulated else configuration.processors,
        replicas=configuration.processors if schedule.replicas else 0,
    )
    if schedule.updates_overlap():
        learner.let_updates_overlap()
    seconds, cost_model = simulated_costs(configuration, learner.work)
    clock = make_clock(configuration, learner, seconds)
    total = configuration.epochs * len(learner.work)
    points = []
    cpu_seconds = real_seconds = 0.0

    def record():
        metrics = task.evaluate(learner, corpus) if judge else {}
        if not np.isfinite(list(metrics.values())).all():
            raise Diverged(f"theta is not finite after {learner.updates} updates")
        epoch = learner.examples / len(learner.work)
        points.append((clock.time, learner.updates, learner.examples, epoch, metrics))
        return metrics

    try:
        metrics = record()
        event = None
        while event is not Event.DONE:
            cpu_before, real_before = time.process_time(), time.perf_counter()
            event = clock.advance()
            cpu_seconds += time.process_time() - cpu_before
            real_seconds += time.perf_counter() - real_before
            if event is Event.EVALUATE:
                metrics = record()
            if progress:
                progress(learner.examples, total, metrics)
    except KeyboardInterrupt:
        raise Interrupted(
            f"after {learner.updates} updates, epoch {learner.examples / len(learner.work):.2f} "
            f"of {configuration.epochs}"
        ) from None
    finally:
        # A clock that stops with an error still leaves nothing running.
        with closing(learner):
            clock.stop()
    return Result(
        configuration=configuration,
        curve=curve_of(points),
        trace=clock.trace,
        theta=learner.theta,
        seconds=clock.time,
        cost_model=cost_model,
        work=int(clock.trace["work"].sum()),
        cpu_seconds=cpu_seconds,
        real_seconds=real_seconds,
        stopped=learner.stopped,
    )


def curve_of(points):
    """Return the curve of `Result`.

    Parameters
    ----------
    points : list of tuple
        Seconds, updates, examples, epoch, and a dict of metrics.
    """
    rows = [(*facts, *metrics.values()) for *facts, metrics in points]
    metrics = points[-1][-1]
    names = ("time_s", "updates", "examples", "epoch", *metrics)
    types = (np.float64, np.int64, np.int64, *[np.float64] * (len(metrics) + 1))
    columns = zip(names, types, zip(*rows, strict=True), strict=True)
    return {name: np.array(values, dtype=kind) for name, kind, values in columns}


def run_jobs(configuration, corpus, progress):
    """Run a MapReduce schedule; see `run`."""
    # Imports that no other run needs.
    from staleness.algorithms.mapreduce.driver import Driver, learn  # noqa: PLC0415

    task, update = configuration.parts()
    try:
        master = update.master()
    except ValueError as error:
        raise StalenessError(f"update '{update.name}': {error}") from error
    engine, cost_model = make_engine(configuration, task, update, corpus)
    with closing(engine):
        driver = Driver(
            engine,
            task,
            master,
            corpus,
            seed=configuration.seed,
            epochs=configuration.epochs,
            mini_batch_size=configuration.mini_batch_size,
            **{name: getattr(configuration, name) for name in JOBS},
        )
        # The first is the last to find anything that is not there yet.
        empty = driver.empty_jobs(1 + EMPTY_JOBS)[1:]
        due = evaluations(configuration, driver.total)
        try:
            found = learn(driver, due, progress)
        except KeyboardInterrupt:
            raise Interrupted(
                f"after {driver.updates} updates, epoch {driver.examples / driver.total:.2f} "
                f"of {configuration.epochs}"
            ) from None
    cpu_seconds, real_seconds = driver.spent
    return Result(
        configuration=configuration,
        curve=curve_of([(*facts, facts[-1] / driver.total, metrics) for *facts, metrics in found]),
        trace=driver.trace,
        theta=driver.parameters,
        seconds=float(driver.trace["end"].max()),
        work=int(driver.trace["work"].sum()),
        cost_model=cost_model,
        cpu_seconds=cpu_seconds,
        real_seconds=real_seconds,
        stopped=driver.master.stopped,
        engine={**driver.about, "empty_job_seconds": empty},
    )


def make_engine(configuration, task, update, corpus):
    """Return the engine of a MapReduce configuration, and what `Result` says of its costs."""
    workers = configuration.processors
    if configuration.clock == "simulated":
        training = task.training(corpus, configuration.seed)
        with closing(update.learner(training, slots=1, workspaces=1)) as learner:
            work = np.array(learner.work)
        costs, cost_model = simulated_costs(configuration, work)
        batch = next(u for u in UPDATES.values() if u.batch and configuration.task in u.tasks)
        whole = configuration.cost_model().costs(configuration.task, batch.name, work)
        engine = simulated.Simulated(workers, configuration.job_startup, costs, whole)
        return engine, cost_model
    # Half a second of imports that no other run needs.
    from staleness.algorithms.mapreduce.dask import LOCAL, Dask  # noqa: PLC0415

    cores = len(allowed_cpus())
    if configuration.engine == LOCAL and workers > cores and not configuration.oversubscribe:
        raise StalenessError(
            f"{workers} workers for {cores} cores: take fewer, or allow it with --oversubscribe"
        )
    return Dask(configuration.engine, workers), {"description": None, "seconds": None}


def evaluations(configuration, examples):
    """Return after how many examples curve points are due, ascending, a list."""
    intervals = configuration.epochs * configuration.evaluations or 1
    return [configuration.epochs * examples * k // intervals for k in range(1, intervals + 1)]


def simulated_costs(configuration, work):
    """Return the `Costs` of the simulated clock, None on the wall, and what `Result` says of them.

    Parameters
    ----------
    configuration : Configuration
    work : ndarray of int32 [examples]
    """
    if "cost" in without_effect(
        configuration.schedule, configuration.clock, configuration.delay_mean
    ):
        return None, {"description": None, "seconds": None}
    model = configuration.cost_model()
    # By the costs of one processor, figures know that runs are of one calibration.
    alone = model.costs(configuration.task, configuration.update, work)
    said = {"description": model.describe(), "seconds": alone._asdict()}
    if configuration.clock != "simulated":
        return None, said
    # The schedule counts where its processors share `theta`.
    shared = ALL_SCHEDULES[configuration.schedule].shares_theta()
    seconds = model.costs(
        configuration.task,
        configuration.update,
        work,
        configuration.schedule if shared else None,
        configuration.processors,
    )
    return seconds, {**said, "seconds_shared": seconds._asdict()}


def make_clock(configuration, learner, seconds):
    """Return the clock of a configuration, ready to `advance`; `seconds` as simulated, or None."""
    examples = len(learner.work)
    size = configuration.mini_batch_size or examples
    if configuration.clock == "simulated":
        extra = {"costs": seconds}
    else:
        extra = {"oversubscribe": configuration.oversubscribe}
    if configuration.delay_mean is not None:
        mean_mini_batch = None
        if delays.counts_mini_batches(configuration.delay_mean):
            # Also on the wall clock a mean mini-batch is as long as the model says of one
            # processor: pauses must depend neither on what the machine was doing nor on the
            # schedule.
            alone = configuration.cost_model().costs(
                configuration.task, configuration.update, learner.work
            )
            mean_mini_batch = alone.of_mini_batch(size, size * float(learner.work.mean()))
        mean = delays.Mean.parse(configuration.delay_mean)
        extra["delays"] = delays.draw(
            configuration.seed,
            configuration.processors,
            turns=-(-configuration.epochs * examples // size),
            mean=mean.seconds(mean_mini_batch),
            probability=configuration.delay_probability,
        )
    return CLOCKS[configuration.clock](
        learner,
        SCHEDULES[configuration.schedule].instructions(configuration.average_every),
        configuration.processors,
        size,
        visiting_order(configuration.seed, examples, configuration.epochs),
        evaluations(configuration, examples),
        **extra,
    )
