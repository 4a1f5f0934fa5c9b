"""Runs that make the updates of another run at other times.

A synchronous processor computes its part of the mini-batch that a single one would compute, and the
sums are the same bits. So what is learned need not be learned again: the schedule is timed on the
simulated clock, with a learner that learns nothing, and the curve is the other's at new times.
`Configuration.learned_as` says which run that is, if there is one.
"""

import time
from dataclasses import dataclass

import numpy as np

from staleness.algorithms.clocks import Event
from staleness.algorithms.curve import curve_of
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.result import Result
from staleness.algorithms.shared_memory import make_clock
from staleness.kernels.core.learner import Learner
from staleness.kernels.models.nothing import Nothing
from staleness.kernels.rules.perceptron import StructuredPerceptron


@dataclass(frozen=True)
class Learned:
    """What is taken from the other run.

    Attributes
    ----------
    curve : dict of str to ndarray
        See `Result`.
    touched : ndarray of int64 [mini-batches]
        Units of work that each update touched: `update_work` of its trace.
    parameters : int
    theta_sha256 : str
    stopped : str or None
        As in its summary.
    """

    curve: dict
    touched: np.ndarray
    parameters: int
    theta_sha256: str
    stopped: str | None

    def metrics(self, point, updates, examples):
        """Return the metrics of a curve point, by its number, after so many updates and examples.

        Raises
        ------
        StalenessError
            If the other run has no such point.
        """
        due = [self.curve[name] for name in ("updates", "examples")]
        if point >= len(due[0]) or [column[point] for column in due] != [updates, examples]:
            raise StalenessError(
                f"the run that is timed has no curve point after {updates} updates"
            )
        return {name: values[point] for name, values in list(self.curve.items())[4:]}


@dataclass(frozen=True)
class Retimed(Result):
    """A `Result` whose theta stayed with the run that learned it.

    Attributes
    ----------
    learned : Learned
    """

    learned: Learned | None = None

    def of_theta(self):
        """Return what `summary` says of theta."""
        return {
            "parameters": self.learned.parameters,
            "theta_sha256": self.learned.theta_sha256,
        }


def run(configuration, corpus, learned):
    """Return the `Result` of a configuration, from that of the run whose updates it makes.

    Parameters
    ----------
    configuration : Configuration
        With a `learned_as`.
    corpus : EncodedCorpus
    learned : Learned

    Raises
    ------
    StalenessError
        If the other run is not of these updates.
    """
    task, update, _ = configuration.parts()
    work, rule = task.work(corpus), update.rule()
    nothing = Nothing(work, divisible=rule.divisible)
    rule.close()
    learner = Learner(nothing, StructuredPerceptron(), slots=configuration.processors)
    seconds, cost_model = configuration.costs(work)
    clock = make_clock(configuration, learner, seconds, touched=learned.touched)
    points = []

    def record():
        metrics = learned.metrics(len(points), learner.updates, learner.examples)
        epoch = learner.examples / len(work)
        points.append((clock.time, learner.updates, learner.examples, epoch, metrics))

    before = time.process_time(), time.perf_counter()
    record()
    while (event := clock.advance()) is not Event.DONE:
        if event is Event.EVALUATE:
            record()
    return Retimed(
        configuration=configuration,
        curve=curve_of(points),
        trace=clock.trace,
        theta=None,
        seconds=clock.time,
        cost_model=cost_model,
        work=int(clock.trace["work"].sum()),
        cpu_seconds=time.process_time() - before[0],
        real_seconds=time.perf_counter() - before[1],
        stopped=learned.stopped,
        learned=learned,
    )
