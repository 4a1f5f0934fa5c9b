"""Tasks: what is learned from a corpus and how it is judged. One file each."""

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

from staleness.algorithms.components import Configurable


@dataclass(frozen=True)
class Metric:
    """What a metric is.

    Attributes
    ----------
    description : str
        For people.
    kind : str
        "share", from 0 to 1, where more is better; "error", from 0 to 1, where less is; or
        "log-likelihood", in nats, where more is.
    """

    description: str
    kind: str = "share"


class Task(Configurable):
    """A task; subclasses are frozen dataclasses whose fields are the model's hyper-parameters.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    update : str
        The name of the update rule used unless another is asked for.
    work_unit : str
        What the work of an example is counted in.
    metrics : dict of str to Metric
        By their names, the one that figures show first.
    """

    kind = "task"
    update: ClassVar[str]
    work_unit: ClassVar[str]
    metrics: ClassVar[dict[str, Metric]]

    @abstractmethod
    def training(self, corpus, seed):
        """Return what an update rule needs to make a learner.

        Parameters
        ----------
        corpus : EncodedCorpus
        seed : int
            Of the run, for a model that begins from random numbers.

        Raises
        ------
        StalenessError
            If a hyper-parameter is out of range.
        """

    @abstractmethod
    def evaluate(self, learner, corpus):
        """Return the metrics of a learner on a corpus, a dict of str to float.

        Those of `metrics` and in their order, but without those that the corpus has no gold for.
        """
