"""Tasks: what is learned from a corpus and how it is judged. One file each."""

from abc import abstractmethod
from typing import ClassVar

from staleness.algorithms.components import Configurable
from staleness.algorithms.errors import StalenessError
from staleness.algorithms.metrics import Metric


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
    model : str
        What texts call what is learned.
    convex : bool or None
        Whether all maxima of what is maximised are one; None if that is not known.
    example_by_example : bool
        Whether its models add statistics example by example, in parts if asked: then a mini-batch
        gives the same bits whoever computes which part of it. Otherwise they differ in rounding.
    random_start : bool
        Whether what is learned begins from random numbers of the seed.
    judged_by : tuple of str
        The metrics by which two learners count as equally good.
    statistics : tuple of str
        What its models find, so that rules may be made of it: "gradient", of a negative
        log-likelihood; "gradient and likelihood", where the model has `objective`, too; "mistakes",
        of decoding; "expected counts"; "kept expected counts", where the model has `exchange`, too.
    metrics : dict of str to Metric
        By their names, the one that figures show first; those that are `added` last.
    added : tuple of TaskMetric
        What is a file of its own.
    layout : dict
        How the arrays of a split hang together: offsets, one for each example and one more, to
        a dict of what they are offsets into. None is an array of values; another dict is of
        offsets again.
    """

    kind = "task"
    title: ClassVar[str]
    update: ClassVar[str]
    work_unit: ClassVar[str]
    model: ClassVar[str]
    convex: ClassVar[bool | None] = None
    example_by_example: ClassVar[bool] = False
    random_start: ClassVar[bool] = False
    judged_by: ClassVar[tuple[str, ...]] = ()
    statistics: ClassVar[tuple[str, ...]]
    metrics: ClassVar[dict[str, Metric]]
    added: ClassVar[tuple] = ()
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
        return self.judge(self.tally(learner, corpus))

    def judge(self, tally):
        """Return the metrics that a tally makes, those that are added, too; see `evaluate`."""
        added = {metric.name: metric.of(tally) for metric in self.added}
        return self.score(tally) | {k: value for k, value in added.items() if value is not None}

    @classmethod
    def add(cls, metric):
        """Have a metric behind those that there are.

        Parameters
        ----------
        metric : TaskMetric

        Raises
        ------
        StalenessError
            If there is one of its name.
        """
        if metric.name in cls.metrics:
            raise StalenessError(
                f"task '{cls.name}' has a metric '{metric.name}' already: give that of "
                f"{type(metric).__module__} another name"
            )
        cls.metrics = {**cls.metrics, metric.name: metric.about}
        cls.added = (*cls.added, metric)

    @abstractmethod
    def tally(self, learner, corpus):
        """Return what metrics are made of, a dict of str to numbers or arrays.

        Those of a corpus are the sums of those of its parts.
        """

    @abstractmethod
    def score(self, tally):
        """Return the task's own metrics that a tally makes; see `evaluate`."""
