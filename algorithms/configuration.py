"""What a run depends on: the components that are found, and a choice among them."""

from dataclasses import asdict, dataclass, field, replace
from numbers import Integral

import numpy as np

from staleness.algorithms import costs, delays, metrics, policies, schedules, tasks, updates
from staleness.algorithms.components import MOST, check_number, choose, discover
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.mapreduce import simulated

TASKS = discover(tasks, tasks.Task)
METRICS = discover(metrics, metrics.TaskMetric)
for _metric in METRICS.values():
    for _task in _metric.tasks:
        choose("task", _task, TASKS).add(_metric())
UPDATES = discover(updates, updates.Update)
ALL_SCHEDULES = discover(schedules, schedules.AnySchedule)
SCHEDULES, JOB_SCHEDULES = (
    {name: found for name, found in ALL_SCHEDULES.items() if issubclass(found, kind)}
    for kind in (schedules.Schedule, schedules.JobSchedule)
)
COST_MODELS = discover(costs, costs.CostModel)
POLICIES = discover(policies, policies.Policy)
NO_POLICY = "none"
MOST_PROCESSORS = 2**14  # as the simulated clock looks at each of them at every event
LEAST = {  # of numbers
    **dict.fromkeys(("processors", "mini_batch_size", "epochs"), 1),
    **dict.fromkeys(("evaluations", "seed"), 0),
}
CLOCKS = {
    "simulated": "virtual processors, as many as asked for, and modelled time",
    "wall": "threads on the cores of this machine, and real time",
}


def varies(settings):
    """Return whether runs of other seeds differ by more than the rounding of sums.

    Batch learning visits every example whatever the order; where nothing else is drawn, one run
    says all. Time on the wall clock always varies.

    Parameters
    ----------
    settings : mapping of str to object
        The fields of a `Configuration`; what is not of this suite counts as random.
    """
    task, schedule = TASKS.get(settings.get("task")), ALL_SCHEDULES.get(settings.get("schedule"))
    if task is None or schedule is None or settings.get("clock") == "wall":
        return True
    return not schedule.batch or task.random_start or settings.get("delay_mean") is not None


