"""Update rules: a dataclass of hyper-parameters each, found by its class. One file a rule."""

from abc import abstractmethod
from typing import ClassVar

from staleness.algorithms.components import Configurable
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.schedules import JobSchedule


class Tasks:
    """The tasks that have the statistics of a rule: their names, a tuple."""

    def __get__(self, _, update):
        # Which are found when all that they may need has been imported.
        from staleness.algorithms.configuration import TASKS

        return tuple(name for name, task in TASKS.items() if update.statistics in task.statistics)


class Update(Configurable):
    """An update rule; subclasses are frozen dataclasses whose fields are its hyper-parameters.

    Attributes
    ----------
    name : str
        What it is called on the command line and in figures.
    tasks : tuple of str
        The tasks that it makes sense for: all that have its statistics.
    statistics : str
        What it is made of; see `Task`.
    batch : bool
        Whether its mini-batch must be the whole corpus.
    sums : bool
        Whether the sums of a mini-batch are all that it needs of it, as MapReduce has them.
    replicas : bool
        Whether it makes sense for copies of `theta` that are averaged.
    """

    kind = "update"
    tasks = Tasks()
    statistics: ClassVar[str]
    batch: ClassVar[bool] = False
    sums: ClassVar[bool] = False
    replicas: ClassVar[bool] = True

    @classmethod
    def skip(cls, task, schedule=None):
        """Return why the rule makes no sense for a task under a schedule, or None.

        Parameters
        ----------
        task : str
        schedule : type, optional
            A `Schedule`; without it, the task alone counts.
        """
        if task not in cls.tasks:
            return f"update '{cls.name}' is for {', '.join(cls.tasks)}, not {task}"
        if schedule is not None and cls.batch and not schedule.batch:
            return (
                f"update '{cls.name}' needs the whole corpus: take schedule 'single-batch' or "
                f"'parallel-batch', not '{schedule.name}'"
            )
        of_jobs = schedule is not None and issubclass(schedule, JobSchedule)
        if of_jobs and not cls.sums:
            return f"update '{cls.name}' needs more than the sums that '{schedule.name}' has"
        if schedule is not None and schedule.replicas and not cls.replicas:
            return f"update '{cls.name}' cannot average copies of theta, as '{schedule.name}' does"
        return None

    @abstractmethod
    def rule(self):
        """Return the `staleness.kernels.core.rule.Rule` with these hyper-parameters.

        Raises
        ------
        ValueError
            If one is out of range.
        """

    def learner(self, training, **sizes):
        """Return the learner that learns by this rule.

        Parameters
        ----------
        training : object
            What the task's `training` returned.
        **sizes : int
            slots, workspaces and replicas; see `staleness.kernels.core.learner.Learner`.

        Returns
        -------
        Learner

        Raises
        ------
        StalenessError
            If a hyper-parameter is out of range.
        """
        from staleness.kernels.core.learner import Learner

        try:
            return Learner(training.model(self.statistics), self.rule(), **sizes)
        except ValueError as error:
            raise StalenessError(f"update '{self.name}': {error}") from error
