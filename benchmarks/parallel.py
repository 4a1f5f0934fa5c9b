"""Schedules on all cores beside one core, on the wall clock, and what the clock itself costs.

    python -m benchmarks.parallel [--task ner] [--update sgd] [--mini-batch 4] [--rounds 7]

The schedules take turns, so that ratios are of neighbours. A corpus that is not there is fetched
and encoded. What the clock costs is the time of the same mini-batches with a learner that does
nothing. Reading the time and writing the trace are part of it: traces slow a run down by less than
that, but for the two cache lines of each row, which are written once and not read again.
"""

import argparse
import sys
from pathlib import Path
from statistics import median

from benchmarks.peers import spread
from staleness.algorithms.arrays import load
from staleness.algorithms.clocks import Event
from staleness.algorithms.configuration import SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.run import run
from staleness.algorithms.shared_memory import make_clock
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.nothing import Nothing
from staleness.kernels.rules.perceptron import StructuredPerceptron
from staleness.workflow.corpora.encode import ensure
from staleness.workflow.corpora.encoders import encoder
from staleness.workflow.machine.facts import machine


def main(arguments=None):
    """Measure, and print a table."""
    options = parse(arguments)
    chosen = {} if options.examples is None else {"examples": options.examples}
    name = options.corpus or encoder(options.task).corpus
    corpus = load(ensure(name, data=options.data, options=chosen).folder)
    configurations = by_schedule(options, machine()["cores"])
    base, *_ = configurations
    work = TASKS[options.task]().work(corpus)
    found = {schedule: [] for schedule in configurations}
    alone = []
    for _ in range(options.rounds):
        for schedule, configuration in configurations.items():
            found[schedule].append(run(configuration, corpus))
        alone.append(seconds_alone(configurations[base], work))
    update, size = configurations[base].update, configurations[base].mini_batch_size
    print(
        f"{name}, {update}, m = {size or 'all'}, "
        f"{options.epochs} epochs, {options.rounds} rounds, medians (least to most)"
    )
    for schedule, results in found.items():
        print(describe(schedule, results, found[base]))
    nanoseconds = [1e9 * seconds for seconds in alone]
    shares = [
        100 * seconds * len(result.trace) / result.seconds
        for seconds, result in zip(alone, found[base], strict=True)
    ]
    print(
        f"{base}, the clock with its trace: {spread(nanoseconds, '.0f')} ns a mini-batch, "
        f"{spread(shares, '.2f')} % of its time"
    )


def parse(arguments):
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--task", choices=TASKS, default="ner")
    parser.add_argument("--update", choices=UPDATES, help="default: the task's")
    parser.add_argument("--corpus", help="default: the task's")
    parser.add_argument("--examples", type=int, help="of the corpus, the first so many")
    parser.add_argument("--mini-batch", type=int, default=4)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--data", type=Path, default=Path("results"))
    return parser.parse_args(arguments)


def by_schedule(options, cores):
    """Return the `Configuration` of every schedule that the update rule goes with.

    The single processor comes first, the others with as many as there are cores.

    Raises
    ------
    StalenessError
        If the update rule does not go with the task.
    """
    update = UPDATES[options.update or TASKS[options.task].update]
    reason = update.skip(options.task)
    if reason:
        raise StalenessError(reason)
    kinds = [
        kind
        for kind in SCHEDULES.values()
        if kind.batch == update.batch and update.skip(options.task, kind) is None
    ]
    return {
        kind.name: Configuration(
            task=options.task,
            update=update.name,
            schedule=kind.name,
            processors=int(min(cores, kind.most_processors)),
            clock="wall",
            mini_batch_size=options.mini_batch,
            epochs=options.epochs,
            evaluations=0,
        )
        for kind in sorted(kinds, key=lambda kind: kind.most_processors > 1)
    }


def describe(schedule, results, singles):
    """Return one line on the runs of a schedule, beside those of the single processor."""
    task = TASKS[results[0].configuration.task]
    metric, about = next(iter(task.metrics.items()))
    speed = median(result.work / result.seconds for result in results)
    ratios = [
        single.seconds / result.seconds for single, result in zip(singles, results, strict=True)
    ]
    form = ",.0f" if about.unit else ".4f"
    return (
        f"{schedule:14} {speed:14,.0f} {task.work_unit}/s, "
        f"{spread(ratios, '.2f')} times {singles[0].configuration.schedule}, "
        f"{about.label} {results[0].curve[metric][-1]:{form}}, "
        f"mean staleness {results[0].summary()['mean_staleness']:.1f}"
    )


def seconds_alone(configuration, work):
    """Return what a mini-batch takes the clock itself: with a learner that does nothing.

    Parameters
    ----------
    configuration : Configuration
        On the wall clock.
    work : ndarray of int [examples]
        See `staleness.kernels.models.nothing.Nothing`.
    """
    processors = configuration.processors
    learner = Learner(
        Nothing(work), StructuredPerceptron(), slots=processors, workspaces=processors
    )
    clock = make_clock(configuration, learner, None)
    while clock.advance() is not Event.DONE:
        pass
    clock.stop()
    return clock.time / len(clock.trace)


if __name__ == "__main__":
    try:
        main()
    except StalenessError as error:
        sys.exit(f"error: {error}")
