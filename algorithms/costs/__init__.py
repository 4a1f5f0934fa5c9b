"""Cost models of the simulated clock: how long `compute` and an update take. One file each."""

from abc import ABC, abstractmethod
from typing import ClassVar, NamedTuple


class Costs(NamedTuple):
    """Seconds, linear in what a mini-batch holds.

    `compute` takes compute_fixed + compute_example * examples + compute_work * work, an update
    update_fixed + update_work * work, with the work in tokens (or cells, by task), and of an update
    only what it touches: SGD leaves out tokens that it knows well already. Averaging
    replicas of `theta` takes average_replica for each. A barrier lets its processors go `barrier`
    after the last has come.
    """

    compute_fixed: float = 0.0
    compute_example: float = 0.0
    compute_work: float = 0.0
    update_fixed: float = 0.0
    update_work: float = 0.0
    average_replica: float = 0.0
    barrier: float = 0.0

    def of_mini_batch(self, examples, work):
        """Return the seconds of a mini-batch and an update that touches all of it, on one core."""
        compute = self.compute_fixed + self.compute_example * examples + self.compute_work * work
        return compute + self.update_fixed + self.update_work * work


class CostModel(ABC):
    """A cost model.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    calibrated : bool
        Whether it is made with the path of a calibration file.
    """

    name: ClassVar[str]
    calibrated: ClassVar[bool] = False

    @abstractmethod
    def costs(self, task, update, work, schedule=None, processors=1):
        """Return the costs of one task.

        Parameters
        ----------
        task, update : str
            Their names.
        work : ndarray of int32 [examples]
            Units of work of each training example.
        schedule : str, optional
            The name of the one whose processors share `theta`; None if nobody shares it.
        processors : int
            How many do.

        Returns
        -------
        Costs

        Raises
        ------
        StalenessError
            If the model knows nothing of the task.
        """

    @abstractmethod
    def describe(self):
        """Return a phrase for captions."""
