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


class Task(Configurable):
    """A task; subclasses are frozen dataclasses whose fields are the model's hyper-parameters.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    title : str
        What texts call it.
    update : str
        The name of the update rule used unless another is asked for.
    work_unit : str
        What the work of an example is counted in.
    statistics : tuple of str
        What its models find, so that rules may be made of it: "gradient", of a negative
        log-likelihood; "gradient and likelihood", where the model has `objective`, too; "mistakes",
        of decoding; "expected counts"; "kept expected counts", where the model has `exchange`, too.
    metrics : dict of str to Metric
        By their names, the one that figures show first.
    layout : dict
        How the arrays of a split hang together: offsets, one for each example and one more, to
        a dict of what they are offsets into. None is an array of values; another dict is of
        offsets again.
    """

    kind = "task"
    title: ClassVar[str]
    update: ClassVar[str]
    work_unit: ClassVar[str]
    statistics: ClassVar[tuple[str, ...]]
    metrics: ClassVar[dict[str, Metric]]
    layout: ClassVar[dict]

    @abstractmethod
    def examples(self, corpus):
        """Return the number of examples in the training set of an `EncodedCorpus`."""

    @abstractmethod
    def work(self, corpus):
        """Return the units of work of each training example, ndarray of int32: a learner's."""

    @abstractmethod
    def training(self, corpus, seed):
        """Return what an update rule needs to make a learner.

        It has a method `model(statistics)`, which returns the `Model` of one of `statistics`.

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

    def evaluate(self, learner, corpus):
        """Return the metrics of a learner on a corpus, a dict of str to float.

        Those of `metrics` and in their order, but without those that the corpus has no gold for.
        """
        return self.score(self.tally(learner, corpus))

    @abstractmethod
    def tally(self, learner, corpus):
        """Return what metrics are made of, a dict of str to numbers or arrays.

        Those of a corpus are the sums of those of its parts.
        """

    @abstractmethod
    def score(self, tally):
        """Return the metrics that a tally makes; see `evaluate`."""
