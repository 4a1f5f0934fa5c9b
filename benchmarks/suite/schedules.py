"""Every schedule on both clocks: runs, parallel efficiency, and what the clocks cost."""

import os
from statistics import median
from time import process_time

import numpy as np

from staleness.algorithms.clocks import Event
from staleness.algorithms.configuration import CLOCKS, SCHEDULES, TASKS, UPDATES, Configuration
from staleness.algorithms.run import run
from staleness.algorithms.shared_memory import make_clock
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.nothing import Nothing
from staleness.kernels.rules.perceptron import StructuredPerceptron

from . import data
from .sampling import AllCores, OneThread

CORES = len(os.sched_getaffinity(0))
ROUNDS = 3
PARALLEL = tuple(name for name, kind in SCHEDULES.items() if kind.most_processors > 1)


def configuration(task, schedule, processors=CORES, clock="wall", epochs=1, **more):
    """Return a `Configuration` of a schedule, with the first update rule that it goes with."""
    kind = SCHEDULES[schedule]
    rules = [TASKS[task].update, *UPDATES]
    if kind.batch:
        rules = [name for name in rules if UPDATES[name].batch]
    return Configuration(
        task=task,
        update=next(name for name in rules if UPDATES[name].skip(task, kind) is None),
        schedule=schedule,
        processors=int(min(processors, kind.most_processors)),
        clock=clock,
        epochs=epochs,
        evaluations=1,
        **more,
    )


class WallClock(AllCores):
    """Runs on all cores, from making the learner to its last update; m = 4 or all, one epoch."""

    params = (tuple(TASKS), tuple(SCHEDULES))
    param_names = ("task", "schedule")

    def setup(self, task, schedule):
        self.corpus = data.corpus(task)
        self.configuration = configuration(task, schedule)

    def time_run(self, task, schedule):
        run(self.configuration, self.corpus, judge=False)

    def peakmem_run(self, task, schedule):
        run(self.configuration, self.corpus, judge=False)

    def track_speed(self, task, schedule):
        """Return tokens or cells a second of the clock's own time, the median."""
        results = [run(self.configuration, self.corpus, judge=False) for _ in range(ROUNDS)]
        return median(result.work / result.seconds for result in results)

    track_speed.unit = "tokens or cells/s"


class Efficiency(AllCores):
    """What share of the cores' time a schedule makes use of; `single` is the whole of one."""

    params = (tuple(TASKS), PARALLEL)
    param_names = ("task", "schedule")

    def setup(self, task, schedule):
        self.corpus = data.corpus(task)
        single = "single-batch" if SCHEDULES[schedule].batch else "single"
        self.single, self.parallel = (configuration(task, name) for name in (single, schedule))

    def track_efficiency(self, task, schedule):
        """Return speed over cores times the single processor's, the median of neighbours."""
        pairs = [
            [run(chosen, self.corpus, judge=False) for chosen in (self.single, self.parallel)]
            for _ in range(ROUNDS)
        ]
        return median(
            single.seconds / parallel.seconds / self.parallel.processors
            for single, parallel in pairs
        )

    track_efficiency.unit = "share"


class SimulatedClock(OneThread):
    """Asynchronous learning on the simulated clock, beside one processor on the wall clock."""

    params = (tuple(TASKS), (4, 64))
    param_names = ("task", "processors")

    def setup(self, task, processors):
        self.corpus = data.corpus(task)
        # With 64 processors, steps that are 63 updates late must be short.
        more = {"hyper_parameters": {"step_size": 0.01}} if task == "ner" else {}
        self.simulated = configuration(task, "asynchronous", processors, "simulated", **more)
        self.single = configuration(task, "single", **more)

    def time_run(self, task, processors):
        run(self.simulated, self.corpus, judge=False)

    def track_cost(self, task, processors):
        """Return CPU time over that of the single processor, the median of neighbours."""
        pairs = [
            [run(chosen, self.corpus, judge=False) for chosen in (self.single, self.simulated)]
            for _ in range(ROUNDS)
        ]
        return median(simulated.cpu_seconds / single.cpu_seconds for single, simulated in pairs)

    track_cost.unit = "times the CPU time of single"


class Overhead(OneThread):
    """What the clocks cost by themselves: a learner that does nothing, m = 4."""

    params = (tuple(CLOCKS), tuple(SCHEDULES))
    param_names = ("clock", "schedule")

    def setup(self, clock, schedule):
        kind = SCHEDULES[schedule]
        if kind.batch:
            raise NotImplementedError("one mini-batch is the whole corpus")
        self.configuration = configuration("ner", schedule, clock=clock, epochs=100)
        processors = self.configuration.processors
        work = np.full(data.EXAMPLES, 14)
        replicas = processors if kind.replicas else 0
        self.learner = Learner(
            Nothing(work),
            StructuredPerceptron(),
            slots=processors,
            workspaces=processors,
            replicas=replicas,
        )
        self.costs, _ = self.configuration.costs(work)

    def seconds(self):
        """Return the processor time that a mini-batch takes."""
        clock = make_clock(self.configuration, self.learner, self.costs)
        start = process_time()
        while clock.advance() is not Event.DONE:
            pass
        seconds = process_time() - start
        clock.stop()
        return seconds / len(clock.trace)

    def track_overhead(self, clock, schedule):
        """Return nanoseconds a mini-batch, the median."""
        return median(1e9 * self.seconds() for _ in range(ROUNDS))

    track_overhead.unit = "ns"
