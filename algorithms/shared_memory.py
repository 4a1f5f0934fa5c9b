"""A run of processors that share memory: a learner, a clock, and points of the curve."""

import time
from contextlib import closing

import numpy as np

from staleness.algorithms import delays
from staleness.algorithms.clocks import Event, SimulatedClock, WallClock
from staleness.algorithms.curve import curve_of, evaluations
from staleness.algorithms.errors import Diverged
from staleness.algorithms.result import Interrupted, Result
from staleness.algorithms.seeds import visiting_order


def run(configuration, corpus, progress=None, judge=True):
    """Run a `Schedule`; see `staleness.algorithms.run.run`."""
    task, update, schedule = configuration.parts()
    simulated = configuration.clock == "simulated"
    learner = update.learner(
        task.training(corpus, configuration.seed),
        slots=configuration.processors,
        workspaces=1 if simulated else configuration.processors,
        replicas=configuration.processors if schedule.replicas else 0,
    )
    if schedule.updates_overlap():
        learner.let_updates_overlap()
    seconds, cost_model = configuration.costs(learner.work)
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


def make_clock(configuration, learner, seconds, **extra):
    """Return the clock of a configuration, ready to `advance`; `seconds` as simulated, or None."""
    examples = len(learner.work)
    size = configuration.mini_batch_size or examples
    if configuration.clock == "simulated":
        clock = SimulatedClock
        extra["costs"] = seconds
    else:
        clock = WallClock
        extra["oversubscribe"] = configuration.oversubscribe
    if configuration.delay_mean is not None:
        extra["delays"] = pauses(configuration, learner.work, size)
    mini_batches = -(-configuration.epochs * examples // size)
    extra["weights"] = configuration.weights(mini_batches, configuration.processors)
    return clock(
        learner,
        configuration.parts()[-1].program,
        configuration.processors,
        size,
        visiting_order(configuration.seed, examples, configuration.epochs),
        evaluations(configuration, examples),
        **extra,
    )


def pauses(configuration, work, size):
    """Return the delays of a configuration, for mini-batches of a size; see `Clock`."""
    mean, mean_mini_batch = delays.Mean.parse(configuration.delay_mean), None
    if delays.counts_mini_batches(configuration.delay_mean):
        # Also on the wall clock a mean mini-batch is as long as the model says of one processor:
        # pauses must depend neither on what the machine was doing nor on the schedule.
        alone = configuration.cost_model().costs(configuration.task, configuration.update, work)
        mean_mini_batch = alone.of_mini_batch(size, size * float(work.mean()))
    return delays.draw(
        configuration.seed,
        configuration.processors,
        turns=-(-configuration.epochs * len(work) // size),
        mean=mean.seconds(mean_mini_batch),
        probability=configuration.delay_probability,
    )
