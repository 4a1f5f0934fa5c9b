"""Tasks: what is learned from a corpus and how it is judged. One file each."""

from abc import ABC, abstractmethod
from typing import ClassVar


class Task(ABC):
    """A task.

    Attributes
    ----------
    name : str
        What it is called on the command line.
    update : str
        The name of the update rule used unless another is asked for.
    work_unit : str
        What the work of an example is counted in.
    metrics : dict of str to str
        The metrics' names and what they are, the one that figures show first.
    """

    name: ClassVar[str]
    update: ClassVar[str]
    work_unit: ClassVar[str]
    metrics: ClassVar[dict[str, str]]

    @abstractmethod
    def training(self, corpus):
        """Return what an update rule needs of an `EncodedCorpus` to make a learner."""

    @abstractmethod
    def evaluate(self, learner, corpus):
        """Return the metrics of a learner on a corpus, a dict of str to float."""
