"""A run of MapReduce jobs: a driver, and an engine that is a cluster or simulates one."""

from contextlib import closing

from staleness.algorithms.configuration import UPDATES
from staleness.algorithms.cpus import allowed_cpus
from staleness.algorithms.curve import curve_of, evaluations
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import simulated
from staleness.algorithms.result import Interrupted, Result

EMPTY_JOBS = 5  # that are measured before a run


def run(configuration, corpus, progress=None):
    """Run a `JobSchedule`; see `staleness.algorithms.run.run`."""
    # Imports that no other run needs.
    from staleness.algorithms.mapreduce.driver import MODELS, Driver, learn  # noqa: PLC0415

    if configuration.task not in MODELS:
        raise StalenessError(
            f"MapReduce has models for {', '.join(MODELS)}, not for {configuration.task}: take "
            "another schedule"
        )
    task, update, schedule = configuration.parts()
    try:
        rule = update.rule()
    except ValueError as error:
        raise StalenessError(f"update '{update.name}': {error}") from error
    examples = task.examples(corpus)
    jobs = configuration.epochs * -(-examples // (configuration.mini_batch_size or examples))
    weights = configuration.weights(jobs, schedule.jobs_in_flight)
    engine, cost_model = make_engine(configuration, task, corpus)
    with closing(engine):
        driver = Driver(
            engine,
            task,
            rule,
            corpus,
            seed=configuration.seed,
            epochs=configuration.epochs,
            mini_batch_size=configuration.mini_batch_size,
            mappers=schedule.mappers,
            reducers=schedule.reducers,
            jobs_in_flight=schedule.jobs_in_flight,
            weights=weights,
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
        stopped=driver.rule.stopped,
        engine={**driver.about, "empty_job_seconds": empty},
    )


def make_engine(configuration, task, corpus):
    """Return the engine of a MapReduce configuration, and what `Result` says of its costs."""
    workers = configuration.processors
    if configuration.clock == "simulated":
        work = task.work(corpus)
        costs, cost_model = configuration.costs(work)
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