@dataclass(frozen=True)
class Configuration:
    """Everything that a run depends on, but the corpus' contents and the build.

    What says nothing on a clock or under a schedule is None there, whatever was given: so do
    configurations that are equal make equal runs.

    Attributes
    ----------
    task, update, schedule, clock : str
        Names of components.
    hyper_parameters : dict
        Of the task's model and of the update rule; defaults take the place of those not given.
    schedule_parameters : dict
        Of the schedule, in the same way.
    policy : str or None
        The name of a policy, how steps depend on staleness; None where there is none, or nothing
        that could be stale.
    policy_parameters : dict or None
        Of the policy, in the same way.
    processors, epochs, seed : int
    mini_batch_size : int or None
        None where a mini-batch is the whole corpus.
    evaluations : int
        Curve points an epoch, of which late ones that lie close together are left out
        (`curve.evaluations`); 0: only before the first and after the last update.
    cost : str or None
        The name of a cost model: of the simulated clock, and of pauses counted in mini-batches.
    calibration : str or None
        The file of cost model `measured`, of no other; None is the reference.
    delay_mean : str or None
        Mean of the pauses before updates: "5s", or "8x" for 8 mean mini-batches.
    delay_probability : float
        That there is a pause before an update.
    oversubscribe : bool
        Allow more threads or local workers than cores on the wall clock.
    engine : str or None
        Of MapReduce on the wall clock: "local" for as many worker processes as `processors`, or the
        address of a Dask scheduler.
    job_startup : str or None
        Of MapReduce on the simulated clock: "measured", the default, or seconds as in "20s".
    """

    task: str
    schedule: str
    update: str | None = None
    hyper_parameters: dict = field(default_factory=dict)
    schedule_parameters: dict = field(default_factory=dict)
    policy: str | None = NO_POLICY
    policy_parameters: dict | None = None
    processors: int = 1
    mini_batch_size: int | None = 4
    epochs: int = 10
    evaluations: int = 4
    seed: int = 0
    clock: str = "simulated"
    cost: str | None = "measured"
    calibration: str | None = None
    delay_mean: str | None = None
    delay_probability: float = delays.PROBABILITY
    oversubscribe: bool = False
    engine: str | None = "local"
    job_startup: str | None = None

    def __post_init__(self):
        task = choose("task", self.task, TASKS)
        schedule = choose("schedule", self.schedule, ALL_SCHEDULES)
        if self.update is None:
            self._set(update=task.update)
        update = choose("update", self.update, UPDATES)
        choose("clock", self.clock, CLOCKS)
        if schedule.batch:
            self._set(mini_batch_size=None)
        elif self.mini_batch_size is None:
            raise StalenessError(f"schedule '{self.schedule}' needs a mini_batch_size")
        for name, least in LEAST.items():
            if (value := getattr(self, name)) is not None:
                if not isinstance(value, Integral) or isinstance(value, bool):
                    raise StalenessError(f"{name} is {value!r}, expected a whole number")
                check_number(name, value, least, MOST_PROCESSORS if name == "processors" else MOST)
        self._check_delays()
        self._check_cost()
        self._check_jobs(issubclass(schedule, schedules.JobSchedule))
        self._check_policy(schedule)
        for reason in (schedule.skip(self.processors), update.skip(self.task, schedule)):
            if reason:
                raise StalenessError(reason)
        *learned, scheduled = map(asdict, self.parts())
        self._set(hyper_parameters=learned[0] | learned[1], schedule_parameters=scheduled)

    def _set(self, **values):
        for name, value in values.items():
            object.__setattr__(self, name, value)

    def _check_delays(self):
        """Refuse pauses that make no sense."""
        if self.delay_mean is not None:
            delays.Mean.parse(self.delay_mean)
        if not 0 <= self.delay_probability <= 1:
            raise StalenessError(
                f"delay_probability must lie between 0 and 1, not {self.delay_probability}"
            )

    def _check_cost(self):
        """Refuse a cost model that makes no sense; where nothing asks for costs there is none."""
        cost = choose("cost model", self.cost or "measured", COST_MODELS)
        if self.calibration is not None and not cost.calibrated:
            raise StalenessError(f"a calibration is for cost 'measured', not for '{self.cost}'")
        asked = self.clock == "simulated" or delays.counts_mini_batches(self.delay_mean)
        self._set(
            cost=cost.name if asked else None, calibration=self.calibration if asked else None
        )

    def _check_policy(self, schedule):
        """Refuse a policy that makes no sense; where nothing is stale there is none."""
        kind = choose("policy", self.policy or NO_POLICY, POLICIES)
        policy = kind.configure(self.policy_parameters or {})
        if kind.name == NO_POLICY or not schedule.configure(self.schedule_parameters).stale():
            self._set(policy=None, policy_parameters=None)
        else:
            self._set(policy_parameters=asdict(policy))

    def _check_jobs(self, of_jobs):
        """Refuse settings of MapReduce and of its two clusters where they make no sense."""
        wall = self.clock == "wall"
        self._set(
            engine=(self.engine or "local") if of_jobs and wall else None,
            oversubscribe=wall and self.oversubscribe,
        )
        if self.job_startup is not None and not of_jobs:
            raise StalenessError(f"job_startup is for MapReduce, not for '{self.schedule}'")
        if self.job_startup is not None and wall:
            raise StalenessError("job_startup is for the simulated clock, not the wall clock")
        if of_jobs and self.delay_mean is not None:
            raise StalenessError(f"schedule '{self.schedule}' knows no artificial delays")
        if of_jobs and not wall:
            startup = self.job_startup or simulated.MEASURED
            simulated.Startup.parse(startup)
            self._set(job_startup=startup)

    def parts(self):
        """Return the `Task`, the `Update` and the schedule, with their parameters."""
        task, update = TASKS[self.task], UPDATES[self.update]
        of_the_task = task.hyper_parameters()
        given = self.hyper_parameters
        return (
            task.configure({k: v for k, v in given.items() if k in of_the_task}),
            update.configure({k: v for k, v in given.items() if k not in of_the_task}),
            ALL_SCHEDULES[self.schedule].configure(self.schedule_parameters),
        )

    def learned_as(self):
        """Return the `Configuration` that makes the same updates, bit for bit, at other times.

        None if there is none but this one, or time is real.
        """
        other = ALL_SCHEDULES[self.schedule].updates_of
        if not (other and self.clock == "simulated" and TASKS[self.task].example_by_example):
            return None
        return replace(
            self,
            schedule=other,
            schedule_parameters={},
            processors=1,
            delay_mean=None,
            delay_probability=delays.PROBABILITY,
        )

    def weights(self, most, processors):
        """Return what steps are multiplied with by staleness 0 to `most`, float64; None: by 1.

        Parameters
        ----------
        most : int
            The number of mini-batches: none is staler.
        processors : int
            That learn at once.
        """
        if self.policy is None:
            return None
        policy = POLICIES[self.policy].configure(self.policy_parameters)
        weights = policy.weights(np.arange(most + 1), processors)
        if not (weights.shape == (most + 1,) and ((weights >= 0) & (weights <= 1)).all()):
            raise StalenessError(f"policy '{self.policy}' has weights that are not from 0 to 1")
        return weights

    def cost_model(self):
        """Return the `CostModel`: of the simulated clock, and of pauses counted in mini-batches."""
        kind = COST_MODELS[self.cost]
        return kind(self.calibration) if self.calibration else kind()

    def costs(self, work):
        """Return the simulated clock's `Costs`, None on the wall, and what `Result` says of them.

        Parameters
        ----------
        work : ndarray of int32 [examples]
        """
        if self.cost is None:
            return None, {"description": None, "seconds": None}
        model = self.cost_model()
        # By the costs of one processor, figures know that runs are of one calibration.
        alone = model.costs(self.task, self.update, work)
        said = {"description": model.describe(), "seconds": alone._asdict()}
        if self.clock != "simulated":
            return None, said
        # The schedule counts where its processors share `theta`.
        shared = ALL_SCHEDULES[self.schedule].shares_theta()
        seconds = model.costs(
            self.task,
            self.update,
            work,
            self.schedule if shared else None,
            self.processors,
        )
        return seconds, {**said, "seconds_shared": seconds._asdict()}
