"""How well a learner does, from labels alone; and metrics that are added to those of a task."""

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True)
class Metric:
    """What a metric is.

    Attributes
    ----------
    label : str
        What texts and axes call it, such as "F1".
    description : str
        What it is, as in "AER is the ...".
    kind : str
        "share", from 0 to 1, where more is better; "error", from 0 to 1, where less is; or
        "log-likelihood", in nats, where more is.
    """

    label: str
    description: str
    kind: str = "share"

    @property
    def better(self):
        """Which way it should go, "higher" or "lower"."""
        return "lower" if self.kind == "error" else "higher"

    @property
    def worst(self):
        """The value of what has learned nothing; None if that is not known beforehand."""
        return {"share": 0.0, "error": 1.0}.get(self.kind)

    @property
    def unit(self):
        """What it is counted in; None for a number from 0 to 1."""
        return "nats" if self.kind == "log-likelihood" else None


class TaskMetric(ABC):
    """A metric that is a file of its own, shown behind those that its tasks have.

    It is no part of what a curve is known by: whoever has one more finds the same digests.

    Attributes
    ----------
    name : str
        What it is called in curves.
    tasks : tuple of str
        Whose tallies it is made of.
    about : Metric
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]
    about: ClassVar[Metric]

    @abstractmethod
    def of(self, tally):
        """Return its value, a float; None where the corpus has no gold for it.

        Parameters
        ----------
        tally : dict
            What the task's `tally` returned, summed over the parts of a corpus.
        """
