"""Update rules: a dataclass of hyper-parameters each, found by its class. One file a rule."""

import dataclasses
from abc import ABC, abstractmethod
from typing import ClassVar

from staleness.algorithms.errors import StalenessError


class Update(ABC):
    """An update rule; subclasses are frozen dataclasses whose fields are its hyper-parameters.

    Attributes
    ----------
    name : str
        What it is called on the command line and in figures.
    tasks : tuple of str
        The tasks that it makes sense for.
    """

    name: ClassVar[str]
    tasks: ClassVar[tuple[str, ...]]

    @classmethod
    def skip(cls, task):
        """Return why the rule makes no sense for a task, or None."""
        if task not in cls.tasks:
            return f"update '{cls.name}' is for {', '.join(cls.tasks)}, not {task}"
        return None

    @classmethod
    def configure(cls, values):
        """Return the rule with some hyper-parameters set.

        Parameters
        ----------
        values : dict of str to float
            By the names of the fields.

        Raises
        ------
        StalenessError
            If the rule has no such hyper-parameter.
        """
        known = [field.name for field in dataclasses.fields(cls)]
        for name in values:
            if name not in known:
                raise StalenessError(
                    f"update '{cls.name}' has no hyper-parameter '{name}': "
                    f"it has {', '.join(known)}"
                )
            if not isinstance(values[name], int | float):
                raise StalenessError(f"hyper-parameter '{name}' is a number, not {values[name]!r}")
        return cls(**values)

    @abstractmethod
    def learner(self, training, slots, workspaces, replicas=0):
        """Return the kernel that learns by this rule.

        Parameters
        ----------
        training : object
            What the task's `training` returned.
        slots, workspaces, replicas : int
            See `staleness.kernels.learner.Learner`.

        Returns
        -------
        Learner

        Raises
        ------
        StalenessError
            If a hyper-parameter is out of range.
        """
